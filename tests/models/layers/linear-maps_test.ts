import assert from "node:assert/strict";
import { tf } from "../../../engine/tensor.ts";
import { type Activation, activations, layerNorm } from "../../../models/layers/linear-maps.ts";
import { difference } from "../eager.ts";

const xs = [-3, -1, -0.5, 0, 0.5, 1, 3];
/** Of torch.nn.functional 2.13: gelu, gelu with approximate="tanh", relu, silu. */
const expected: Record<Activation, number[]> = {
  gelu: [-0.00404969, -0.15865525, -0.15426877, 0, 0.34573123, 0.84134475, 2.99595031],
  gelu_new: [-0.00363739, -0.15880801, -0.15428599, 0, 0.34571401, 0.84119199, 2.99636261],
  gelu_pytorch_tanh: [-0.00363739, -0.15880801, -0.15428599, 0, 0.34571401, 0.84119199, 2.99636261],
  relu: [0, 0, 0, 0, 0.5, 1, 3],
  silu: [-0.14227762, -0.26894142, -0.18877033, 0, 0.31122967, 0.73105858, 2.85772238],
};

for (const [name, values] of Object.entries(expected)) {
  Deno.test(`${name} has the values of PyTorch`, () => {
    tf.setBackend("cpu");
    const actual = activations[name as Activation](tf.tensor1d(xs)).dataSync();
    assert(difference(actual, values) < 1e-6, String(actual));
  });
}

Deno.test("every activation is tested", () => {
  assert.deepEqual(Object.keys(expected).sort(), Object.keys(activations).sort());
});

Deno.test("layer normalisation gives rows the mean and the deviation of its weights", () => {
  tf.setBackend("cpu");
  const weights = { "n.weight": tf.fill([4], 3), "n.bias": tf.fill([4], 5) };
  const rows = layerNorm(tf.tensor2d([[1, 2, 3, 4], [-9, 0, 0, 9]]), weights, "n", 1e-12).arraySync() as number[][];
  for (const row of rows) {
    const mean = row.reduce((sum, value) => sum + value) / 4;
    const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 4;
    assert(Math.abs(mean - 5) < 1e-5 && Math.abs(variance - 9) < 1e-4);
  }
});
