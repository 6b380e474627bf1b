import assert from "node:assert/strict";
import { cpu } from "../../engine/devices/cpu.ts";
import { type AdamWOptions, TrainingState } from "../../engine/adamw.ts";
import golden from "../golden/optim.json" with { type: "json" };
import { assertRelative, assertValues, flat, runs, settingsOf } from "./pytorch-adamw.ts";

const settings: AdamWOptions = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1, clip: Infinity };

Deno.test("the golden values cover AdamW with and without weight decay and clipping", () =>
  assert.equal(runs.length, 5));

for (const run of runs) {
  Deno.test(`each step of ${run.name} equals PyTorch's in float64 to 1e-5`, async () => {
    const state = await TrainingState.create([
      { name: "matrix", shape: [4, 3], learningRate: run.options.lr },
      { name: "vector", shape: [5], learningRate: run.options.lr },
    ]);
    for (const [name, values] of Object.entries(golden.params)) state.parameters[name].set(flat(values));
    golden.gradients.forEach((gradients, step) => {
      for (const [name, values] of Object.entries(gradients)) state.gradients[name].set(flat(values));
      const norm = state.step(1, settingsOf(run.options, run.max_grad_norm ?? Infinity));
      if (run.norm_before_clipping) assertRelative(norm, run.norm_before_clipping[step], `norm of step ${step + 1}`);
      assertValues(state.parameters, run.after_step[step], `step ${step + 1}`);
      assert.ok(Object.values(state.gradients).every((values) => values.every((value) => value === 0)));
    });
    assert.equal(state.steps, golden.gradients.length);
  });
}

Deno.test("a regression has the losses and parameters that PyTorch gives at every step", async () => {
  const { x, y, w, b, losses, after_step, options } = golden.regression;
  const state = await TrainingState.create([
    { name: "w", shape: [3, 2], learningRate: options.lr },
    { name: "b", shape: [2], learningRate: options.lr },
  ]);
  state.parameters.w.set(w.flat());
  state.parameters.b.set(b);
  const executable = await cpu.compile(
    ({ inputs, parameters }) => ({
      loss: inputs.x.matMul(parameters.w).add(parameters.b).squaredDifference(inputs.y).sum().mul(1 / 12),
    }),
    {
      weights: {},
      parameters: { w: [3, 2], b: [2] },
      inputs: { x: { shape: ["batch", 3], dtype: "float32" }, y: { shape: ["batch", 2], dtype: "float32" } },
    },
    { gradients: true, threads: 1 },
  );
  const inputs = {
    x: { data: Float32Array.from(x.flat()), shape: [6, 3] },
    y: { data: Float32Array.from(y.flat()), shape: [6, 2] },
  };
  for (const [step, expected] of losses.entries()) {
    const { loss } = await executable.run({ parameters: state.parameters, gradients: state.gradients, inputs });
    assertRelative(loss[0], expected, `loss of step ${step + 1}`);
    state.step(1, settingsOf(options, Infinity));
    assertValues(state.parameters, after_step[step], `step ${step + 1}`);
  }
});

Deno.test("each parameter has its own step size, and the schedule's factor multiplies them all", async () => {
  const parameters = [0.01, 0.1, 0, 0.01].map((learningRate, at) => ({ name: `p${at}`, shape: [3], learningRate }));
  const state = await TrainingState.create(parameters);
  for (const { name } of parameters) {
    state.parameters[name].fill(2);
    state.gradients[name].set([0.3, -0.4, 0]);
  }
  state.step(0.5, { ...settings, weightDecay: 0 });
  // The first step of Adam is the step size in the direction of each entry's sign.
  for (const { name, learningRate } of parameters) {
    [2 - learningRate / 2, 2 + learningRate / 2, 2].forEach((expected, at) =>
      assertRelative(state.parameters[name][at], expected, `${name}[${at}]`)
    );
  }
});

