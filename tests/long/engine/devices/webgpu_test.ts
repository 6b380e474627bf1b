/**
 * The device webgpu: on SwiftShader if Debian's packages chromium and libvulkan1 are installed, otherwise on the
 * machine's GPU if it has one. If the variable TUNEBENCH_TEST_WEBGPU is set, every form of every method is trained
 * instead of one.
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { cpu } from "../../../../engine/devices/cpu.ts";
import { loadRuntime, type RuntimeTensor } from "../../../../engine/devices/onnx-runtime.ts";
import type { TrainableParameter } from "../../../../engine/adamw.ts";
import { tf } from "../../../../engine/tensor.ts";
import {
  type ArrayValue,
  type Device,
  type Program,
  type Signature,
  STATE_PARTS,
  type Training,
} from "../../../../engine/types.ts";
import { js } from "../../../../engine/devices/js.ts";
import { webgpu } from "../../../../engine/devices/webgpu.ts";
import { inspectDevice } from "../../../../runs/launch/inspect-device.ts";
import golden from "../../../golden/optim.json" with { type: "json" };
import { combinations, otherKinds, trainingLosses } from "../../../runs/training/tiny-training.ts";
import { variant } from "../../../methods/variants.ts";
import { type Arrays, assertClose, randomFeed, runBoth } from "../../../engine/compare.ts";
import { assertValues, flat, runs, settingsOf } from "../../../engine/pytorch-adamw.ts";

const VARIABLE = "VK_ICD_FILENAMES";
const SWIFTSHADER = "/usr/lib/chromium/vk_swiftshader_icd.json";

/** Calls `work` with a file in the variable that names Vulkan's driver; undefined leaves the variable as it is. */
async function withDriver<T>(file: string | undefined, work: () => Promise<T>): Promise<T> {
  const before = Deno.env.get(VARIABLE);
  if (file !== undefined) Deno.env.set(VARIABLE, file);
  try {
    return await work();
  } finally {
    if (before === undefined) Deno.env.delete(VARIABLE);
    else Deno.env.set(VARIABLE, before);
  }
}

const driver = Deno.env.get(VARIABLE) ?? (existsSync(SWIFTSHADER) ? SWIFTSHADER : undefined);
// Vulkan loads the driver here, and keeps it.
const report = await withDriver(driver, () => webgpu.inspect());

function test(name: string, fn: () => Promise<void>): void {
  const ignore = report.unusable !== null;
  Deno.test({ name: ignore ? `${name} (ignored: ${report.unusable})` : name, ignore, fn });
}

const threads = { threads: 1 };
const settings = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1, clip: 1 };

const signature: Signature = {
  weights: {},
  parameters: { table: [7, 6], w: [6, 3], b: [3], scale: [] },
  inputs: {
    ids: { shape: ["batch", "length"], dtype: "int32", below: 7 },
    target: { shape: ["batch", 3], dtype: "float32" },
  },
};
const parameters: TrainableParameter[] = Object.entries(signature.parameters).map(([name, shape]) => ({
  name,
  shape,
  learningRate: name === "table" ? 0.1 : 0.01,
}));

/** Rows of a table, a product, a mask, and reductions. */
const program: Program = ({ inputs, parameters: { table, w, b, scale }, dropout }) => {
  const [batch, length] = inputs.ids.shape as [number, number];
  const words = tf.gather(table, inputs.ids.flatten() as never);
  const y = dropout("words", words.mul(0.2), 0.25).matMul(w).add(b).tanh().mul(scale).reshape([batch, length, 3]);
  const logits = y.mean(1);
  return { loss: logits.squaredDifference(inputs.target).sum(), logits };
};

/** Trains with two micro-batches of different sizes a step: their outputs, and the parameters afterwards. */
async function trainSteps(device: Device, steps: number): Promise<{ outputs: Arrays[]; parameters: Arrays }> {
  const training = await device.train(program, signature, parameters, threads);
  await training.write(randomFeed(signature, training, 1, 1).parameters);
  const outputs: Arrays[] = [];
  for (let step = 0; step < steps; step++) {
    for (const [batch, length] of [[4, 5], [2, 9]]) {
      outputs.push(await training.accumulate(randomFeed(signature, training, batch, length).inputs));
    }
    await training.step(1 / (1 + step), settings);
  }
  const read = await training.read();
  const copies = Object.entries(read).map(([name, values]) => [name, values.slice()]);
  await training.release();
  return { outputs, parameters: Object.fromEntries(copies) };
}

