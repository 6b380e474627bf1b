/**
 * The tables of models and architectures.
 * @module
 */
import { bert } from "./architectures/bert.ts";
import { distilbert } from "./architectures/distilbert.ts";
import { gpt2 } from "./architectures/gpt2.ts";
import { llama } from "./architectures/llama.ts";
import { mistral } from "./architectures/mistral.ts";
import { qwen2 } from "./architectures/qwen2.ts";
import { roberta } from "./architectures/roberta.ts";
import { t5 } from "./architectures/t5.ts";
import { lookAtFolder, readFolder } from "./folder/folder.ts";
import { isGguf, readGguf } from "./gguf/folder.ts";
import { type FetchOptions, readHubModel } from "./hub/model.ts";
import type { Architecture, Model, ReadingModel } from "./types.ts";
import { useLite } from "./use-lite/use-lite.ts";

/** The models that come with the project, by name. */
export const models: Record<string, Model> = {
  "use-lite": useLite,
};

/** The architectures of model folders, by the `model_type` of config.json. */
export const architectures: Record<string, Architecture> = {
  bert,
  distilbert,
  gpt2,
  llama,
  mistral,
  qwen2,
  roberta,
  t5,
};

/** Whether a model's name is the path of a folder or of a GGUF file. */
export function isFolder(name: string): boolean {
  return /^[./]|^[^/]+\.gguf$/.test(name);
}

/**
 * The model of a folder or of a GGUF file. Neither the tensor library nor the weights are loaded, but a GGUF file is
 * converted into the cache the first time.
 * @throws {Error} one sentence, if it cannot be used
 */
export function findFolder(path: string): Promise<Model> {
  const read = (folder: string) => readFolder(folder, architectures);
  return isGguf(path) ? readGguf(path, architectures, read) : read(path);
}

/**
 * Makes sure that a model can be opened and texts be encoded, without reading the weights of a folder a second time.
 * @param folder where its files lie; of an entry of the table, none
 * @returns it, as far as it reads texts
 * @throws {Error} one sentence, as opening it would throw
 */
export async function lookAtModel(name: string, folder?: string): Promise<ReadingModel> {
  return folder === undefined ? await models[name].open() : await lookAtFolder(folder, architectures);
}

/** Whether a model's name is that of a model on the hub. */
export function isHubName(name: string): boolean {
  return name.includes("/") && !isFolder(name) && !Object.hasOwn(models, name);
}

/**
 * The model on the hub of that name, org/name[@revision][:file.gguf]. Its revision is the commit. Files that are not on this
 * machine are fetched.
 * @throws {HubRefusal} if the name is not well formed, or if the hub has no such model that can be used
 * @throws {Error} if it cannot be fetched
 */
export function findOnHub(name: string, options?: FetchOptions): Promise<Model> {
  return readHubModel(name, findFolder, options);
}
