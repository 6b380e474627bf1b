/**
 * The training loop, the same for every method and every kind of task.
 * @module
 */
import { sizeOf } from "../../base/shapes.ts";
import { Random } from "../../base/random.ts";
import type { AdamWOptions } from "../../engine/adamw.ts";
import type { ArrayValue, Training } from "../../engine/types.ts";
import { epochBatches, microBatches } from "./batches.ts";
import type { StepProgress } from "./cell-runner.ts";
import type { EncodedExamples } from "./examples.ts";
import { linearSchedule } from "./learning-rate.ts";
import type { TrainingSpec } from "../study/spec.ts";

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
  /** Called after each step. */
  onStep(progress: StepProgress): void;
  /** Called after each epoch, from 1. */
  onEpoch(epoch: number): Promise<void>;
}

/** How training went. */
export interface TrainingCourse {
  /** Mean loss of each step's batch, before the step. */
  stepLoss: number[];
  /** Seconds in steps. */
  seconds: number;
  /** Positions computed that hold a token of a text; virtual tokens are not counted. */
  tokens: number;
  /** Positions computed that hold padding. */
  padding: number;
}

/** A dropout mask: 0 with probability `rate`, else 1 ÷ (1 − rate). */
function drawMask(random: Random, rate: number, shape: number[]): ArrayValue {
  const size = sizeOf(shape);
  return { data: Float32Array.from({ length: size }, () => random.uniform() < rate ? 0 : 1 / (1 - rate)), shape };
}

/**
 * Trains for the epochs of the spec: AdamW, warm-up and linear decay, the gradient clipped to a global norm.
 * @throws {Error} if the loss stops being a finite number
 */
export async function train(job: TrainingJob): Promise<TrainingCourse> {
  const { spec, seed, training, examples } = job;
  const settings: AdamWOptions = { ...ADAMW, weightDecay: spec.weightDecay, clip: spec.clip };
  const steps = spec.epochs * Math.ceil(examples.lengths.length / spec.batchSize);
  const course: TrainingCourse = { stepLoss: [], seconds: 0, tokens: 0, padding: 0 };
  for (let epoch = 1; epoch <= spec.epochs; epoch++) {
    for (const batch of epochBatches(examples.lengths, spec.batchSize, new Random(seed, `order/epoch/${epoch}`))) {
      const step = course.stepLoss.length;
      const begun = performance.now();
      const dropout = new Random(seed, `dropout/step/${step}`);
      let loss = 0;
      for (const indices of microBatches(batch, examples.positions, spec.microBatchRows)) {
        const lengths = indices.map((index) => examples.positions[index]);
        const length = Math.max(...lengths);
        const tokens = lengths.reduce((sum, of) => sum + of, 0);
        course.tokens += tokens;
        course.padding += indices.length * length - tokens;
        const masks = training.masks.map(({ name, rate, shape }) =>
          [name, drawMask(dropout, rate, shape(indices.length, length))] as const
        );
        const outputs = await training.accumulate({
          ...examples.collate(indices),
          ...Object.fromEntries(masks),
          ...examples.lossInputs(indices, batch),
        });
        loss += outputs.loss[0];
      }
      if (!Number.isFinite(loss)) throw new Error(`Cannot go on training: the loss of step ${step + 1} is ${loss}`);
      await training.step(linearSchedule(step, steps, spec.warmup), settings);
      course.stepLoss.push(loss);
      course.seconds += (performance.now() - begun) / 1000;
      job.onStep({ step: step + 1, steps, loss });
    }
    await job.onEpoch(epoch);
  }
  return course;
}
