/**
 * What the files name that a command reads first: studies and the notes of adapters. What is wrong with them is said by whoever reads
 * them whole.
 * @module
 */
import { dirname, join, resolve } from "node:path";
import { readJsonc } from "../../base/jsonc.ts";
import { readObject } from "../../base/files.ts";
import { projectFolder } from "../../base/permissions.ts";
import type { PluginPaths } from "../../runs/plugins/types.ts";

/** Bytes of the longest file that is read. */
const LONGEST = 1 << 24;

/** What a bench uses. */
export interface Names {
  /** Names of models. */
  models: string[];
  /** Whether a task's data set may be on the hub. */
  datasets: boolean;
  /** Files and folders. */
  files: string[];
}

/** The texts among values. */
export const texts = (...values: unknown[]): string[] => values.flat().filter((value) => typeof value === "string");

/** An object in a file of JSON; an empty one where there is none. */
async function parts(read: () => Promise<unknown>): Promise<Record<string, unknown>> {
  const value = await read().catch(() => null);
  return value !== null && typeof value === "object" ? value as Record<string, unknown> : {};
}

/** What a task that a user describes is made of. */
interface TaskNames {
  /** Its files. */
  files: string[];
  /** Whether its data are on the hub. */
  onHub: boolean;
}

/**
 * What a task that a user describes is made of: a file of rows, or a description and the files that it names.
 * @param entry a name, a path, or a description
 */
export async function namesOfTask(entry: unknown): Promise<TaskNames> {
  const isPath = typeof entry === "string";
  if (isPath && !/\.jsonc?$/.test(entry)) return { files: /[\\/.]/.test(entry) ? [entry] : [], onHub: false };
  const { data } = await parts(async () => isPath ? (await readJsonc(entry, LONGEST)).value : entry);
  const named = texts(data !== null && typeof data === "object" ? Object.values(data) : data);
  const files = named.filter((file) => !file.startsWith("hub:"));
  return {
    files: isPath ? [entry, ...files.map((file) => resolve(dirname(entry), file))] : files,
    onHub: files.length < named.length,
  };
}

/** The files of plug-ins: each, and what it imports. */
export async function filesOfPlugins(paths: readonly string[]): Promise<string[]> {
  if (paths.length === 0) return [];
  const { openPlugins } = await import("../../runs/plugins/files.ts");
  // What is wrong with them is said by whoever uses them.
  const opened: PluginPaths = await openPlugins(paths).catch(() => ({}));
  return [...paths, ...Object.values(opened).flatMap(({ files }) => files)];
}

/** Whether a task of the table may be a data set on the hub. */
export async function isOnHub(name: string): Promise<boolean> {
  const { tasks } = await import("../../tasks/mod.ts");
  return Object.hasOwn(tasks, name) && tasks[name].dataset !== undefined;
}

/** What a study and the flags that change it name. @param source a preset, or the path of a study */
export async function findNames(source: string, flags: Record<string, unknown>): Promise<Names> {
  const isFile = /\.jsonc?$/.test(source);
  const path = isFile ? source : join(projectFolder, "runs", "presets", `${source}.json`);
  const study = await parts(async () => (await readJsonc(path, LONGEST)).value);
  const plugins = [
    ...texts(study.plugins).map((plugin) => resolve(dirname(path), plugin)),
    ...texts(flags.plugin),
  ];
  const own = await Promise.all([study.tasks, flags.tasks].flat().map(namesOfTask));
  const inTable = await Promise.all(texts(study.tasks, flags.tasks).map(isOnHub));
  return {
    models: texts(study.models, flags.models),
    datasets: own.some(({ onHub }) => onHub) || inTable.includes(true),
    files: texts(
      isFile ? source : [],
      study.taskFiles,
      study.from,
      flags.taskFiles,
      flags.from,
      ...own.flatMap(({ files }) => files),
      ...await filesOfPlugins(plugins),
    ),
  };
}

/** The models that the notes of adapters name. */
export async function notedModels(adapters: readonly string[]): Promise<string[]> {
  const notes = await Promise.all(
    adapters.map((folder) => parts(() => readObject(join(folder, "tunebench.json"), LONGEST))),
  );
  return texts(notes.map(({ model }) => (model as Record<string, unknown> | undefined)?.name));
}
