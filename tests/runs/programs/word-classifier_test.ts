import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { cpu } from "../../../engine/devices/cpu.ts";
import { compose } from "../../../methods/adaptation/compose.ts";
import { findFolder } from "../../../models/mod.ts";
import { trainableLanguageModel } from "../../../runs/programs/language-model.ts";
import { asWordBackbone, type LabelWords, wordClassifier } from "../../../runs/programs/word-classifier.ts";

const open = async (arch: string) =>
  await (await findFolder(fileURLToPath(new URL(`../../golden/A/${arch}/model`, import.meta.url)))).open();

Deno.test("the logit of a label is the score of its word as the next token", async () => {
  const backbone = asWordBackbone(await open("llama"));
  assert(backbone.languageModel);
  const words: LabelWords = [[[7]], [[9], [11]]];
  const adaptation = compose([], backbone);
  const classifier = wordClassifier(backbone, adaptation, words, { labels: ["no", "yes"] });
  const { read } = trainableLanguageModel(backbone, adaptation);
  const inputs = backbone.collate([[5, 6, 8, 3], [1, 2]]);
  const run = async ({ program, signature }: typeof read) => {
    const executable = await cpu.compile(program, signature, { threads: 1 });
    const outputs = await executable.run({ parameters: {}, inputs });
    await executable.release();
    return outputs;
  };
  const { scores: all } = await run(read);
  const { scores } = await run(classifier.wordScores);
  const { logits } = await run(classifier.answers);
  for (const text of [0, 1]) {
    const row = all.slice(text * 99, (text + 1) * 99);
    const total = Math.log(row.reduce((sum, one) => sum + Math.exp(one), 0));
    [7, 9, 11].forEach((token, at) => {
      assert(Math.abs(scores[text * 3 + at] - (row[token] - total)) < 1e-4);
    });
    assert(Math.abs(logits[text * 2] - row[7]) < 1e-4);
    assert(Math.abs(logits[text * 2 + 1] - Math.log(Math.exp(row[9]) + Math.exp(row[11]))) < 1e-4);
  }
});
