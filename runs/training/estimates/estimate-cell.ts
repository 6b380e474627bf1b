/**
 * What a cell costs, before it is trained.
 * @module
 */
import { Random } from "../../../base/random.ts";
import { sizeOf } from "../../../base/shapes.ts";
import type { Executable, Quadratic, Signature } from "../../../engine/types.ts";
import type { CellEstimate, LocalPaths } from "../../study/cell.ts";
import { openBackbone, type OpenedModel } from "../../study/find-model.ts";
import type { RunSpec } from "../../study/spec.ts";
import { epochBatches } from "../batches.ts";
import { type Calibration, NOT_CALIBRATED } from "../cell-runner.ts";
import { countTexts, cutExamples } from "../examples.ts";
import { flopsOf } from "../finish.ts";
import { planStepMemory } from "../plan-memory.ts";
import { countParameters, openCell } from "../prepare.ts";
import { drawMask } from "../train.ts";
import type { TrainingTask } from "../training-task.ts";

/** Programs that a cell compiles: two that are compared before the first step, those that predict and that train. */
const PROGRAMS = 4;

/** A model with the seconds that opening it takes, opened once for all cells. */
async function openOnce(
  spec: RunSpec["model"],
  folder: string | undefined,
  { models = new Map() }: Calibration,
): Promise<OpenedModel & { seconds: number }> {
  const place = folder ?? spec.name;
  const known = models.get(place);
  if (known) return known;
  const begun = performance.now();
  const opened = await openBackbone(spec, folder);
  const measured = { ...opened, seconds: (performance.now() - begun) / 1000 };
  models.set(place, measured);
  return measured;
}

/** Counts a cell's parameters, plans its memory and, as far as the machine is calibrated, its time, without training it. */
export async function estimateCell(
  spec: RunSpec,
  paths: LocalPaths = {},
  calibration: Calibration = { ...NOT_CALIBRATED },
): Promise<CellEstimate> {
  const { threads } = calibration;
  const { seconds: toOpen, ...opened } = await openOnce(spec.model, paths.folder, calibration);
  const begun = performance.now();
  const { device, task, trainingTask } = await openCell(spec, paths, threads, undefined, () => Promise.resolve(opened));
  const { featureCache, loss, parameters, trainExamples } = trainingTask;
  const { program, signature } = featureCache?.program ?? loss;
  const read = performance.now();
  const executable = await device.compile(program, signature, {
    gradients: parameters.length > 0 && !featureCache,
    threads,
    precision: spec.precision,
  });
  const compiled = performance.now();
  const planned = planStepMemory(executable, trainExamples, spec.training);
  const work = task.kind !== "generation" ? workOf(spec, trainingTask) : null;
  if (work) await calibrate(calibration, executable, signature, work, spec, trainingTask);
  await executable.release();
  const start = toOpen + (read - begun + PROGRAMS * (compiled - read)) / 1000;
  return { parameters: countParameters(trainingTask), planned, seconds: secondsOf(work, start, calibration.rate) };
}

function secondsOf(work: Work | null, start: number, rate: number | undefined): CellEstimate["seconds"] {
  if (!work) return { value: null, reason: "the FLOPs of generating are not known before: texts end where they end" };
  if (rate === undefined) return { value: null, reason: "this machine was not calibrated" };
  return { value: start + work.flops / rate };
}

/** The FLOPs of a cell. */
interface Work {
  /** Of its training and its evaluations. */
  flops: number;
  /** Of computing some of the training examples together, as training does. */
  flopsOfCall(indices: readonly number[]): number;
}

