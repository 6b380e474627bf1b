import assert from "node:assert/strict";
import { readStored } from "../../../../engine/safetensors.ts";
import { compose } from "../../../../methods/adaptation/compose.ts";
import { findFolder } from "../../../../models/mod.ts";
import { cellsOf } from "../../../../runs/launch/cells.ts";
import { runCell } from "../../../../runs/training/run-cell.ts";
import { wordHead } from "../../../../runs/training/words/word-head.ts";
import { inFolder } from "../../../in-folder.ts";
import { variant } from "../../../methods/variants.ts";
import { assertPredicts, tinyWordModel, wordStudy } from "./tiny-words.ts";

const folder = await tinyWordModel("gpt2");
const options = { virtualTokens: 3, start: "template", learningRate: 0.1 };
const [cell] = await cellsOf(wordStudy("gpt2", folder, [{ "prompt-tuning": options }]));

Deno.test("a run that answers by words trains its prompt and no classifier, learns, and predicts from its adapter's folder", () =>
  inFolder({}, async (out) => {
    const result = await runCell(cell.spec, { ...cell, threads: 1, out, keep: false, onProgress() {} });
    const { parameters, checks, curve: { stepLoss } } = result;
    // The tiny model is 32 wide.
    assert.deepEqual(parameters, { trainable: 96, method: 96, head: 0, storedBytes: 384 });
    assert(checks.integrity.some(({ name }) => name === "frozen weights"));
    assert(stepLoss.at(-1)! < 0.7 * stepLoss[0], stepLoss.join());
    await assertPredicts(folder, out, [{ cell, result }]);
  }));

Deno.test("a prompt starts from the words of the template that its run has", async () => {
  const opened = await (await findFolder(folder)).open();
  const { backbone, classifier } = await wordHead(opened, cell.spec.head!, ["0", "1"]);
  const start = await classifier(compose([variant("prompt-tuning", options)], backbone), {}).start(0);
  const [{ length }, table] = [await opened.tokenize!(". It"), await readStored(opened.stored[opened.embeddingWeight])];
  // The template is "{text}. It is {answer}.": a token for each character.
  assert.equal(length, 4);
  const rows = (await opened.tokenize!(". I")).flatMap((id) => [...table.subarray(id * 32, (id + 1) * 32)]);
  assert.deepEqual(Object.values(start).map((values) => [...values]), [rows]);
});
