/**
 * A method on the language model of a folder.
 * @module
 */
import { type Adaptation, compose } from "../methods/compose.ts";
import { methods } from "../methods/mod.ts";
import { parseOptions } from "../methods/options.ts";
import { findFolder } from "../models/mod.ts";
import {
  asLanguageModel,
  type TrainableLanguageModel,
  trainableLanguageModel,
} from "../runs/programs/language-model.ts";
import { LEARNING_RATE, measured, SEED } from "./cases.ts";

/** A method on a language model. */
export interface OpenedLanguage {
  /** The backbone. */
  backbone: ReturnType<typeof asLanguageModel>;
  /** The method. */
  adaptation: Adaptation;
  /** What is trained, and the programs. */
  trainable: TrainableLanguageModel;
  /** Start values of all that is trained, by name. */
  start(): Promise<Record<string, Float32Array>>;
}

/**
 * Opens a measured method on the language model in a folder.
 * @param name of one that is measured; "none": nothing is trained
 */
export async function openLanguage(folder: string, name: string): Promise<OpenedLanguage> {
  const backbone = asLanguageModel(await (await findFolder(folder)).open());
  const parts = name === "none" ? [] : measured[name].map(({ name, options }) => ({
    method: methods[name],
    options: parseOptions(methods[name], { ...options, learningRate: LEARNING_RATE }),
  }));
  const adaptation = compose(parts, backbone);
  const trainable = trainableLanguageModel(backbone, adaptation);
  return { backbone, adaptation, trainable, start: () => trainable.start(SEED) };
}
