import assert from "node:assert/strict";
import { cpu } from "../../../engine/devices/cpu.ts";
import { hostCompile, type HostSession } from "../../../engine/devices/host-compile.ts";
import { createNativeSession } from "../../../engine/devices/native-session.ts";
import { lower } from "../../../engine/graph/lower.ts";
import { planMemory } from "../../../engine/graph/memory-plan.ts";
import { quantise, signedProbe } from "../../../engine/graph/quantise.ts";
import { Random } from "../../../base/random.ts";
import { readSafetensors, writeSafetensors } from "../../../engine/safetensors.ts";
import { orderExecution } from "../../../engine/graph/execution-order.ts";
import type { Precision, Program, Signature, StoredTensor } from "../../../engine/types.ts";
import { batchOf, tinyTrainable, trainingLosses } from "../../runs/training/tiny-training.ts";
import { variant } from "../../methods/variants.ts";
import { type Arrays, randomFeed } from "../compare.ts";
import { inFolder } from "../../in-folder.ts";

const [IN, OUT, ROWS] = [70, 30, 5];

interface Matrix {
  rows: number;
  columns: number;
  data: Float32Array;
}

function randomMatrix(rows: number, columns: number, name: string): Matrix {
  const random = new Random(1, name);
  return { rows, columns, data: new Float32Array(rows * columns).map(() => random.normal()) };
}

function transpose({ rows, columns, data }: Matrix): Matrix {
  const entries = data.map((_, at) => data[(at % rows) * columns + Math.floor(at / rows)]);
  return { rows: columns, columns: rows, data: entries };
}

/** x·w in float64, and how far each entry may be from it: half a step for each row of x and each column of w. */
function product(x: Matrix, w: Matrix) {
  const row = (i: number) => x.data.subarray(i * x.columns, (i + 1) * x.columns);
  const columns = transpose(w).data;
  const column = (j: number) => columns.subarray(j * w.rows, (j + 1) * w.rows);
  const step = (values: Float32Array) => Math.max(...values.map(Math.abs)) / 127;
  const exact: number[] = [];
  const bound: number[] = [];
  for (let i = 0; i < x.rows; i++) {
    for (let j = 0; j < w.columns; j++) {
      const [a, b] = [row(i), column(j)];
      const [s, t] = [step(a) / 2, step(b) / 2];
      let [sum, most] = [0, 0];
      a.forEach((value, k) => {
        sum += value * b[k];
        most += s * Math.abs(b[k]) + t * Math.abs(value) + s * t;
      });
      exact.push(sum);
      bound.push(most * 1.001);
    }
  }
  return { exact, bound };
}

/** Calls `work` with matrices as frozen weights in a file. */
async function withWeights<T>(
  weights: Record<string, Matrix>,
  work: (stored: Record<string, StoredTensor>) => Promise<T>,
): Promise<T> {
  return await inFolder({}, async (folder) => {
    const tensors = Object.entries(weights).map(([name, { rows, columns, data }]) =>
      [name, { shape: [rows, columns], data }] as const
    );
    await writeSafetensors(`${folder}/w.safetensors`, Object.fromEntries(tensors));
    return await work(await readSafetensors(`${folder}/w.safetensors`));
  });
}

const input = { x: { shape: ["batch", IN] as const, dtype: "float32" as const } };
const multiply: Program = ({ inputs, weights }) => ({ y: inputs.x.matMul(weights.w) });

/** x·w on the device, with w frozen. */
function multiplied(
  x: Matrix,
  w: Matrix,
  precision: Precision,
  threads = 1,
  compile = cpu.compile,
): Promise<Float32Array> {
  return withWeights({ w }, async (weights) => {
    const executable = await compile(multiply, { weights, parameters: {}, inputs: input }, { threads, precision });
    const { y } = await executable.run({
      parameters: {},
      inputs: { x: { data: x.data, shape: [x.rows, x.columns] } },
    });
    await executable.release();
    return y;
  });
}

function assertWithin(actual: Float32Array, { exact, bound }: { exact: number[]; bound: number[] }): void {
  assert.equal(actual.length, exact.length);
  exact.forEach((value, index) => {
    const difference = Math.abs(actual[index] - value);
    assert.ok(
      difference <= bound[index],
      `entry ${index} is ${actual[index]}, exactly ${value}, bound ${bound[index]}`,
    );
  });
  // Float32 would be far closer: this shows that the product was quantised.
  assert.ok(exact.some((value, index) => Math.abs(actual[index] - value) > 1e-2 * bound[index]));
}

