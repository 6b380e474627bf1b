import assert from "node:assert/strict";
import { cellsOf } from "../../../../runs/launch/cells.ts";
import { runCell } from "../../../../runs/training/run-cell.ts";
import { inFolder } from "../../../in-folder.ts";
import { tinyWordModel, wordStudy } from "./tiny-words.ts";

Deno.test("a run that answers by words trains its prompt and no classifier, and learns", () =>
  inFolder({}, async (out) => {
    const prompt = { "prompt-tuning": { virtualTokens: 3, learningRate: 0.1 } };
    const [{ spec, ...paths }] = await cellsOf(wordStudy("gpt2", await tinyWordModel("gpt2"), [prompt]));
    const { parameters, checks, curve: { stepLoss } } = await runCell(spec, {
      ...{ ...paths, threads: 1, out, keep: false },
      onProgress() {},
    });
    // The tiny model is 32 wide.
    assert.deepEqual(parameters, { trainable: 96, method: 96, head: 0, storedBytes: 384 });
    assert(checks.integrity.some(({ name }) => name === "frozen weights"));
    assert(stepLoss.at(-1)! < stepLoss[0] / 2, stepLoss.join());
  }));
