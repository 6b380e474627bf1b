/**
 * The tables of models and architectures.
 * @module
 */
import { bert } from "./architectures/bert.ts";
import { distilbert } from "./architectures/distilbert.ts";
import { readFolder } from "./folder/folder.ts";
import { isGguf, readGguf } from "./gguf/folder.ts";
import { type FetchOptions, readHubModel } from "./hub/model.ts";
import { gpt2 } from "./architectures/gpt2.ts";
import { llama } from "./architectures/llama.ts";
import { mistral } from "./architectures/mistral.ts";
import { qwen2 } from "./architectures/qwen2.ts";
import { roberta } from "./architectures/roberta.ts";
import { t5 } from "./architectures/t5.ts";
import type { Architecture, Model } from "./types.ts";
import { useLite } from "./use-lite/use-lite.ts";

/** Every model that needs no files of the user's, by name. */
export const models: Record<string, Model> = {
  "use-lite": useLite,
};

/** What a model folder may hold, by the `model_type` of its config.json. */
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
 * The model of a folder or of a GGUF file; neither tensor library nor weights are loaded, but a GGUF file that is new is
 * converted into the cache.
 * @throws {Error} one sentence, if it cannot be used
 */
export function findFolder(path: string): Promise<Model> {
  const read = (folder: string) => readFolder(folder, architectures);
  return isGguf(path) ? readGguf(path, architectures, read) : read(path);
}

/** Whether a model's name is one on the hub. */
export function isHubName(name: string): boolean {
  return name.includes("/") && !isFolder(name) && !Object.hasOwn(models, name);
}

/**
 * The model of a name on the hub, org/name[@revision][:file.gguf], with the commit as its revision; what is not on this
 * machine is fetched.
 * @throws {HubRefusal} if the name is none, or if the hub has no such model that can be used
 * @throws {Error} if it cannot be fetched
 */
export function findOnHub(name: string, options?: FetchOptions): Promise<Model> {
  return readHubModel(name, findFolder, options);
}
