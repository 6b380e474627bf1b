/**
 * What the matrix products of a method's step would cost at the most that this machine does: counts them, and measures
 * the fastest product that the device computes. Any order is answered with a {@linkcode RoofTurn}.
 *
 *     deno run … perf/roof.ts FOLDER METHOD JOB
 * @module
 */
import { sizeOf } from "../base/shapes.ts";
import { evaluateShape } from "../engine/graph/dim.ts";
import { lower } from "../engine/graph/lower.ts";
import { devices } from "../engine/devices/mod.ts";
import { Random } from "../base/random.ts";
import { readSafetensors, writeSafetensors } from "../engine/safetensors.ts";
import { type Schedule, schedule } from "../engine/graph/fuse.ts";
import { type Tensor, tf } from "../engine/tensor.ts";
import { microBatches } from "../runs/training/batches.ts";
import { lookUp } from "../base/errors.ts";
import { open } from "./open.ts";
import { type Job, paths, SEED, type Texts, THREADS, trainingSpec } from "./cases.ts";
import { answer, readOrder } from "./answer.ts";

/** The roof now. */
export interface RoofTurn {
  /** Floating point operations of the matrix products of a step on the first texts, all micro-batches. */
  operations: number;
  /** Floating point operations a second of the fastest product. */
  roof: number;
}

/** Products that are timed: x [rows, width] by a matrix [width, inner] and by one [inner, width], in turn. */
const SIZES = [
  { rows: 512, width: 1536, inner: 1536 },
  { rows: 512, width: 384, inner: 1536 },
];
/** Pairs of products in one call, so that the call itself does not count. */
const PAIRS = 4;
/** Calls of each size in a turn, of which the fastest counts. */
const CALLS = 4;

const [folder, method] = Deno.args;
const job: Job = JSON.parse(Deno.args[2]);
const device = lookUp("device", devices, job.device);

/** 2·m·n·k of each product of the schedule, in a call of these sizes. */
function countOperations({ nodes }: Schedule, batch: number, length: number): number {
  const size = (shape: (typeof nodes)[number]["shape"]) => evaluateShape(shape, batch, length);
  return nodes.filter(({ op }) => op === "Gemm" || op === "MatMul").reduce(
    (sum, { inputs: [a], shape, attributes }) => {
      const inner = size(a.shape).at(attributes.transA ? -2 : -1)!;
      return sum + 2 * inner * sizeOf(size(shape));
    },
    0,
  );
}

async function countStep(): Promise<number> {
  const { trainable } = await open(folder, method);
  const recorded = schedule(lower(trainable.loss.program, trainable.loss.signature, true).outputs);
  const { ids }: Texts = JSON.parse(await Deno.readTextFile(paths.texts(folder)));
  const lengths = ids.map(({ length }) => length);
  const { batchSize, microBatchRows } = trainingSpec(job);
  return microBatches([...ids.keys()].slice(0, batchSize), lengths, microBatchRows)
    .map((part) => countOperations(recorded, part.length, Math.max(...part.map((index) => lengths[index]))))
    .reduce((a, b) => a + b);
}

/** A call that computes products of these sizes on weights, as a step does; its answer is floating point operations. */
async function products({ rows, width, inner }: (typeof SIZES)[number]): Promise<() => Promise<number>> {
  const path = `${folder}/roof-${width}.safetensors`;
  const random = new Random(SEED, path);
  const draw = (length: number, of: number) => Float32Array.from({ length }, () => random.normal() / Math.sqrt(of));
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
while (await readOrder()) {
  let roof = 0;
  for (const call of calls) {
    for (let run = 0; run < CALLS; run++) {
      const begun = performance.now();
      const done = await call();
      roof = Math.max(roof, done / ((performance.now() - begun) / 1000));
    }
  }
  answer({ operations, roof } satisfies RoofTurn);
}
