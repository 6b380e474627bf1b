/**
 * TuneBench's side of a comparison: trains on the texts of the folder in turns. The order "loss" is answered with the
 * mean loss of the first texts before training, a number of epochs with a {@linkcode OwnTurn}.
 *
 *     deno run … perf/train.ts FOLDER METHOD JOB
 * @module
 */
import process from "node:process";
import { collectGarbage } from "../engine/garbage.ts";
import { devices } from "../engine/devices/mod.ts";
import type { ArrayValue, MemoryPlan, Signature } from "../engine/types.ts";
import { microBatches } from "../runs/training/batches.ts";
import { planStepMemory } from "../runs/training/plan-memory.ts";
import { train } from "../runs/training/train.ts";
import { lookUp } from "../base/errors.ts";
import { open } from "./open.ts";
import { type Job, paths, SEED, type Texts, THREADS, trainingSpec } from "./cases.ts";
import { answer, readOrder, type Turn } from "./answer.ts";

/** Answer to a number of epochs, with what only this side knows. */
export interface OwnTurn extends Turn {
  /** Resident size now, in bytes. */
  resident: number;
  /** Resident size before anything of the method was read or compiled, libraries loaded, in bytes. */
  before: number;
  /** Planned memory of the step that needs most. */
  planned: MemoryPlan;
}

/** Texts whose loss before training is compared. */
const CHECKED = 64;

const [folder, name] = Deno.args;
const job: Job = JSON.parse(Deno.args[2]);
const spec = trainingSpec(job);
const device = lookUp("device", devices, job.device);
const compileOptions = { threads: THREADS, small: job.memory === "small", precision: job.precision };

/** Loads the libraries, so that the memory which follows is the method's. */
async function warmUp(): Promise<void> {
  const signature: Signature = { weights: {}, parameters: { x: [1] }, inputs: {} };
  const warm = await device.compile(({ parameters }) => ({ loss: parameters.x.sum() }), signature, {
    ...compileOptions,
    gradients: true,
  });
  await warm.release();
}

await warmUp();
const { backbone, trainable, start } = await open(folder, name, job.learningRate);
const { ids, labels }: Texts = JSON.parse(await Deno.readTextFile(paths.texts(folder)));
let turn = { milliseconds: [] as number[], losses: [] as number[], tokens: 0, positions: 0 };

function collate(indices: readonly number[]): Record<string, ArrayValue> {
  const inputs = backbone.collate(indices.map((index) => ids[index]));
  turn.tokens += indices.reduce((sum, index) => sum + ids[index].length, 0);
  turn.positions += inputs.ids.data.length;
  return inputs;
}
const lengths = ids.map(({ length }) => length);
const lossInputs = (indices: readonly number[], batch: readonly number[]) => ({
  labels: { data: Int32Array.from(indices, (index) => labels[index]), shape: [indices.length] },
  weights: { data: new Float32Array(indices.length).fill(1 / batch.length), shape: [indices.length] },
});
const examples = { lengths, positions: lengths, collate, lossInputs };

/** Mean loss of the first texts. */
async function meanLoss(): Promise<number> {
  const parameters = await start();
  const { program, signature } = trainable.loss;
  const executable = await device.compile(program, signature, compileOptions);
  const first = [...ids.keys()].slice(0, CHECKED);
  let loss = 0;
  for (const indices of microBatches(first, lengths, spec.microBatchRows)) {
    const inputs = { ...collate(indices), ...lossInputs(indices, first) };
    loss += (await executable.run({ parameters, inputs })).loss[0];
  }
  await executable.release();
  return loss;
}

let order = await readOrder();
if (order === "loss") {
  answer(await meanLoss());
  order = await readOrder();
}

const before = Deno.memoryUsage().rss;
const { program, signature } = trainable.loss;
const training = await device.train(program, signature, trainable.parameters, compileOptions);
await training.write(await start());
collectGarbage("major");
const planned = planStepMemory(training, examples, spec);

turn = { milliseconds: [], losses: [], tokens: 0, positions: 0 };
let left = Number(order);
let begun = performance.now();
await train({
  seed: SEED,
  spec,
  training,
  examples,
  onStep({ loss }) {
    turn.milliseconds.push(performance.now() - begun);
    turn.losses.push(loss);
    begun = performance.now();
  },
  async onEpoch() {
    if (--left > 0) return;
    const peak = process.resourceUsage().maxRSS * 1024;
    answer({ ...turn, peak, resident: Deno.memoryUsage().rss, before, planned } satisfies OwnTurn);
    turn = { milliseconds: [], losses: [], tokens: 0, positions: 0 };
    left = Number(await readOrder());
    begun = performance.now();
  },
});
Deno.exit(0);
