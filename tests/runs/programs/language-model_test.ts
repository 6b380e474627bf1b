import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { cpu } from "../../../engine/devices/cpu.ts";
import { compose } from "../../../methods/adaptation/compose.ts";
import { findFolder } from "../../../models/mod.ts";
import { asLanguageModel, labelInputs, trainableLanguageModel } from "../../../runs/programs/language-model.ts";

const open = async (arch: string) =>
  await (await findFolder(fileURLToPath(new URL(`../../golden/A/${arch}/model`, import.meta.url)))).open();

Deno.test("an encoder is no language model, nor is a decoder whose files lack the weights of its scores", async () => {
  const bert = await open("bert");
  assert.throws(() => asLanguageModel(bert), /must be a decoder/);
  const llama = await open("llama");
  assert.deepEqual(asLanguageModel(llama).weights["lm_head.weight"], [99, 32]);
  assert(!("lm_head.weight" in llama.weights), "a classifier does not train it");
  const { "lm_head.weight": _, ...stored } = llama.stored;
  assert.throws(() => asLanguageModel({ ...llama, stored }), /they lack lm_head\.weight/);
});

Deno.test("tokens without a label or of weight 0 do not change the loss, nor do padding, tokens behind the labels and a text's first one", async () => {
  const backbone = asLanguageModel(await open("gpt2"));
  const { loss } = trainableLanguageModel(backbone, compose([], backbone));
  const executable = await cpu.compile(loss.program, loss.signature, { threads: 1 });
  const lossOf = async (
    texts: number[][],
    ...tokens: [text: number, place: number, label: number, weight: number][]
  ) => {
    const labelled = tokens.map(([text, place, label, weight]) => ({ text, place, label, weight }));
    const inputs = { ...backbone.collate(texts), ...labelInputs(labelled) };
    return (await executable.run({ parameters: {}, inputs })).loss[0];
  };
  const alone = await lossOf([[5, 6, 7]], [0, 1, 6, 1]);
  assert(alone > 0.1);
  const others = [
    await lossOf([[5, 6, 7]], [0, 0, 1, 0], [0, 1, 6, 1], [0, 2, 9, 0]),
    await lossOf([[5, 6, 8]], [0, 0, 3, 7], [0, 1, 6, 1]),
    await lossOf([[5, 6], [9, 8, 7, 6]], [1, 1, 2, 0], [0, 1, 6, 1], [1, 3, 4, 0]),
    await lossOf([[9, 8, 7, 6], [5, 6]], [1, 1, 6, 0.25], [1, 1, 6, 0.75]),
  ];
  await executable.release();
  for (const other of others) assert(Math.abs(other - alone) < 1e-5, `${other} instead of ${alone}`);
});