/** The FLOPs of a cell's matrix products; null where they are no quadratic functions of the length. */
function workOf({ seed, training }: RunSpec, trainingTask: TrainingTask): Work | null {
  const { trainExamples, splits, featureCache } = trainingTask;
  const { positions } = trainExamples;
  const { batchSize, microBatchRows, epochs } = training;
  const { flops } = flopsOf(trainingTask, batchSize);
  if (!flops) return null;
  const costOf = (indices: readonly number[], [constant, linear, square]: Quadratic) => {
    const longest = Math.max(...indices.map((index) => positions[index]));
    return countTexts(trainExamples, indices) * (constant + longest * (linear + longest * square));
  };
  const sum = (parts: readonly number[][], perText: Quadratic) =>
    parts.reduce((total, part) => total + costOf(part, perText), 0);
  // Validation and test texts are about as long as those of training.
  const all = cutExamples(trainExamples, [...positions.keys()], microBatchRows);
  const reading = sum(all, featureCache ? flops.backbone : flops.inference) / positions.length;
  if (featureCache) {
    const texts = splits.train.length + splits.validation.length + splits.test.length;
    return { flops: texts * reading, flopsOfCall: (indices) => costOf(indices, flops.backbone) };
  }
  if (epochs === 0) {
    const texts = splits.validation.length + splits.test.length;
    return { flops: texts * reading, flopsOfCall: (indices) => costOf(indices, flops.inference) };
  }
  const perText = flops.training.map((coefficient) => coefficient / batchSize) as unknown as Quadratic;
  const epoch = epochBatches(positions, batchSize, new Random(seed, "order/epoch/1"))
    .flatMap((batch) => cutExamples(trainExamples, batch, microBatchRows));
  const evaluating = (epochs * splits.validation.length + splits.test.length) * reading;
  return { flops: epochs * sum(epoch, perText) + evaluating, flopsOfCall: (indices) => costOf(indices, perText) };
}

/** Measures how many FLOPs this machine computes in a second of this cell's program, while time is left for that. */
async function calibrate(
  calibration: Calibration,
  executable: Executable,
  signature: Signature,
  { flopsOfCall }: Work,
  spec: RunSpec,
  trainingTask: TrainingTask,
): Promise<void> {
  if (calibration.secondsLeft <= 0) return;
  const begun = performance.now();
  const secondsOfCall = await prepareCall(executable, signature, spec, trainingTask);
  const { trainExamples } = trainingTask;
  const batch = [...trainExamples.positions.keys()].slice(0, spec.training.batchSize);
  const [indices] = cutExamples(trainExamples, batch, spec.training.microBatchRows);
  const [alone] = [indices.slice(0, 1)];
  // The first call brings the weights into memory.
  await secondsOfCall(alone);
  let seconds = await secondsOfCall(alone);
  calibration.rate = flopsOfCall(alone) / seconds;
  if (seconds * indices.length < calibration.secondsLeft / 3) {
    await secondsOfCall(indices);
    let calls = 0;
    for (seconds = 0; seconds < calibration.secondsPerCell; calls++) seconds += await secondsOfCall(indices);
    calibration.rate = calls * flopsOfCall(indices) / seconds;
  }
  calibration.secondsLeft -= (performance.now() - begun) / 1000;
}

/** A function that computes some training examples as training does, and returns the seconds that it took. */
async function prepareCall(
  executable: Executable,
  signature: Signature,
  { seed }: RunSpec,
  { trainExamples, parameters, featureCache, start }: TrainingTask,
): Promise<(indices: readonly number[]) => Promise<number>> {
  const trains = !featureCache && parameters.length > 0;
  // What is not trained takes as long with any values.
  const zeros = Object.entries(signature.parameters).map(([name, shape]) => [name, new Float32Array(sizeOf(shape))]);
  const values = trains ? await start(seed) : Object.fromEntries(zeros);
  const gradients = Object.fromEntries(parameters.map(({ name, shape }) => [name, new Float32Array(sizeOf(shape))]));
  return async (indices) => {
    const longest = Math.max(...indices.map((index) => trainExamples.positions[index]));
    const masks = executable.masks.map(({ name, rate, shape }) =>
      [
        name,
        drawMask(new Random(seed, "calibration"), rate, shape(countTexts(trainExamples, indices), longest)),
      ] as const
    );
    const inputs = {
      ...trainExamples.collate(indices),
      ...Object.fromEntries(masks),
      ...!featureCache && trainExamples.lossInputs(indices, indices),
    };
    const begun = performance.now();
    await executable.run({ parameters: values, inputs, ...trains && { gradients } });
    return (performance.now() - begun) / 1000;
  };
}
