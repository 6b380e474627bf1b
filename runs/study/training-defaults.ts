/**
 * Training options that a study leaves out.
 * @module
 */
import type { TrainingSpec } from "./spec.ts";

/** Training options of tasks of generation. */
export type GenerationOption = "outputLength" | "chat" | "temperature" | "topP" | "beams" | "stop";

/** Training options, unless the study gives others; the number of epochs depends on the method. */
export const trainingDefaults: Omit<TrainingSpec, "epochs" | GenerationOption> = {
  batchSize: 16,
  headLearningRate: 3e-3,
  weightDecay: 0,
  warmup: 0.06,
  clip: 1,
  maxLength: 64,
  microBatchRows: 512,
  patience: 3,
};
