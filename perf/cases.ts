/**
 * What is measured: methods, and the sizes of a step where nothing else is said.
 * @module
 */
import os from "node:os";
import type { Precision } from "../engine/types.ts";
import type { TrainingSpec } from "../runs/study/spec.ts";

/** Parts of each method that is measured, by its name. */
export const measured: Record<string, { name: string; options: Record<string, unknown> }[]> = {
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

/** MiniLM-L6. */
export const MINILM: ModelSizes = { vocabulary: 30522, layers: 6, hidden: 384, heads: 12, feedForward: 1536 };
/** Classes of the texts. */
export const CLASSES = 2;
/** Texts of a step. */
export const BATCH_SIZE = 32;
/** Tokens of a text. */
export const LENGTH = 64;
/** Processor threads of a contestant. */
export const THREADS = 2;
/** Seed of weights, texts and data order. */
export const SEED = 0;

/** Step size of everything that is trained next to a peer. */
export const LEARNING_RATE = 1e-4;

/** How TuneBench's side computes; the peer has no such choice. */
export interface Choices {
  /** Name of the device. */
  device: string;
  /** Number format of products with frozen matrices. */
  precision: Precision;
  /** "small" trades speed for memory. */
  memory?: "small";
}

/** Most that losses of both sides may differ: 8-bit integers round far more than float32. */
export function tolerance({ precision }: Choices): number {
  return precision === "int8" ? 1e-1 : 1e-3;
}

/** What computes, in words. */
export function describeChoices({ device, precision, memory }: Choices): string {
  const small = memory ? `, memory ${memory}` : "";
  return `TuneBench on ${device} in ${precision}${small}; ${THREADS} threads of ${os.cpus()[0].model}`;
}

/** What a contestant trains. */
export interface Job extends Choices {
  /** Texts of a step. */
  batchSize: number;
  /** Epochs of all turns together. */
  epochs: number;
  /** Step size of everything that is trained; left out: that of the peers. */
  learningRate?: number;
}

/**
 * AdamW with PyTorch's defaults, a step size that falls linearly to 0, no clipping (the norm is computed all the same),
 * and the product's micro-batches.
 */
export function trainingSpec({ batchSize, epochs, memory, learningRate = LEARNING_RATE }: Job): TrainingSpec {
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

/** What files of a comparison are made for. */
export interface FilesSpec {
  /** Sizes of the model. */
  sizes: ModelSizes;
  /** Names of methods whose start values are needed. */
  methods: readonly string[];
  /** Random ids, or the sentences of two tasks. */
  texts: { count: number; length: number } | "sentences";
}

/** Texts of a comparison. */
export interface Texts {
  /** Token ids of each. */
  ids: number[][];
  /** Class of each; of language models none. */
  labels: number[];
}

/** Sizes of what is measured of a language model: a step's texts and their tokens. */
export const LANGUAGE: { batchSize: number; length: number } = { batchSize: 8, length: 128 };
/** Tokens that are gone on with, and tokens that are added. */
export const [PROMPT, GENERATED]: readonly [number, number] = [32, 64];

/** Paths of the files of a comparison in its folder. */
export const paths: Record<"config" | "weights" | "texts", (folder: string) => string> = {
  /** The model's sizes, as Hugging Face's config.json. */
  config: (folder: string) => `${folder}/config.json`,
  /** Start values of the backbone and the classifier. */
  weights: (folder: string) => `${folder}/model.safetensors`,
  /** The texts. */
  texts: (folder: string) => `${folder}/texts.json`,
};