Deno.test("a product with a frozen matrix differs from the exact one by at most half a step of each row and column", async () => {
  const [x, w] = [randomMatrix(ROWS, IN, "x"), randomMatrix(IN, OUT, "w")];
  assertWithin(await multiplied(x, w, "int8"), product(x, w));
});

Deno.test("sums of the largest numbers do not overflow", async () => {
  const full = (rows: number, columns: number, value: number): Matrix => (
    { rows, columns, data: new Float32Array(rows * columns).fill(value) }
  );
  for (const [a, b] of [[1, 1], [-1, 1], [2, -3], [-0.5, -7]]) {
    const y = await multiplied(full(ROWS, IN, a), full(IN, OUT, b), "int8");
    for (const value of y) {
      assert.ok(Math.abs(value - IN * a * b) <= 1e-5 * Math.abs(IN * a * b), `${a}·${b}: ${value}`);
    }
  }
});

Deno.test("a row's product does not depend on other rows; rows of zeros give zeros, and values that are not finite stay so", async () => {
  const [x, w] = [randomMatrix(ROWS, IN, "x"), randomMatrix(IN, OUT, "w")];
  const alone = await multiplied({ ...x, rows: 1, data: x.data.slice(0, IN) }, w, "int8");
  x.data.subarray(IN, 2 * IN).fill(0);
  x.data[2 * IN] = 1e30;
  x.data[3 * IN + 1] = NaN;
  x.data[4 * IN + 2] = Infinity;
  const y = await multiplied(x, w, "int8");
  assert.deepEqual(y.slice(0, OUT), alone);
  assert.deepEqual(y.slice(OUT, 2 * OUT), new Float32Array(OUT));
  assert.ok(y.subarray(2 * OUT, 3 * OUT).every(Number.isFinite));
  assert.ok(y.subarray(3 * OUT).every((value) => !Number.isFinite(value)));
});

Deno.test("the gradient through a frozen matrix is within the same bound, and is added to what the array holds", async () => {
  const [g, w] = [randomMatrix(ROWS, OUT, "g"), randomMatrix(IN, OUT, "w")];
  const program: Program = ({ inputs, parameters, weights }) => ({
    loss: parameters.p.matMul(weights.w).mul(inputs.g).sum(),
  });
  const gradients = await withWeights({ w }, async (weights) => {
    const signature: Signature = {
      weights,
      parameters: { p: [ROWS, IN] },
      inputs: { g: { shape: [ROWS, OUT], dtype: "float32" } },
    };
    const executable = await cpu.compile(program, signature, { threads: 1, gradients: true, precision: "int8" });
    const feed = randomFeed(signature, executable, 1, 1);
    feed.inputs.g.data = g.data;
    feed.gradients!.p.fill(1000);
    await executable.run(feed);
    await executable.release();
    return feed.gradients!.p.map((value) => value - 1000);
  });
  const expected = product(g, transpose(w));
  // The array held 1000, where neighbouring float32 numbers are 6e-5 apart.
  assertWithin(gradients, { exact: expected.exact, bound: expected.bound.map((most) => most + 1e-4) });
});

Deno.test("without a frozen matrix, int8 gives the bits of float32: products of trained matrices and biases are exact", async () => {
  const signature: Signature = { weights: {}, parameters: { w: [IN, OUT], b: [OUT] }, inputs: input };
  const program: Program = ({ inputs, parameters: { w, b } }) => ({ loss: inputs.x.matMul(w).add(b).square().sum() });
  const results = [];
  for (const precision of ["float32", "int8"] as const) {
    const executable = await cpu.compile(program, signature, { threads: 1, gradients: true, precision });
    const feed = randomFeed(signature, executable, ROWS, 1);
    results.push({ outputs: await executable.run(feed), gradients: feed.gradients });
    await executable.release();
  }
  assert.deepEqual(results[1], results[0]);
});

Deno.test("quantised products have the same bits in every session and with every number of threads", async () => {
  const [x, w] = [randomMatrix(600, IN, "x"), randomMatrix(IN, OUT, "w")];
  const first = await multiplied(x, w, "int8");
  for (const threads of [1, 2]) assert.deepEqual(await multiplied(x, w, "int8", threads), first);
});

