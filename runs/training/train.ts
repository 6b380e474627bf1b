/**
 * The training loop, the same for every method and every kind of task.
 * @module
 */
import { Random } from "../../base/random.ts";
import { sizeOf } from "../../base/shapes.ts";
import type { AdamWOptions } from "../../engine/adamw.ts";
import type { ArrayValue, Training } from "../../engine/types.ts";
import type { Metric } from "../../tasks/types.ts";
import type { Measured, Scores } from "../study/record.ts";
import type { TrainingSpec } from "../study/spec.ts";
import { epochBatches, microBatches } from "./batches.ts";
import type { CellOptions, StepProgress } from "./cell-runner.ts";
import { Diverged } from "./evaluate.ts";
import type { EncodedExamples } from "./examples.ts";
import type { PreparedCell } from "./prepare.ts";

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
  /** Filled in while training goes on; left out: a new one. */
  course?: TrainingCourse;
  /** Called after each step. */
  onStep(progress: StepProgress): void;
  /** Called after each epoch, counted from 1. */
  onEpoch(epoch: number): Promise<void>;
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

/** What a cell's training leaves. */
export interface TrainedCell {
  /** How training went. */
  course: TrainingCourse;
  /** Scores on the validation examples after each epoch. */
  validation: Scores[];
  /** The epoch with the best validation score, counted from 1; of equal scores, the first. */
  bestEpoch: number;
  /** Mean loss of the validation examples after that epoch. */
  loss: Measured;
  /** The trained tensors after that epoch, by name. */
  parameters: Record<string, Float32Array>;
}

/** What a trial leaves whose training diverged. */
export interface DivergedTrial extends Pick<TrainedCell, "course" | "validation"> {
  /** Why, in one sentence. */
  diverged: string;
}

/** A course before the first step. */
function newCourse(): TrainingCourse {
  return { stepLoss: [], seconds: 0, tokens: 0, padding: 0 };
}

/**
 * Trains a cell, scores every epoch on the validation examples and keeps the parameters of the best. Frees the
 * training program.
 * @throws {Diverged} if the loss or a logit stops being a finite number
 */
export async function trainCell(
  prepared: PreparedCell,
  onStep: CellOptions["onProgress"],
  course: TrainingCourse = newCourse(),
  validation: Scores[] = [],
): Promise<TrainedCell> {
  const { spec, trainingTask, training, evaluator, seconds } = prepared;
  const [primary] = trainingTask.metrics;
  let best: Pick<TrainedCell, "bestEpoch" | "loss" | "parameters"> | undefined;
  await train({
    seed: spec.seed,
    spec: spec.training,
    training,
    examples: trainingTask.trainExamples,
    course,
    onStep,
    async onEpoch(epoch) {
      const parameters = await training.read();
      const { scores, loss } = await seconds.measure("evaluate", () => evaluator.evaluate("validation", parameters));
      validation.push(scores);
      if (!best || isBetter(primary, scores[primary.name], validation[best.bestEpoch - 1][primary.name])) {
        const copies = Object.entries(parameters).map(([name, values]) => [name, values.slice()]);
        best = { bestEpoch: epoch, loss, parameters: Object.fromEntries(copies) };
      }
    },
  });
  await training.release();
  return { course, validation, ...best! };
}

/** As {@linkcode trainCell}, of a trial: that training diverges is a result. */
export async function trainTrial(
  prepared: PreparedCell,
  onStep: CellOptions["onProgress"],
): Promise<TrainedCell | DivergedTrial> {
  const course = newCourse();
  const validation: Scores[] = [];
  try {
    return await trainCell(prepared, onStep, course, validation);
  } catch (error) {
    if (!(error instanceof Diverged)) throw error;
    await prepared.training.release();
    return { course, validation, diverged: error.message };
  }
}

function isBetter(metric: Pick<Metric, "direction">, score: number, than: number): boolean {
  return metric.direction === "higher" ? score > than : score < than;
}

/**
 * Trains for the epochs of the spec: AdamW, warm-up and linear decay, the gradient clipped to a global norm.
 * @throws {Diverged} if the loss stops being a finite number
 */
export async function train(job: TrainingJob): Promise<TrainingCourse> {
  const { spec, seed, training, examples, course = newCourse() } = job;
  const adamw: AdamWOptions = { ...ADAMW, weightDecay: spec.weightDecay, clip: spec.clip };
  const steps = spec.epochs * Math.ceil(examples.lengths.length / spec.batchSize);
  for (let epoch = 1; epoch <= spec.epochs; epoch++) {
    for (const batch of epochBatches(examples.lengths, spec.batchSize, new Random(seed, `order/epoch/${epoch}`))) {
      const step = course.stepLoss.length;
      const begun = performance.now();
      const loss = await accumulateBatch(job, batch, new Random(seed, `dropout/step/${step}`), course);
      if (!Number.isFinite(loss)) throw new Diverged(`Cannot go on training: the loss of step ${step + 1} is ${loss}`);
      await training.step(linearSchedule(step, steps, spec.warmup), adamw);
      course.stepLoss.push(loss);
      course.seconds += (performance.now() - begun) / 1000;
      job.onStep({ step: step + 1, steps, loss });
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
  for (const indices of microBatches(batch, examples.positions, spec.microBatchRows)) {
    const lengths = indices.map((index) => examples.positions[index]);
    const longest = Math.max(...lengths);
    const tokens = lengths.reduce((sum, length) => sum + length, 0);
    course.tokens += tokens;
    course.padding += indices.length * longest - tokens;
    const masks = training.masks.map(({ name, rate, shape }) =>
      [name, drawMask(dropout, rate, shape(indices.length, longest))] as const
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
