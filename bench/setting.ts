/**
 * What is measured: methods, sizes of a step, and the files from which both sides of a comparison start.
 * @module
 */
import { Random } from "../engine/random.ts";
import { readSafetensors, readStored } from "../engine/safetensors.ts";
import { type Adaptation, compose } from "../methods/compose.ts";
import { methods } from "../methods/mod.ts";
import { parseOptions } from "../methods/options.ts";
import type { Backbone } from "../models/types.ts";
import type { TrainingSpec } from "../runs/spec.ts";
import { type Trainable, trainable } from "../runs/trainable.ts";
import { bertBackbone, SIZES } from "./bert.ts";

/** Options of each method that is measured, by its name. */
export const measured: Record<string, Record<string, unknown>> = {
  "prefix-tuning": { prefixLength: 16 },
  "prompt-tuning": { virtualTokens: 16, start: "random" },
  "lora": { rank: 8, alpha: 8 },
  "full": {},
};

/** Texts of a step. */
export const BATCH_SIZE = 32;
/** Tokens of a text. */
export const LENGTH = 64;
/** Processor threads of a contestant. */
export const THREADS = 2;

/** AdamW with PyTorch's defaults, a step size that falls linearly to 0, no clipping: one step an epoch. */
export const training: Omit<TrainingSpec, "epochs"> = {
  batchSize: BATCH_SIZE,
  headLearningRate: 1e-4,
  weightDecay: 0.01,
  warmup: 0,
  clip: Infinity,
  maxLength: LENGTH,
  microBatchRows: 512,
};

const SEED = 0;

/** Path of the backbone's and the classifier's start values in the folder of a measurement. */
export function weightsPath(folder: string): string {
  return `${folder}/model.safetensors`;
}

/** A method on the backbone, with its start values. */
export interface Setting {
  /** The backbone. */
  backbone: Backbone;
  /** The method. */
  adaptation: Adaptation;
  /** What is trained, and the programs. */
  trainable: Trainable;
  /** Start values of all that is trained, by name. */
  start: Record<string, Float32Array>;
}

/** A method on the backbone whose weights lie in `folder`. The classifier starts from values there, not from zeros. */
export async function readSetting(folder: string, name: string): Promise<Setting> {
  const stored = await readSafetensors(weightsPath(folder));
  const backbone = bertBackbone(stored);
  const method = methods[name];
  const options = parseOptions(method, { ...measured[name], learningRate: training.headLearningRate });
  const adaptation = compose([{ method, options }], backbone);
  const labels = Array.from({ length: SIZES.classes }, (_, label) => String(label));
  const joined = trainable(backbone, adaptation, labels, training.headLearningRate);
  const start = await joined.start(SEED);
  const head = await readStored(stored["classifier.weight"]);
  start["head.weight"] = Float32Array.from(
    head,
    (_, at) => head[(at % SIZES.classes) * SIZES.hidden + Math.floor(at / SIZES.classes)],
  );
  start["head.bias"] = await readStored(stored["classifier.bias"]);
  return { backbone, adaptation, trainable: joined, start };
}

/** The texts of a step as token ids, and their labels. */
export function texts(): { ids: number[][]; labels: number[] } {
  const random = new Random(SEED, "texts");
  return {
    ids: Array.from(
      { length: BATCH_SIZE },
      () => Array.from({ length: LENGTH }, () => random.integer(SIZES.vocabulary)),
    ),
    labels: Array.from({ length: BATCH_SIZE }, () => random.integer(SIZES.classes)),
  };
}

/** Start values of the backbone and the classifier, in the way BERT starts, but with random biases so that they matter. */
export function drawWeights(shapes: Record<string, readonly number[]>): Record<string, Float32Array> {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => {
      const random = new Random(SEED, name);
      const centre = name.endsWith("LayerNorm.weight") ? 1 : 0;
      const length = shape.reduce((product, size) => product * size, 1);
      return [name, Float32Array.from({ length }, () => centre + 0.02 * random.normal())];
    }),
  );
}