/** Names of the tensors that ONNX Runtime takes from host memory or returns there while `work` runs. */
async function hostTensors(work: () => Promise<void>): Promise<string[]> {
  const { prototype } = loadRuntime().InferenceSession as unknown as {
    prototype: { run(...args: Record<string, RuntimeTensor>[]): Promise<Record<string, RuntimeTensor>> };
  };
  const names: string[] = [];
  const note = (tensors: Record<string, RuntimeTensor>) => {
    for (const [name, { location }] of Object.entries(tensors)) if (location === "cpu") names.push(name);
  };
  const { run } = prototype;
  prototype.run = async function (...args) {
    args.forEach(note);
    const results = await run.apply(this, args);
    note(results);
    return results;
  };
  try {
    await work();
  } finally {
    prototype.run = run;
  }
  return names;
}

test("webgpu names its hardware, and says why it does not know its memory and driver", () => {
  assert.notEqual(report.hardware.value, null);
  if (driver === SWIFTSHADER) assert.match(String(report.hardware.value), /SwiftShader/);
  for (const fact of [report.memoryBytes, report.driver]) {
    assert.deepEqual(fact, { value: null, reason: "WebGPU does not tell" });
  }
  return Promise.resolve();
});

test("where Vulkan has no driver, webgpu is unusable and says why in one sentence", async () => {
  const { unusable, hardware } = await withDriver("/nonexistent", () => inspectDevice("webgpu"));
  assert.match(unusable!, /^Vulkan finds no GPU: its driver must be installed[^\n]*$/);
  assert.equal(hardware.value, null);
});

test("training on webgpu follows cpu with repeated ids, several sizes, several step sizes, clipping and weight decay", async () => {
  const [actual, expected] = [await trainSteps(webgpu, 6), await trainSteps(cpu, 6)];
  actual.outputs.forEach((outputs, at) => assertClose(outputs, expected.outputs[at], 1e-5, `micro-batch ${at + 1}`, 1));
  assertClose(actual.parameters, expected.parameters, 1e-5, "parameters");
});

test("the same training twice on webgpu gives the same bits", async () => {
  assert.deepEqual(await trainSteps(webgpu, 3), await trainSteps(webgpu, 3));
});

for (const run of runs) {
  test(`on webgpu, each step of ${run.name} equals PyTorch's in float64 to 1e-5`, async () => {
    const shapes = { matrix: [4, 3], vector: [5] };
    const training = await webgpu.train(
      // The gradient is the input.
      ({ inputs, parameters: { matrix, vector } }) => ({
        loss: matrix.mul(inputs.matrix).sum().add(vector.mul(inputs.vector).sum()),
      }),
      {
        weights: {},
        parameters: shapes,
        inputs: {
          matrix: { shape: shapes.matrix, dtype: "float32" },
          vector: { shape: shapes.vector, dtype: "float32" },
        },
      },
      Object.entries(shapes).map(([name, shape]) => ({ name, shape, learningRate: run.options.lr })),
      threads,
    );
    const arrays = ({ matrix, vector }: Record<keyof typeof shapes, number[] | number[][]>) => ({
      matrix: Float32Array.from(flat(matrix)),
      vector: Float32Array.from(flat(vector)),
    });
    await training.write(arrays(golden.params));
    for (const [step, gradients] of golden.gradients.entries()) {
      const inputs: Record<string, ArrayValue> = {};
      for (const [name, data] of Object.entries(arrays(gradients))) {
        inputs[name] = { data, shape: shapes[name as keyof typeof shapes] };
      }
      await training.accumulate(inputs);
      await training.step(1, settingsOf(run.options, run.max_grad_norm ?? Infinity));
      assertValues(await training.read(), run.after_step[step], `step ${step + 1}`);
    }
    await training.release();
  });
}

test("parameters are read back bit for bit as they were written, and missing ones are refused as on cpu", async () => {
  const values: Arrays = {
    table: new Float32Array(42).map((_, at) => (at - 20) / 3),
    w: new Float32Array(18).fill(1e-40),
    b: Float32Array.of(-0, 3.4028234663852886e38, -1e-30),
    scale: Float32Array.of(1 / 3),
  };
  const refuse = async (training: Training) => {
    const errors: string[] = [];
    for (const wrong of [{ ...values, b: new Float32Array(2) }, { ...values, b: undefined as never }]) {
      await training.write(wrong).catch((error: Error) => errors.push(error.message));
    }
    return errors;
  };
  const [onWebgpu, onCpu] = await Promise.all(
    [webgpu, cpu].map((device) => device.train(program, signature, parameters, threads)),
  );
  await onWebgpu.write(values);
  assert.deepEqual(await refuse(onWebgpu), await refuse(onCpu));
  assert.equal((await refuse(onWebgpu)).length, 2);
  const read = await onWebgpu.read();
  for (const [name, expected] of Object.entries(values)) {
    assert.deepEqual(new Uint8Array(read[name].slice().buffer), new Uint8Array(expected.slice().buffer), name);
  }
  await onWebgpu.release();
  await onCpu.release();
});

