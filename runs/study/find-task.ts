/**
 * Finds tasks: of the table by name, of a user by a description.
 * @module
 */
import { resolve } from "node:path";
import { asUsageError, counted, lookUp, shorten, UsageError } from "../../base/errors.ts";
import {
  describedTask,
  isTaskPath,
  type OpenDescribed,
  openDescribed,
  readDescription,
  type TablePaths,
} from "../../tasks/described/described.ts";
import type { Description } from "../../tasks/described/description.ts";
import { datasetOf } from "../../tasks/described/hub-files.ts";
import { dataOf, type DescribedExample, overlapsOf, type ReadTask } from "../../tasks/described/read.ts";
import { tasks } from "../../tasks/mod.ts";
import { hashTaskFiles } from "../../tasks/task-files.ts";
import type { AnyTask, TaskData } from "../../tasks/types.ts";
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
}

/**
 * A task of a study.
 * @param entry a name of the table, the path of a description, or a description
 * @param taskFiles folder of the files that the user gives for tasks of the table
 * @throws {UsageError} if there is none of that name, if its files are missing, or if they cannot be used
 */
export function findTask(entry: string | Description, taskFiles?: string): Promise<StudiedTask> {
  return typeof entry === "string" && (Object.hasOwn(tasks, entry) || !isTaskPath(entry))
    ? findByName(entry, taskFiles)
    : findDescribed(entry);
}

async function findDescribed(entry: string | Description): Promise<StudiedTask> {
  const { task, read } = await openOwn(entry);
  const tables: TablePaths = Object.fromEntries(read.sources.map(({ name, paths }) => [name, paths]));
  return { task, paths: { tables }, data: dataOf(read) };
}

/**
 * Opens a task that a user describes.
 * @param entry the path of a description, or a description
 * @throws {UsageError} one sentence on the first thing for which it cannot be used
 */
export async function openOwn(entry: string | Description): Promise<OpenDescribed> {
  const description = typeof entry === "string" ? await readDescription(entry) : entry;
  const opened = await openSource(description);
  const { name } = opened.task;
  if (!Object.hasOwn(tasks, name)) return opened;
  throw new UsageError(
    `Cannot use the task ${shorten(name)}: it must have a name of its own, a built-in task has this one`,
  );
}

/** Opens a description's files, or those of its data set on the hub, of which the splits' texts in common are told. */
async function openSource(description: Description): Promise<OpenDescribed> {
  const dataset = datasetOf(description);
  if (!dataset) return await asUsageError(() => openDescribed(description));
  const snapshot = await findDataset(dataset);
  const opened = await asUsageError(() => openDescribed(description, pathsOf(snapshot, dataset)));
  tellOverlaps(opened.task.name, opened.read);
  return { ...opened, task: { ...opened.task, dataset: { name: dataset.name, revision: snapshot.commit } } };
}

/** Says which published splits have texts in common. */
function tellOverlaps(name: string, read: ReadTask): void {
  for (const { between: [a, b], count, first } of overlapsOf(read)) {
    printNotice(`${name}: ${a} and ${b} have ${counted(count, "text")} in common, the first is ${first}.`);
  }
}

async function findByName(name: string, taskFiles: string | undefined): Promise<StudiedTask> {
  const { version, plugin, files, dataset, load }: AnyTask = lookUp("task", tasks, name);
  const task = { name, version, ...plugin !== undefined && { plugin } };
  if (!files) return { task, paths: {} };
  if (taskFiles === undefined && dataset) {
    const snapshot = await findDataset(dataset);
    await asUsageError<unknown>(() => load({ folder: snapshot.folder, files: sumsOf(snapshot) }));
    return {
      task: { ...task, files: sumsOf(snapshot), dataset: { name: dataset.name, revision: snapshot.commit } },
      paths: { taskFiles: snapshot.folder },
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
  return { task: { ...task, files: given.files }, paths: { taskFiles: resolve(taskFiles) } };
}

/**
 * The task of a spec, which needs no file for it.
 * @param tables where the files of a described task lie; its examples cannot be read without
 * @throws {UsageError} if TuneBench has no task of that name
 */
export function taskOfSpec({ described, ...task }: RunSpec["task"], tables?: TablePaths): AnyTask {
  return described ? describedTask({ ...task, described }, tables) : lookUp("task", tasks, task.name);
}
