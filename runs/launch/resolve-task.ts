/**
 * Tasks of a study.
 * @module
 */
import { resolve } from "node:path";
import { asUsageError, lookUp, UsageError } from "../../base/errors.ts";
import { tasks } from "../../tasks/mod.ts";
import { hashTaskFiles } from "../../tasks/task-files.ts";
import type { AnyTask } from "../../tasks/types.ts";
import type { LocalPaths } from "../study/cell.ts";
import { findDataset, sumsOf } from "../study/find-dataset.ts";
import type { RunSpec } from "../study/spec.ts";
import type { Study } from "../study/study.ts";

/** A task as specs have it, and where its files lie. */
export interface StudiedTask {
  /** The task. */
  task: RunSpec["task"];
  /** Where its files lie, if users give them. */
  paths: LocalPaths;
}

/** A task of a study. @throws {UsageError} if there is none of that name, or if its files are missing */
export async function taskOf(name: string, { taskFiles }: Study): Promise<StudiedTask> {
  const { version, files, dataset, load }: AnyTask = lookUp("task", tasks, name);
  if (!files) return { task: { name, version }, paths: {} };
  if (taskFiles === undefined && dataset) {
    const snapshot = await findDataset(dataset);
    await asUsageError<unknown>(() => load({ folder: snapshot.folder, files: sumsOf(snapshot) }));
    return {
      task: { name, version, files: sumsOf(snapshot), dataset: { name: dataset.name, revision: snapshot.commit } },
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
  return { task: { name, version, files: given.files }, paths: { taskFiles: resolve(taskFiles) } };
}

/** Whether a task is to classify or to generate. */
export function kindOf({ name }: RunSpec["task"]): AnyTask["kind"] {
  return tasks[name].kind;
}
