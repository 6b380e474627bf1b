import assert from "node:assert/strict";
import { tf } from "../../../engine/tensor.ts";
import type { Program, Signature } from "../../../engine/types.ts";
import {
  type Activation,
  activations,
  gatedLinearUnit,
  layerNorm,
  rmsNorm,
} from "../../../models/layers/linear-maps.ts";
import { requireDerivative } from "../../../runs/plugins/check/gradient.ts";
import { assertClose, compileBoth, randomFeed, runBoth } from "../../engine/compare.ts";
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

/** Layers in a row, of which each output is [batch, 4]. */
const repeated = (layer: (x: ReturnType<typeof tf.zeros>, args: Parameters<Program>[0]) => typeof x, times: number) =>
  ((args) => {
    let x = args.inputs.x.add(args.parameters.shift);
    for (let time = 0; time < times; time++) x = layer(x, args);
    return { loss: x.mul(args.inputs.y).sum() };
  }) satisfies Program;

const rows: Signature = {
  weights: {},
  parameters: { shift: [4], "n.weight": [4], "n.bias": [4] },
  inputs: { x: { shape: ["batch", 4], dtype: "float32" }, y: { shape: ["batch", 4], dtype: "float32" } },
};

for (
  const [name, layer] of Object.entries<Parameters<typeof repeated>[0]>({
    "layer normalisation": (x, { parameters }) => layerNorm(x, parameters, "n", 1e-5),
    "RMS normalisation": (x, { parameters }) => rmsNorm(x, parameters, "n", 1e-5).add(parameters["n.bias"].mul(x)),
    "GELU": (x, { parameters }) => activations.gelu(x.mul(parameters["n.weight"]).add(parameters["n.bias"])),
    "GELU by tanh": (x, { parameters }) =>
      activations.gelu_new(x.mul(parameters["n.weight"]).add(parameters["n.bias"])),
    "SwiGLU": (x, { parameters }) =>
      gatedLinearUnit("silu", x, x.mul(parameters["n.weight"]).add(parameters["n.bias"])),
  })
) {
  Deno.test(`${name} has the gradients of finite differences, and the same on both devices`, async () => {
    const executables = await compileBoth(repeated(layer, 2), rows, true);
    const [recorded, plain] = await runBoth(executables, rows, 5, 1);
    assertClose(recorded.outputs, plain.outputs, 1e-5, "outputs");
    assertClose(recorded.gradients, plain.gradients, 1e-4, "gradients");
    await requireDerivative(executables[0], randomFeed(rows, executables[0], 5, 1));
    for (const executable of executables) await executable.release();
  });
}

Deno.test("SwiGLU keeps two arrays for its gradient, where the gradient of its steps keeps four", async () => {
  const only = { ...rows, parameters: { shift: [4] } };
  /** Bytes of a row that a layer adds to what the gradient keeps. */
  const perLayer = async (layer: Parameters<typeof repeated>[0]) => {
    const planned = await Promise.all([4, 12].map(async (times) => {
      const [executable, eager] = await compileBoth(repeated(layer, times), only, true);
      const { activations } = executable.planMemory(1000, 1);
      await Promise.all([executable.release(), eager.release()]);
      return activations;
    }));
    return (planned[1] - planned[0]) / 8 / 1000;
  };
  const array = 4 * 4;
  const up = (x: ReturnType<typeof tf.zeros>) => x.mul(2);
  assert.equal(await perLayer((x) => gatedLinearUnit("silu", x, up(x))), 2 * array);
  assert.equal(await perLayer((x) => activations.silu(x).mul(up(x))), 4 * array);
});
