/**
 * The training loop, the same for every method and every kind of task.
 * @module
 */
import { Random } from "../../base/random.ts";
import { sizeOf } from "../../base/shapes.ts";
import type { AdamWOptions } from "../../engine/adamw.ts";
import type { ArrayValue, Training } from "../../engine/types.ts";
import type { Measured, RunPart, Scores } from "../study/record.ts";
import type { TrainingSpec } from "../study/spec.ts";
import { epochBatches } from "./batches.ts";
import type { CellOptions, StepProgress } from "./cell-runner.ts";
import { Diverged, isBetter } from "./evaluate.ts";
import { cutExamples, type EncodedExamples } from "./examples.ts";
import { isTrainable, type PreparedCell } from "./prepare.ts";

/** AdamW's constants, those of the paper. */
const ADAMW = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

/** What training needs. */
export interface TrainingJob {
  /** Seed of data order and dropout. */
  seed: number;
  /** How to train. */
  spec: TrainingSpec;
  /** A program that gives `loss`, its parameters at their start values. */
  training: Training;
  /** The training examples. */
  examples: EncodedExamples;
  /** How far training has come already; left out: it begins. */
  from?: Pick<TrainingProgress, "course" | "validation">;
  /** Called after each step. */
  onStep(progress: StepProgress): void | Promise<void>;
  /** Called after each epoch, counted from 1. */
  onEpoch(epoch: number): Promise<void>;
  /** Asked before each epoch: whether training ends without it; left out: it does not. */
  isOver?(): boolean;
}

/** How training went. */
export interface TrainingCourse {
  /** Mean loss of each step's batch, before the step. */
  stepLoss: number[];
  /** Seconds spent in steps. */
  seconds: number;
  /** Computed positions that hold a token of a text; virtual tokens are not counted. */
  tokens: number;
  /** Computed positions that hold padding. */
  padding: number;
}

/** How far a cell has come, between two steps. */
export interface TrainingProgress {
  /** How training went so far. */
  course: TrainingCourse;
  /** Scores on the validation examples after each epoch that has ended. */
  validation: Scores[];
  /** The best of these epochs, counted from 1, the mean loss of the validation examples and the trained tensors after it, by name. */
  best?: { epoch: number; loss: Measured; parameters: Record<string, Float32Array> };
  /** The parts before this one, where the cell was interrupted. */
  parts: RunPart[];
}

/** What a cell's training leaves. */
export interface TrainedCell extends Pick<TrainingProgress, "course" | "validation" | "parts"> {
  /** The epoch with the best validation score, counted from 1; of equal scores, the first. 0: nothing was trained. */
  bestEpoch: number;
  /** Scores on the validation examples after that epoch. */
  scores: Scores;
  /** Mean loss of the validation examples after that epoch. */
  loss: Measured;
  /** The trained tensors after that epoch, by name. */
  parameters: Record<string, Float32Array>;
}

/** What a trial leaves whose training diverged. */
export interface DivergedTrial extends Pick<TrainedCell, "course" | "validation" | "parts"> {
  /** Why, in one sentence. */
  diverged: string;
}

/** Before the first step. */
function newProgress(): TrainingProgress {
  return { course: { stepLoss: [], seconds: 0, tokens: 0, padding: 0 }, validation: [], parts: [] };
}

/**
 * Trains a cell, scores every epoch on the validation examples and keeps the parameters of the best. It ends when that score
 * has stood still as long as the patience of the spec. Frees the training program. Where nothing is trained, the cell is scored as it is.
 * @param progress how far it has come already; brought up to date
 * @param onPause called after each step and after each evaluation; what it throws ends training
 * @throws {Diverged} if the loss or a logit stops being a finite number
 */
export async function trainCell(
  prepared: PreparedCell,
  onProgress: CellOptions["onProgress"],
  progress: TrainingProgress = newProgress(),
  onPause: (progress: TrainingProgress) => Promise<void> = () => Promise.resolve(),
): Promise<TrainedCell> {
  if (!isTrainable(prepared)) {
    const { scores, loss } = await prepared.seconds.measure(
      "evaluate",
      () => prepared.evaluator.evaluate("validation", {}),
    );
    return { ...newProgress(), bestEpoch: 0, scores, loss, parameters: {} };
  }
  const { spec, trainingTask, training, evaluator, seconds } = prepared;
  const [primary] = trainingTask.metrics;
  const { course, validation, parts } = progress;
  await train({
    seed: spec.seed,
    spec: spec.training,
    training,
    examples: trainingTask.trainExamples,
    from: progress,
    async onStep(step) {
      onProgress(step);
      await onPause(progress);
    },
    async onEpoch(epoch) {
      const parameters = await training.read();
      const { scores, loss } = await seconds.measure("evaluate", () => evaluator.evaluate("validation", parameters));
      validation.push(scores);
      const { best } = progress;
      if (!best || isBetter(primary, scores[primary.name], validation[best.epoch - 1][primary.name])) {
        const copies = Object.entries(parameters).map(([name, values]) => [name, values.slice()]);
        progress.best = { epoch, loss, parameters: Object.fromEntries(copies) };
      }
      await onPause(progress);
    },
    isOver: () => hasStoodStill(progress, spec.training),
  });
  await training.release();
  const { epoch, loss, parameters } = progress.best!;
  return { course, validation, parts, bestEpoch: epoch, scores: validation[epoch - 1], loss, parameters };
}