Deno.test("weight decay shrinks parameters by step size × λ, and a schedule's factor of 0 changes nothing", async () => {
  const state = await TrainingState.create([{ name: "p", shape: [2], learningRate: 0.5 }]);
  state.parameters.p.set([2, -4]);
  state.step(1, settings);
  assert.deepEqual([...state.parameters.p], [2, -4].map((value) => Math.fround(value * Math.fround(0.95))));
  const before = state.parameters.p.slice();
  state.gradients.p.fill(1);
  state.step(0, settings);
  assert.deepEqual(state.parameters.p, before);
});

Deno.test("the padding between parameters stays zero", async () => {
  const shapes = { a: [1], b: [17], c: [], d: [3, 5] };
  const state = await TrainingState.create(
    Object.entries(shapes).map(([name, shape], at) => ({ name, shape, learningRate: 0.1 * (at % 2 + 1) })),
  );
  const owned = new Set<number>();
  const memory = new Float32Array(state.parameters.a.buffer);
  for (const views of [state.parameters, state.gradients]) {
    for (const values of Object.values(views)) {
      assert.equal(values.byteOffset % 64, 0);
      values.fill(1).forEach((_, at) => owned.add(values.byteOffset / 4 + at));
    }
  }
  assert.equal(owned.size, 2 * (1 + 17 + 1 + 15));
  for (let step = 0; step < 3; step++) state.step(1, settings);
  // Regions follow each other: parameters, gradients, first and second moments.
  const region = (state.gradients.a.byteOffset - state.parameters.a.byteOffset) / 4;
  const spare = Array.from({ length: 4 * region }, (_, at) => at).filter((at) => !owned.has(at % (2 * region)));
  assert.equal(spare.length, 4 * region - 2 * owned.size);
  assert.ok(spare.every((at) => memory[at] === 0));
  assert.ok([...owned].filter((at) => at < region).every((at) => memory[at] !== 1 && memory[at + 3 * region] > 0));
});

Deno.test("the gradient's norm is that of all parameters, and clipping scales all of them", async () => {
  const create = () =>
    TrainingState.create([
      { name: "a", shape: [2], learningRate: 0.1 },
      { name: "b", shape: [1], learningRate: 0.2 },
    ]);
  const [clipped, scaled] = [await create(), await create()];
  clipped.gradients.a.set([3, 0]);
  clipped.gradients.b.set([4]);
  const soft = { ...settings, epsilon: 1 };
  assert.equal(clipped.step(1, { ...soft, clip: 0.5 }), 5);
  scaled.gradients.a.set([0.3, 0]);
  scaled.gradients.b.set([0.4]);
  assertRelative(scaled.step(1, soft), 0.5, "norm");
  for (const name of ["a", "b"]) {
    clipped.parameters[name].forEach((value, at) =>
      assertRelative(value, scaled.parameters[name][at], `${name}[${at}]`)
    );
  }
});

Deno.test("a gradient as small as the 1e-6 that clipping adds to the norm is scaled as in PyTorch", async () => {
  const state = await TrainingState.create([{ name: "p", shape: [1], learningRate: 1 }]);
  state.gradients.p.set([1e-6]);
  // g = 1e-6 × 1e-6 ÷ (1e-6 + 1e-6), and the first step is g ÷ (g + ε).
  state.step(1, { ...settings, weightDecay: 0, epsilon: 1e-6, clip: 1e-6 });
  assertRelative(state.parameters.p[0], -0.5 / 1.5, "the parameter");
});

Deno.test("parameters that cannot fit into 4 GiB with their state are refused before memory is taken", async () => {
  await assert.rejects(
    TrainingState.create([{ name: "p", shape: [30_000, 10_000], learningRate: 1 }]),
    /^Error: Cannot train 300000000 parameters: .* must fit into 4 GiB, current value is 4\.5 GiB$/,
  );
});

Deno.test("a state without parameters takes steps", async () => {
  const state = await TrainingState.create([]);
  assert.equal(state.step(1, settings), 0);
});
