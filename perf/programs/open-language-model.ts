/**
 * A method on the language model of a folder.
 * @module
 */
import { type Adaptation, compose } from "../../methods/adaptation/compose.ts";
import { methods } from "../../methods/mod.ts";
import { parseOptions } from "../../methods/shared/options.ts";
import { findFolder } from "../../models/mod.ts";
import {
  asLanguageModel,
  type TrainableLanguageModel,
  trainableLanguageModel,
} from "../../runs/programs/language-model.ts";
import { LEARNING_RATE, methodParts, SEED } from "../cases.ts";

/** A method on a language model. */
export interface OpenedLanguageModel {
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
 * Opens a method on the language model in a folder.
 * @param name a method of `methodParts`, or "none": nothing is trained
 */
export async function openLanguageModel(folder: string, name: string): Promise<OpenedLanguageModel> {
  const backbone = asLanguageModel(await (await findFolder(folder)).open());
  const parts = name === "none" ? [] : methodParts[name].map(({ name, options }) => ({
    method: methods[name],
    options: parseOptions(methods[name], { ...options, learningRate: LEARNING_RATE }),
  }));
  const adaptation = compose(parts, backbone);
  const trainable = trainableLanguageModel(backbone, adaptation);
  return { backbone, adaptation, trainable, start: () => trainable.start(SEED) };
}
