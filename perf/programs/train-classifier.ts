/**
 * TuneBench trains a classifier on the texts of the folder. The request "loss" is answered with the mean loss of the first
 * texts before training; it may only come first. Any other request is a number of epochs to train, answered with a
 * {@linkcode MeasuredTrainingRound}.
 *
 *     deno run … perf/programs/train-classifier.ts FOLDER METHOD TRAINING_OPTIONS
 * @module
 */
import { collectGarbage } from "../../engine/garbage.ts";
import { devices } from "../../engine/devices/mod.ts";
import type { ArrayValue, MemoryPlan, Signature } from "../../engine/types.ts";
import { microBatches } from "../../runs/training/batches.ts";
import { planStepMemory } from "../../runs/training/plan-memory.ts";
import { lookUp } from "../../base/errors.ts";
import { THREADS, type TrainingOptions, trainingSpec } from "../cases.ts";
import { readTexts } from "../processes/files.ts";
import { openClassifier } from "./open-classifier.ts";
import { answer, readRequest, type TrainingRound } from "./requests.ts";
import { trainInRounds } from "./train-in-rounds.ts";

/** Answer to a request to train, with what only TuneBench measures. */
export interface MeasuredTrainingRound extends TrainingRound {
  /** Resident size now, in bytes. */
  resident: number;
  /** Resident size before the method's start values were read and its program compiled, in bytes. */
  before: number;
  /** Planned memory of the step that needs most. */
  planned: MemoryPlan;
}

/** Number of texts whose loss before training is compared. */
const CHECKED = 64;

const [folder, method] = Deno.args;
const options: TrainingOptions = JSON.parse(Deno.args[2]);
const spec = trainingSpec(options);
const device = lookUp("device", devices, options.device);
const compileOptions = { threads: THREADS, small: options.memory === "small", precision: options.precision };

/** Loads the libraries by compiling a small program, so that the memory measured afterwards is the method's alone. */
async function warmUp(): Promise<void> {
  const signature: Signature = { weights: {}, parameters: { x: [1] }, inputs: {} };
  const warm = await device.compile(({ parameters }) => ({ loss: parameters.x.sum() }), signature, {
    ...compileOptions,
    gradients: true,
  });
  await warm.release();
}

await warmUp();
const { backbone, trainable, start } = await openClassifier(folder, method, options.learningRate);
const { ids, labels } = await readTexts(folder);
/** Tokens and positions of the texts of this round. */
let computed = { tokens: 0, positions: 0 };

function collate(indices: readonly number[]): Record<string, ArrayValue> {
  const inputs = backbone.collate(indices.map((index) => ids[index]));
  computed.tokens += indices.reduce((sum, index) => sum + ids[index].length, 0);
  computed.positions += inputs.ids.data.length;
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

let request = await readRequest();
if (request === "loss") {
  answer(await meanLoss());
  request = await readRequest();
}

const before = Deno.memoryUsage().rss;
const { program, signature } = trainable.loss;
const training = await device.train(program, signature, trainable.parameters, compileOptions);
await training.write(await start());
collectGarbage("major");
const planned = planStepMemory(training, examples, spec);

computed = { tokens: 0, positions: 0 };
await trainInRounds({ spec, training, examples }, request, () => {
  const measured = { ...computed, resident: Deno.memoryUsage().rss, before, planned };
  computed = { tokens: 0, positions: 0 };
  return measured;
});
Deno.exit(0);