/** The runtime of the processor, where the probe of signed products gives `entry`; with the models that it is given. */
function probed(entry: number) {
  const models: Uint8Array[] = [];
  const compile = hostCompile({
    async createSession(options) {
      const session = await createNativeSession(options);
      const isProbe = models.push(options.model) === 1;
      const run: HostSession["run"] = async (inputs, outputs) => {
        await session.run(inputs, outputs);
        if (isProbe) (outputs["output/y"].data as Float32Array)[outputs["output/y"].data.length - 1] = entry;
      };
      return { ...session, run };
    },
    onProcessor: true,
  });
  return { compile, models };
}

Deno.test("where sums of signed numbers overflow, matrices are stored without sign, and give the same bits", async () => {
  const [x, w] = [randomMatrix(ROWS, IN, "x"), randomMatrix(IN, OUT, "w")];
  const [exact, overflowing] = [signedProbe().exact, 2 * 32767].map(probed);
  await multiplied(x, w, "int8", 1, exact.compile);
  assert.deepEqual(await multiplied(x, w, "int8", 1, overflowing.compile), await multiplied(x, w, "int8"));
  assert.deepEqual(exact.models[0], overflowing.models[0]);
  assert.notDeepEqual(exact.models[1], overflowing.models[1]);
  await multiplied(x, w, "int8", 1, exact.compile);
  assert.equal(exact.models.length, 3, "the processor is asked once");
});

Deno.test("a quantised matrix is planned with a byte for each entry and a scale for each column, in both passes", () => {
  const stored = { path: "/w", offset: 0, shape: [IN, OUT] };
  const signature: Signature = { weights: { w: stored }, parameters: { p: [IN] }, inputs: input };
  const program: Program = ({ inputs, parameters, weights }) => {
    const y = inputs.x.add(parameters.p).matMul(weights.w);
    return { loss: y.sum() };
  };
  const weights = (gradients: boolean, signed: boolean) => {
    const graph = orderExecution(quantise(lower(program, signature, gradients).outputs, signed));
    return planMemory(graph, signature, { gradients, packed: false, hostSession: false }, ROWS, 1).weights;
  };
  for (const signed of [false, true]) {
    assert.equal(weights(false, signed), IN * OUT + 4 * OUT);
    assert.equal(weights(true, signed), 2 * IN * OUT + 4 * OUT + 4 * IN);
  }
});

/** Cosine of the angle between two gradients, each over all parameters. */
function cosine(a: Arrays, b: Arrays): number {
  const dot = (x: Arrays, y: Arrays) =>
    Object.keys(x).reduce((sum, name) => x[name].reduce((inner, value, at) => inner + value * y[name][at], sum), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

const methods = [
  [variant("lora", { rank: 2 })],
  [variant("prompt-tuning", { virtualTokens: 2 })],
  [variant("prefix-tuning", { prefixLength: 2 })],
];

for (const parts of methods) {
  const { title } = parts[0];

  Deno.test(`gradients of ${title} with frozen matrices in int8 have the direction of those in float32`, async () => {
    const model = await tinyTrainable(parts);
    const gradients: Arrays[] = [];
    for (const precision of ["float32", "int8"] as const) {
      const { program, signature } = model.loss;
      const executable = await cpu.compile(program, signature, { threads: 1, gradients: true, precision });
      const feed = await batchOf(model, executable);
      await executable.run(feed);
      await executable.release();
      // Without the classifier's gradients, which int8 hardly changes and which would hide the method's.
      gradients.push(Object.fromEntries(Object.entries(feed.gradients!).filter(([name]) => name.includes("/"))));
    }
    const agreement = cosine(gradients[0], gradients[1]);
    assert.ok(agreement >= 0.95 && agreement < 1 - 1e-9, `cosine ${agreement}`);
  });

  Deno.test(`losses of ${title} with frozen matrices in int8 follow those in float32`, async () => {
    const losses = await trainingLosses(cpu, parts);
    const train: typeof cpu.train = (program, signature, parameters, options) =>
      cpu.train(program, signature, parameters, { ...options, precision: "int8" });
    const quantised = await trainingLosses({ ...cpu, train }, parts);
    assert.notDeepEqual(quantised, losses);
    quantised.forEach((loss, step) => assert.ok(Math.abs(loss - losses[step]) <= 0.05 * losses[step], `step ${step}`));
  });
}
