import assert from "node:assert/strict";
import { Random } from "../../../base/random.ts";
import { readSafetensors, writeSafetensors } from "../../../engine/safetensors.ts";
import type { Program, Signature } from "../../../engine/types.ts";
import { logSumExpOfRows } from "../../../models/layers/word-scores.ts";
import { requireDerivative } from "../../../runs/plugins/check/gradient.ts";
import { inFolder } from "../../in-folder.ts";
import { assertClose, compileBoth, randomFeed, runBoth } from "../../engine/compare.ts";

/** Rows that are multiplied at once, and those of a vocabulary of two and a half times as many. */
const [SLICE, ROWS] = [8192, 20000];

/** The sum over texts of what the scores of all rows are normalised by. */
const program: Program = ({ inputs: { x }, parameters: { table, bias, shift } }) => ({
  loss: logSumExpOfRows(x.add(shift), table, bias).sum(),
});
const signature: Signature = {
  weights: {},
  parameters: { table: [7, 4], bias: [7], shift: [4] },
  inputs: { x: { shape: ["batch", 4], dtype: "float32" } },
};

Deno.test("the log of the summed exponentials of scores has its value and its gradients, on both devices", async () => {
  const executables = await compileBoth(program, signature, true);
  const [recorded, plain] = await runBoth(executables, signature, 3, 1);
  assertClose(recorded.outputs, plain.outputs, 1e-5, "outputs");
  assertClose(recorded.gradients, plain.gradients, 1e-4, "gradients");
  const feed = randomFeed(signature, executables[0], 3, 1);
  const { parameters: { table, bias, shift }, inputs: { x } } = feed;
  let expected = 0;
  for (let row = 0; row < 3; row++) {
    const scores = Array.from(
      bias,
      (b, at) =>
        [0, 1, 2, 3].reduce((sum, axis) => sum + (x.data[4 * row + axis] + shift[axis]) * table[4 * at + axis], b),
    );
    expected += Math.log(scores.reduce((sum, score) => sum + Math.exp(score), 0));
  }
  assert(Math.abs(recorded.outputs.loss[0] - expected) < 1e-4, `${recorded.outputs.loss[0]} instead of ${expected}`);
  await requireDerivative(executables[0], feed);
  for (const executable of executables) await executable.release();
});

Deno.test("scores far from zero neither overflow nor vanish", async () => {
  const [executable] = await compileBoth(program, signature);
  for (const score of [-1e4, 1e4]) {
    const { loss } = await executable.run({
      parameters: { table: new Float32Array(28), bias: new Float32Array(7).fill(score), shift: new Float32Array(4) },
      inputs: { x: { data: new Float32Array(4), shape: [1, 4] } },
    });
    assert(Math.abs(loss[0] - score - Math.log(7)) < 1e-2, `${loss[0]}`);
  }
  await executable.release();
});

Deno.test("where the rows are not trained, a step holds the scores of one slice of them, and products read it where it is stored", () =>
  inFolder({}, async (folder) => {
    const path = `${folder}/weights.safetensors`;
    const random = new Random(0, "table");
    const data = Float32Array.from({ length: ROWS * 4 }, () => random.normal());
    await writeSafetensors(path, { table: { shape: [ROWS, 4], data } });
    const frozen: Signature = {
      weights: await readSafetensors(path),
      parameters: { shift: [4] },
      inputs: { x: { shape: ["batch", 4], dtype: "float32" } },
    };
    const loss: Program = ({ inputs: { x }, weights: { table }, parameters: { shift } }) => ({
      loss: logSumExpOfRows(x.add(shift), table).sum(),
    });
    const executables = await compileBoth(loss, frozen, true);
    const [recorded, plain] = await runBoth(executables, frozen, 50, 1);
    assertClose(recorded.outputs, plain.outputs, 1e-5, "outputs");
    assertClose(recorded.gradients, plain.gradients, 1e-4, "gradients");
    const feed = randomFeed(frozen, executables[0], 50, 1);
    const sums = Array.from({ length: 50 }, (_, text) => {
      const scores = Array.from({ length: ROWS }, (_, row) =>
        [0, 1, 2, 3].reduce(
          (sum, axis) =>
            sum + (feed.inputs.x.data[4 * text + axis] + feed.parameters.shift[axis]) * data[4 * row + axis],
          0,
        ));
      return Math.log(scores.reduce((sum, score) => sum + Math.exp(score), 0));
    });
    const expected = sums.reduce((sum, value) => sum + value);
    assert(
      Math.abs(recorded.outputs.loss[0] / expected - 1) < 1e-5,
      `${recorded.outputs.loss[0]} instead of ${expected}`,
    );
    const { activations } = executables[0].planMemory(50, 1);
    assert(activations > 50 * SLICE * 4 && activations < 1.1 * 50 * SLICE * 4, `${activations}`);
    for (const executable of executables) await executable.release();
  }));
