/**
 * Finds models by name or folder.
 * @module
 */
import { asUsageError, lookUp, shorten, shownMessage, UsageError } from "../../base/errors.ts";
import { exists } from "../../base/files.ts";
import { formatHubName, HubRefusal, parseHubName } from "../../models/hub/name.ts";
import type { FetchOptions } from "../../models/hub/snapshot.ts";
import { findFolder, findOnHub, isFolder, isHubName, models } from "../../models/mod.ts";
import type { Backbone, Model } from "../../models/types.ts";
import type { RunSpec } from "./spec.ts";

/** How models are named that are not in the table. */
const OTHER_MODELS = "models of the hub are named org/name, and folders start with . or /";

/** Prints what the download does to standard error. */
export function printNotice(sentence: string): void {
  console.error(shownMessage({ message: sentence }));
}

/**
 * The model of that name. A name that starts with . or / is the path of a folder or GGUF file. Any other name with a / is one
 * on the hub, org/name[@revision][:file.gguf]; its files are downloaded if they are not on this machine.
 * @throws {UsageError} if there is none, if it cannot be used, or if a name on the hub is a path here, too
 * @throws {Error} if it cannot be downloaded
 */
export async function findModel(name: string, options?: FetchOptions): Promise<Model> {
  if (isHubName(name) && await exists(name)) {
    throw new UsageError(
      `Cannot choose the model ${shorten(name)}: there is such a path here, it must be ./${shorten(name)} for that, ` +
        `or ${shorten(name)}@main for the model on the hub`,
    );
  }
  if (isHubName(name)) return await asHubUsageError(() => findOnHub(name, { say: printNotice, ...options }));
  if (!isFolder(name)) return lookUp("model", models, name, OTHER_MODELS);
  return await asUsageError(() => findFolder(name));
}

/** Runs `work`. @throws {UsageError} if the hub refuses what it asks for: a wrong name or revision is the user's mistake */
export async function asHubUsageError<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof HubRefusal ? new UsageError(error.message) : error;
  }
}

/** A model as specs have it. */
export function specOfModel({ name, revision, plugin }: RunSpec["model"]): RunSpec["model"] {
  return { name, revision, ...plugin !== undefined && { plugin } };
}

/** Whether two models have the same content, whatever they are called. */
export function isSameModel(a: RunSpec["model"], b: RunSpec["model"]): boolean {
  return a.revision === b.revision && a.plugin === b.plugin;
}

/** A model's revision, with the plug-in that it is from, if any. */
export function revisionInWords({ revision, plugin }: RunSpec["model"]): string {
  return shorten(revision) + (plugin === undefined ? "" : ` of the plug-in ${shorten(plugin)}`);
}

/**
 * The model that a spec names, from the files on this machine: nothing is downloaded.
 * @param folder the folder of its files; a model on the hub is found by its name and commit
 * @throws {Error} if it is not there, or if its revision is not the spec's
 */
export async function openModel(spec: RunSpec["model"], folder?: string): Promise<Model> {
  const { name, revision } = spec;
  const model =
    await (isHubName(name)
      ? findOnHub(formatHubName({ ...parseHubName(name), revision }), { offline: true })
      : findModel(folder ?? name));
  const current = specOfModel(model);
  if (isSameModel(current, spec)) return model;
  const [expected, found] = [spec, current].map(revisionInWords);
  throw new Error(`Cannot use the model ${name}: its revision must be ${expected}, current value is ${found}`);
}

/** A model, and its backbone. */
export interface OpenedModel {
  /** Where it comes from. */
  model: Model;
  /** It, ready for use. */
  backbone: Backbone;
}

/** Opens a spec's model. @throws {Error} if there is none of its revision, or if it cannot be opened */
export async function openBackbone(spec: RunSpec["model"], folder?: string): Promise<OpenedModel> {
  const model = await openModel(spec, folder);
  return { model, backbone: await model.open() };
}