test("a step sends only inputs, sizes and scalars to the device, and only outputs come back", async () => {
  const training = await webgpu.train(program, signature, parameters, threads);
  await training.write(randomFeed(signature, training, 1, 1).parameters);
  const { inputs } = randomFeed(signature, training, 4, 5);
  const transferred = await hostTensors(async () => {
    await training.accumulate(inputs);
    await training.accumulate(inputs);
    await training.step(1, settings);
  });
  const names = new Set(transferred.map((name) => name.replace(/^(size|rate|decay)\/.*/, "$1")));
  const numbers = ["clip", "beta1", "rest1", "beta2", "rest2", "root", "epsilon", "rate", "decay"];
  const outputs = ["output/loss", "output/logits"];
  assert.deepEqual([...names].sort(), [...Object.keys(inputs), "size", ...outputs, ...numbers].sort());
  await training.release();
});

test("training on webgpu goes on from what was read of another one, to the same bits", async () => {
  const step = async (training: Training, at: number) => {
    await training.accumulate(randomFeed(signature, training, 4, 5).inputs);
    await training.step(1 / (1 + at), settings);
  };
  const [whole, rest] = [0, 1].map(() => webgpu.train(program, signature, parameters, threads));
  await (await whole).write(randomFeed(signature, await whole, 1, 1).parameters);
  for (const at of [0, 1]) await step(await whole, at);
  await (await rest).restore(2, async (part, name) => (await (await whole).read(part))[name].slice());
  for (const training of [await whole, await rest]) await step(training, 2);
  for (const part of STATE_PARTS) assert.deepEqual(await (await rest).read(part), await (await whole).read(part));
  for (const training of [whole, rest]) await (await training).release();
});

test("outputs and gradients on webgpu agree with cpu at sizes that were not traced", async () => {
  const options = { gradients: true, threads: 1 };
  const executables = [webgpu, cpu].map((device) => device.compile(program, signature, options));
  for (const [batch, length] of [[1, 1], [5, 8]]) {
    const [actual, expected] = await runBoth(await Promise.all(executables), signature, batch, length);
    assertClose(actual.outputs, expected.outputs, 1e-5, `outputs at ${batch}×${length}`);
    assertClose(actual.gradients, expected.gradients, 1e-5, `gradients at ${batch}×${length}`);
  }
  for (const executable of executables) await (await executable).release();
});

test("a program with an operator that webgpu lacks is refused, not left to the processor", () =>
  assert.rejects(webgpu.compile(({ inputs }) => ({ y: inputs.target.sign() }), signature, threads), {
    message: "Cannot compile the program: every operation must run on webgpu, " +
      "but for one of them ONNX Runtime has no kernel there",
  }));

const byDefault = ['lora {"rank":2} + prefix-tuning {"prefixLength":2}'];

for (const parts of combinations) {
  const name = parts.map(({ title }) => title).join(" + ");
  if (!byDefault.includes(name) && !Deno.env.has("TUNEBENCH_TEST_WEBGPU")) continue;
  test(`losses of 20 steps of ${name} on webgpu agree with cpu within 1e-4`, async () => {
    const [actual, expected] = [await trainingLosses(webgpu, parts), await trainingLosses(cpu, parts)];
    assert.equal(expected.length, 20);
    expected.forEach((loss, step) => {
      const difference = Math.abs(actual[step] - loss);
      assert.ok(difference <= 1e-4 * Math.abs(loss), `loss of step ${step + 1} is ${actual[step]}, expected ${loss}`);
    });
  });
}

for (const [kind, purpose] of Object.entries(otherKinds)) {
  test(`a tiny model is trained for ${kind} on webgpu with the losses of js`, async () => {
    const parts = [variant("lora", { rank: 2 })];
    const [actual, expected] = [await trainingLosses(webgpu, parts, purpose), await trainingLosses(js, parts, purpose)];
    assert.equal(expected.length, 20);
    assert.ok(new Set(expected).size > 15, expected.join());
    assertClose({ loss: Float32Array.from(actual) }, { loss: Float32Array.from(expected) }, 1e-4, kind);
  });
}

Deno.test("the methods trained by default are among the combinations", () => {
  const names = combinations.map((parts) => parts.map(({ title }) => title).join(" + "));
  assert.deepEqual(byDefault.filter((name) => !names.includes(name)), []);
});
