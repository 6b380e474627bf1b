/**
 * The files from which all processes of a comparison start: model, texts, and start values of the methods.
 * @module
 */
import type { ModelSizes } from "../cases.ts";

/** What the files hold. */
export interface FilesSpec {
  /** Sizes of the model. */
  sizes: ModelSizes;
  /** Names of the methods whose start values are needed. */
  methods: readonly string[];
  /** Texts of random token ids, or the sentences of two tasks. */
  texts: { count: number; length: number } | "sentences";
}

/** The texts. */
export interface Texts {
  /** Token ids of each text. */
  ids: number[][];
  /** Class of each text; empty for language models. */
  labels: number[];
}

/** Paths of the files in their folder. */
export const paths: Record<"config" | "weights" | "texts", (folder: string) => string> = {
  /** The model's sizes, as Hugging Face's config.json. */
  config: (folder: string) => `${folder}/config.json`,
  /** Start values of the backbone and the classifier. */
  weights: (folder: string) => `${folder}/model.safetensors`,
  /** The texts. */
  texts: (folder: string) => `${folder}/texts.json`,
};

/** Reads the texts of a folder. */
export async function readTexts(folder: string): Promise<Texts> {
  return JSON.parse(await Deno.readTextFile(paths.texts(folder)));
}
