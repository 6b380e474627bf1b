/**
 * What is measured: the methods, the sizes of model and texts, and how both sides train.
 * @module
 */
import os from "node:os";
import type { Precision } from "../engine/types.ts";
import type { TrainingSpec } from "../runs/study/spec.ts";

/** The methods that are measured: parts with their options, by the method's name. */
export const methodParts: Record<string, { name: string; options: Record<string, unknown> }[]> = {
  "prefix-tuning": [{ name: "prefix-tuning", options: { prefixLength: 16 } }],
  "prompt-tuning": [{ name: "prompt-tuning", options: { virtualTokens: 16, start: "random" } }],
  "p-tuning": [{ name: "p-tuning", options: { virtualTokens: 16, encoder: "mlp", hidden: 128 } }],
  "lora": [{ name: "lora", options: { rank: 8, alpha: 8 } }],
  "lora+prompt-tuning": [
    { name: "lora", options: { rank: 8, alpha: 8 } },
    { name: "prompt-tuning", options: { virtualTokens: 16, start: "random" } },
  ],
  "full": [{ name: "full", options: {} }],
};

/** Sizes of a BERT. */
export interface ModelSizes {
  /** Rows of the word embedding. */
  vocabulary: number;
  /** Number of layers. */
  layers: number;
  /** Width. */
  hidden: number;
  /** Attention heads. */
  heads: number;
  /** Inner width of the feed-forward networks. */
  feedForward: number;
}

/** The sizes of MiniLM-L6. */
export const MINILM: ModelSizes = { vocabulary: 30522, layers: 6, hidden: 384, heads: 12, feedForward: 1536 };
/** Classes of the texts. */
export const CLASSES = 2;
/** Texts of a step. */
export const BATCH_SIZE = 32;
/** Tokens of a text. */
export const LENGTH = 64;
/** Processor threads of each measured process. */
export const THREADS = 2;
/** Seed of weights, texts and data order. */
export const SEED = 0;
/** Learning rate of everything that is trained, the same on both sides. */
export const LEARNING_RATE = 1e-4;
/** Batch of the training steps of a language model: texts, and tokens of each. */
export const LANGUAGE_BATCH: { batchSize: number; length: number } = { batchSize: 8, length: 128 };
/** Generation: tokens of the prompt, and tokens that are added to it. */
export const [PROMPT_TOKENS, NEW_TOKENS]: readonly [number, number] = [32, 64];

/** How TuneBench computes; the peers always compute in float32 on the processor. */
export interface ComputeOptions {
  /** Name of the device. */
  device: string;
  /** Number format of products with frozen matrices. */
  precision: Precision;
  /** "small" trades speed for memory. */
  memory?: "small";
}

/** How often something is measured. */
export interface Repetitions {
  /** Rounds; in each, every process is measured once. */
  rounds: number;
  /** Steps of each process in a round. */
  steps: number;
}

/** Greatest allowed difference between losses of both sides: 8-bit integers round far more than float32. */
export function tolerance({ precision }: ComputeOptions): number {
  return precision === "int8" ? 1e-1 : 1e-3;
}

/** The options and the processor in words, for a table's heading. */
export function describeCompute({ device, precision, memory }: ComputeOptions): string {
  const small = memory ? `, memory ${memory}` : "";
  return `TuneBench on ${device} in ${precision}${small}; ${THREADS} threads of ${os.cpus()[0].model}`;
}

/** How a process trains. */
export interface TrainingOptions extends ComputeOptions {
  /** Texts of a step. */
  batchSize: number;
  /** Epochs of all rounds together. */
  epochs: number;
  /** Learning rate of everything that is trained; by default `LEARNING_RATE`, which the peers have. */
  learningRate?: number;
}

/**
 * The options as the product's training takes them: AdamW with PyTorch's defaults, a learning rate that falls linearly to
 * 0, the gradient's norm computed but not clipped, and the product's micro-batches.
 */
export function trainingSpec(
  { batchSize, epochs, memory, learningRate = LEARNING_RATE }: TrainingOptions,
): TrainingSpec {
  return {
    batchSize,
    epochs,
    headLearningRate: learningRate,
    weightDecay: 0.01,
    warmup: 0,
    clip: Infinity,
    maxLength: 512,
    microBatchRows: memory === "small" ? 1 : 512,
  };
}
