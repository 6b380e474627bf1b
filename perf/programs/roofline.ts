/**
 * The least time that a training step could take: counts the operations of its matrix products, and measures how many a
 * second the device does at most (the roof of the roofline model, Williams et al., 2009,
 * https://doi.org/10.1145/1498765.1498785). Any request is answered with a {@linkcode RooflineRound}.
 *
 *     deno run … perf/programs/roofline.ts FOLDER METHOD TRAINING_OPTIONS
 * @module
 */
import { sizeOf } from "../../base/shapes.ts";
import { allLabelled, evaluateShape } from "../../engine/graph/dim.ts";
import { lower } from "../../engine/graph/lower.ts";
import { devices } from "../../engine/devices/mod.ts";
import { Random } from "../../base/random.ts";
import { readSafetensors, writeSafetensors } from "../../engine/safetensors.ts";
import { type ExecutionOrder, orderExecution } from "../../engine/graph/execution-order.ts";
import { type Tensor, tf } from "../../engine/tensor.ts";
import { microBatches } from "../../runs/training/batches.ts";
import { lookUp } from "../../base/errors.ts";
import { openClassifier } from "./open-classifier.ts";
import { SEED, THREADS, type TrainingOptions, trainingSpec } from "../cases.ts";
import { readTexts } from "../processes/files.ts";
import { answer, readRequest } from "./requests.ts";

/** What a round measured. */
export interface RooflineRound {
  /** Floating-point operations of the matrix products of a step on the first texts, all micro-batches together. */
  operations: number;
  /** Floating-point operations a second of the fastest product. */
  operationsPerSecond: number;
}

/** Products that are timed: x [rows, width] by a matrix [width, inner], the result by one [inner, width]. */
const SIZES = [
  { rows: 512, width: 1536, inner: 1536 },
  { rows: 512, width: 384, inner: 1536 },
];
/** Pairs of products in one call: enough for the call's overhead not to count. */
const PAIRS = 4;
/** Calls of each size in a round, of which the fastest counts. */
const CALLS = 4;

const [folder, method] = Deno.args;
const options: TrainingOptions = JSON.parse(Deno.args[2]);
const device = lookUp("device", devices, options.device);

/** Operations of the graph's matrix products with batches of these sizes: 2·m·n·k each. */
function countOperations({ nodes }: ExecutionOrder, batch: number, length: number): number {
  const size = (shape: (typeof nodes)[number]["shape"]) => evaluateShape(shape, allLabelled(batch, length));
  return nodes.filter(({ op }) => op === "Gemm" || op === "MatMul").reduce(
    (sum, { inputs: [a], shape, attributes }) => {
      const inner = size(a.shape).at(attributes.transA ? -2 : -1)!;
      return sum + 2 * inner * sizeOf(size(shape));
    },
    0,
  );
}

/** Operations of the matrix products of a step on the first texts. */
async function countStep(): Promise<number> {
  const { trainable } = await openClassifier(folder, method);
  const recorded = orderExecution(lower(trainable.loss.program, trainable.loss.signature, true).outputs);
  const { ids } = await readTexts(folder);
  const lengths = ids.map(({ length }) => length);
  const { batchSize, microBatchRows } = trainingSpec(options);
  return microBatches([...ids.keys()].slice(0, batchSize), lengths, microBatchRows)
    .map((part) => countOperations(recorded, part.length, Math.max(...part.map((index) => lengths[index]))))
    .reduce((a, b) => a + b);
}

/** Compiles products of these sizes with weights, as a step has them. The returned call runs them and returns their operations. */
async function products({ rows, width, inner }: (typeof SIZES)[number]): Promise<() => Promise<number>> {
  const path = `${folder}/roof-${width}.safetensors`;
  const random = new Random(SEED, path);
  const draw = (length: number, inputs: number) =>
    Float32Array.from({ length }, () => random.normal() / Math.sqrt(inputs));
  await writeSafetensors(path, {
    up: { shape: [width, inner], data: draw(width * inner, width) },
    down: { shape: [inner, width], data: draw(width * inner, inner) },
  });
  const executable = await device.compile(
    ({ weights, inputs }) => {
      let x: Tensor = inputs.x;
      for (let pair = 0; pair < PAIRS; pair++) x = tf.matMul(tf.matMul(x, weights.up), weights.down);
      return { sum: x.sum() };
    },
    {
      weights: await readSafetensors(path),
      parameters: {},
      inputs: { x: { shape: ["batch", width], dtype: "float32" } },
    },
    { threads: THREADS },
  );
  const x = { data: draw(rows * width, 1), shape: [rows, width] };
  return async () => {
    await executable.run({ parameters: {}, inputs: { x } });
    return PAIRS * 4 * rows * width * inner;
  };
}

const operations = await countStep();
const calls = await Promise.all(SIZES.map(products));
while (await readRequest()) {
  let operationsPerSecond = 0;
  for (const call of calls) {
    for (let run = 0; run < CALLS; run++) {
      const begun = performance.now();
      const count = await call();
      operationsPerSecond = Math.max(operationsPerSecond, count / ((performance.now() - begun) / 1000));
    }
  }
  answer({ operations, operationsPerSecond } satisfies RooflineRound);
}
