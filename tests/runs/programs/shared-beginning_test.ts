import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { cpu } from "../../../engine/devices/cpu.ts";
import { compose } from "../../../methods/adaptation/compose.ts";
import { findFolder } from "../../../models/mod.ts";
import type { SignedProgram } from "../../../runs/programs/classifier.ts";
import { asLanguageModel } from "../../../runs/programs/language-model.ts";
import { behindBeginning, lengthOfBeginning, readBeginning } from "../../../runs/programs/shared-beginning.ts";
import { asWordBackbone, type LabelWords, wordClassifier } from "../../../runs/programs/word-classifier.ts";

const compile = ({ program, signature }: SignedProgram) => cpu.compile(program, signature, { threads: 1 });
const words: LabelWords = [[[7]], [[9], [11]]];

for (const arch of ["gpt2", "llama", "qwen2", "mistral"]) {
  Deno.test(`a beginning that ${arch} reads once gives the scores of the whole texts`, async () => {
    const place = fileURLToPath(new URL(`../../golden/A/${arch}/model`, import.meta.url));
    const backbone = asLanguageModel(await (await findFolder(place)).open());
    // Longer than Mistral's window.
    const beginning = Array.from({ length: 20 }, (_, at) => (at * 37 + 5) % 90);
    const texts = [[5, 6, 8, 3], [1], [40, 41]];
    const whole = texts.map((text) => [...beginning, ...text]);
    assert.equal(lengthOfBeginning(whole), 20);
    const logitsOf = async (length: number) => {
      const adaptation = length === 0 ? compose([], backbone) : behindBeginning(backbone, length);
      const classifier = wordClassifier(asWordBackbone(backbone), adaptation, words, { labels: ["no", "yes"] });
      const parameters = length === 0 ? {} : await readBeginning(backbone, beginning, compile);
      const executable = await compile(classifier.logits);
      const inputs = classifier.collate(whole.map((text) => text.slice(length)));
      const { logits } = await executable.run({ parameters, inputs });
      await executable.release();
      return logits;
    };
    const [once, apart] = [await logitsOf(20), await logitsOf(0)];
    assert.ok(once.every((value, at) => Math.abs(value - apart[at]) < 1e-4));
    assert.ok(Math.abs(once[0] - once[2]) > 1e-3);
  });
}

Deno.test("what texts have in common at their beginning leaves a token of each", () => {
  assert.equal(lengthOfBeginning([[1, 2, 3], [1, 2, 4]]), 2);
  assert.equal(lengthOfBeginning([[1, 2], [1, 2, 4]]), 1);
  assert.equal(lengthOfBeginning([[1], [2, 3]]), 0);
  assert.equal(lengthOfBeginning([[1, 2], [1, 2], []]), 0);
  assert.equal(lengthOfBeginning([[1, 2, 3]]), 2);
  assert.equal(lengthOfBeginning([]), 0);
});
