/**
 * Models by name or folder.
 * @module
 */
import { formatHubName, HubRefusal, parseHubName } from "../../models/hub/name.ts";
import type { FetchOptions } from "../../models/hub/snapshot.ts";
import { findFolder, findOnHub, isFolder, isHubName, models } from "../../models/mod.ts";
import type { Model } from "../../models/types.ts";
import { lookUp, UsageError } from "../../base/errors.ts";
import type { RunSpec } from "./spec.ts";

/** Says on standard error what happens. */
export function onStandardError(sentence: string): void {
  console.error(sentence);
}

/**
 * The model of that name. A name that starts with . or / is the path of a folder or GGUF file; another with a / in it is one
 * on the hub, org/name[@revision][:file.gguf], and is fetched where it is not on this machine.
 * @throws {UsageError} if there is none, or if it cannot be used
 * @throws {Error} if it cannot be fetched
 */
export async function findModel(name: string, options?: FetchOptions): Promise<Model> {
  if (isHubName(name)) return await refusing(() => findOnHub(name, { say: onStandardError, ...options }));
  if (!isFolder(name)) return lookUp("model", models, name);
  try {
    return await findFolder(name);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** What the hub refuses is a mistake of whoever asked. */
export async function refusing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof HubRefusal ? new UsageError(error.message) : error;
  }
}

/**
 * The model that a spec names, as it is on this machine: nothing is fetched.
 * @param folder where it lies, if it is a folder
 * @throws {Error} if it is not there, or another than the spec's
 */
export async function openModel({ name, revision }: RunSpec["model"], folder?: string): Promise<Model> {
  const source =
    await (isHubName(name)
      ? findOnHub(formatHubName({ ...parseHubName(name), revision }), { offline: true })
      : findModel(folder ?? name));
  if (source.revision === revision) return source;
  throw new Error(
    `Cannot use the model ${name}: its revision must be ${revision}, current value is ${source.revision}`,
  );
}