/** Whether the last epochs, as many as `patience` says, have not bettered the validation score of an epoch before. */
function hasStoodStill({ validation, best }: TrainingProgress, { patience = Infinity }: TrainingSpec): boolean {
  return best !== undefined && validation.length - best.epoch >= patience;
}

/** As {@linkcode trainCell}, of a trial: that training diverges is a result. */
export async function trainTrial(
  prepared: PreparedCell,
  onProgress: CellOptions["onProgress"],
  progress: TrainingProgress = newProgress(),
  onPause?: (progress: TrainingProgress) => Promise<void>,
): Promise<TrainedCell | DivergedTrial> {
  try {
    return await trainCell(prepared, onProgress, progress, onPause);
  } catch (error) {
    if (!(error instanceof Diverged)) throw error;
    await prepared.training?.release();
    const { course, validation, parts } = progress;
    return { course, validation, parts, diverged: error.message };
  }
}

/**
 * Trains for the epochs of the spec, unless it is over before: AdamW, warm-up and linear decay, the gradient clipped to a global norm.
 * @throws {Diverged} if the loss stops being a finite number
 */
export async function train(job: TrainingJob): Promise<TrainingCourse> {
  const { spec, seed, training, examples } = job;
  const adamw: AdamWOptions = { ...ADAMW, weightDecay: spec.weightDecay, clip: spec.clip };
  const stepsPerEpoch = Math.ceil(examples.lengths.length / spec.batchSize);
  const steps = spec.epochs * stepsPerEpoch;
  const { course, validation } = job.from ?? newProgress();
  for (let epoch = validation.length + 1; epoch <= spec.epochs && !job.isOver?.(); epoch++) {
    const batches = epochBatches(examples.lengths, spec.batchSize, new Random(seed, `order/epoch/${epoch}`));
    const taken = course.stepLoss.length - (epoch - 1) * stepsPerEpoch;
    for (const batch of batches.slice(taken)) {
      const step = course.stepLoss.length;
      const begun = performance.now();
      const loss = await accumulateBatch(job, batch, new Random(seed, `dropout/step/${step}`), course);
      if (!Number.isFinite(loss)) throw new Diverged(`Cannot go on training: the loss of step ${step + 1} is ${loss}`);
      await training.step(linearSchedule(step, steps, spec.warmup), adamw);
      course.stepLoss.push(loss);
      course.seconds += (performance.now() - begun) / 1000;
      await job.onStep({ step: step + 1, steps, loss });
    }
    await job.onEpoch(epoch);
  }
  return course;
}

/** Adds up the gradients of a batch in micro-batches, counts its tokens and padding, and returns its mean loss. */
async function accumulateBatch(
  { spec, training, examples }: TrainingJob,
  batch: readonly number[],
  dropout: Random,
  course: TrainingCourse,
): Promise<number> {
  let loss = 0;
  for (const indices of cutExamples(examples, batch, spec.microBatchRows)) {
    const lengths = indices.flatMap((index) => examples.texts?.[index] ?? examples.positions[index]);
    const longest = Math.max(...lengths);
    const tokens = lengths.reduce((sum, length) => sum + length, 0);
    course.tokens += tokens;
    course.padding += lengths.length * longest - tokens;
    const masks = training.masks.map(({ name, rate, shape }) =>
      [name, drawMask(dropout, rate, shape(lengths.length, longest))] as const
    );
    const outputs = await training.accumulate({
      ...examples.collate(indices),
      ...Object.fromEntries(masks),
      ...examples.lossInputs(indices, batch),
    });
    loss += outputs.loss[0];
  }
  return loss;
}

/** A dropout mask: 0 with probability `rate`, else 1 ÷ (1 − rate). */
export function drawMask(random: Random, rate: number, shape: number[]): ArrayValue {
  const size = sizeOf(shape);
  return { data: Float32Array.from({ length: size }, () => random.uniform() < rate ? 0 : 1 / (1 - rate)), shape };
}

/**
 * Factor of the learning rate at a step (from 0): rises linearly from 0 over the first `warmup` share of the steps,
 * then falls linearly towards 0, which it would reach one step after the last.
 */
export function linearSchedule(step: number, steps: number, warmup: number): number {
  const warm = Math.ceil(warmup * steps);
  return step < warm ? step / warm : (steps - step) / Math.max(1, steps - warm);
}
