/**
 * Finds tasks: of the table by name, of a user by a description.
 * @module
 */
import { resolve } from "node:path";
import { asUsageError, counted, lookUp, shorten, UsageError } from "../../base/errors.ts";
import { isTaskPath, type OpenDescribed, openDescribed, readDescription } from "../../tasks/described/described.ts";
import type { Description } from "../../tasks/described/description.ts";
import { datasetOf } from "../../tasks/described/hub-files.ts";
import { overlapsOf } from "../../tasks/described/overlaps.ts";
import { dataOf } from "../../tasks/described/read.ts";
import type { DescribedExample } from "../../tasks/described/example.ts";
import { describedTask, type TablePaths } from "../../tasks/described/task.ts";
import { hubDescriptions } from "../../tasks/hub/mod.ts";
import { tasks } from "../../tasks/mod.ts";
import { hashTaskFiles } from "../../tasks/task-files.ts";
import type { Wording } from "../../tasks/templates/words.ts";
import type { AnyTask, TaskData } from "../../tasks/types.ts";
import type { FetchedSnapshot } from "../../models/hub/fetch-files.ts";
import type { FetchOptions } from "../../models/hub/snapshot.ts";
import type { LocalPaths } from "./cell.ts";
import { findDataset, pathsOf, sumsOf } from "./find-dataset.ts";
import { printNotice } from "./find-model.ts";
import type { RunSpec } from "./spec.ts";

/** A task as specs have it, and where its files lie. */
export interface StudiedTask {
  /** The task of the spec. */
  task: RunSpec["task"];
  /** Where its files lie. */
  paths: LocalPaths;
  /** Its examples, if it is a described one. */
  data?: TaskData<DescribedExample>;
  /** What a language model is asked where its own head answers: no part of the spec without. */
  wording: Wording;
}

/**
 * A task of a study.
 * @param entry a name of the table, the path of a description, or a description
 * @param taskFiles folder of the files that the user gives for tasks of the table
 * @throws {UsageError} if there is none of that name, if its files are missing, or if they cannot be used
 */
export async function findTask(entry: string | Description, taskFiles?: string): Promise<StudiedTask> {
  const opened = await openDescription(entry);
  return opened ? studied(opened) : await findByName(String(entry), taskFiles);
}

/**
 * Opens the description that an entry of a study stands for: a user's, or that of a data set on the hub.
 * @returns undefined if it is the name of another task, or of none
 * @throws {UsageError} if it cannot be used
 */
export async function openDescription(entry: string | Description): Promise<OpenDescribed | undefined> {
  if (typeof entry !== "string") return await openOwn(entry);
  if (Object.hasOwn(hubDescriptions, entry)) return (await openOnHub(hubDescriptions[entry])).opened;
  return Object.hasOwn(tasks, entry) || !isTaskPath(entry) ? undefined : await openOwn(entry);
}

/** A described task as studies have it. */
export function studied({ task, read, wording }: OpenDescribed): StudiedTask {
  const tables: TablePaths = Object.fromEntries(read.sources.map(({ name, paths }) => [name, paths]));
  return { task, paths: { tables }, data: dataOf(read), wording };
}

/**
 * Opens a task that a user describes.
 * @param entry the path of a description, or a description
 * @throws {UsageError} one sentence on the first thing for which it cannot be used
 */
export async function openOwn(entry: string | Description): Promise<OpenDescribed> {
  const description = typeof entry === "string" ? await readDescription(entry) : entry;
  const dataset = datasetOf(description);
  const opened = dataset ? (await openOnHub(description)).opened : await asUsageError(() => openDescribed(description));
  const { name } = opened.task;
  // The study of an exported run describes its task, whatever table it was in.
  if (!Object.hasOwn(tasks, name) || dataset && tasks[name].dataset?.name === dataset.name) return opened;
  throw new UsageError(
    `Cannot use the task ${shorten(name)}: it must have a name of its own, a built-in task has this one`,
  );
}

/** A described task of the hub, and the files that it is read from. */
export interface OpenOnHub {
  /** The task. */
  opened: OpenDescribed;
  /** Its files. */
  snapshot: FetchedSnapshot;
}

/**
 * Opens a description of a data set on the hub, and says which of its published splits have texts in common. Files that are not on this
 * machine are downloaded.
 * @throws {UsageError} if the hub refuses it, or one sentence on the first thing for which it cannot be used
 * @throws {Error} if it cannot be downloaded
 */
export async function openOnHub(description: Description, options?: FetchOptions): Promise<OpenOnHub> {
  const dataset = datasetOf(description)!;
  const snapshot = await findDataset(dataset, options);
  const opened = await asUsageError(() => openDescribed(description, pathsOf(snapshot, dataset)));
  const { task, read } = opened;
  for (const { between: [a, b], count, first } of overlapsOf(read)) {
    printNotice(`${task.name}: ${a} and ${b} have ${counted(count, "text")} in common, the first is ${first}.`);
  }
  const revision = { name: dataset.name, revision: snapshot.commit };
  return { opened: { ...opened, task: { ...task, dataset: revision } }, snapshot };
}

async function findByName(name: string, taskFiles: string | undefined): Promise<StudiedTask> {
  const found: AnyTask = lookUp("task", tasks, name);
  const { version, plugin, files, dataset, load } = found;
  const task = { name, version, ...plugin !== undefined && { plugin } };
  const wording: Wording = found.kind === "classification"
    ? { templates: found.templates, words: found.words }
    : found.kind === "multiple choice"
    ? { templates: found.templates }
    : {};
  if (!files) return { task, paths: {}, wording };
  if (taskFiles === undefined && dataset) {
    const snapshot = await findDataset(dataset);
    await asUsageError<unknown>(() => load({ folder: snapshot.folder, files: sumsOf(snapshot) }));
    return {
      task: { ...task, files: sumsOf(snapshot), dataset: { name: dataset.name, revision: snapshot.commit } },
      paths: { taskFiles: snapshot.folder },
      wording,
    };
  }
  if (taskFiles === undefined) {
    throw new UsageError(
      `Cannot read the task ${name}: --task-files must name the folder of its files ${files.join(" and ")}, ` +
        "current value is none",
    );
  }
  const given = await asUsageError(() => hashTaskFiles(taskFiles, files));
  // Read once here, so that a fault in a file is found before the first cell, not once in each.
  await asUsageError<unknown>(() => load(given));
  return { task: { ...task, files: given.files }, paths: { taskFiles: resolve(taskFiles) }, wording };
}

/**
 * The task of a spec, which needs no file for it.
 * @param tables where the files of a described task lie; its examples cannot be read without
 * @throws {UsageError} if TuneBench has no task of that name
 */
export function taskOfSpec({ described, ...task }: RunSpec["task"], tables?: TablePaths): AnyTask {
  return described ? describedTask({ ...task, described }, tables) : lookUp("task", tasks, task.name);
}
