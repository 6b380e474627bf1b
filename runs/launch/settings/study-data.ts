/**
 * Numbers of examples of a study on a task, and whether the task has so many.
 * @module
 */
import { UsageError } from "../../../base/errors.ts";
import type { AnyExample } from "../../training/split.ts";
import { fewSizes, fittingSizes, splitExamples } from "../../training/split.ts";
import { type StudiedTask, taskOfSpec } from "../../study/find-task.ts";
import type { DataSpec } from "../../study/spec.ts";
import type { Study } from "../../study/study.ts";
import { labelsOfTask, type TaskData } from "../../../tasks/types.ts";

/**
 * The numbers of examples as specs have them.
 * @param given what the study says
 * @throws {UsageError} if it says too little or two things, or if few examples of each class are asked of a task without classes
 */
export function resolveData(given: Partial<DataSpec>, { task, data }: StudiedTask): DataSpec {
  const { train, validation, test, perClass } = given;
  if (perClass === undefined) {
    if (train !== undefined && validation !== undefined && test !== undefined) return { train, validation, test };
    throw new UsageError(
      "Cannot run the study: data must have train, validation and test, or perClass, it has neither",
    );
  }
  const other = (["train", "validation"] as const).find((name) => given[name] !== undefined);
  if (other !== undefined) {
    throw new UsageError(`Cannot run the study: data must have perClass or ${other}, it has both`);
  }
  const opened = taskOfSpec(task);
  if (opened.kind !== "classification") {
    throw new UsageError(
      `Cannot use data.perClass for ${task.name}: the task must be one of classification, it is one of ${opened.kind}`,
    );
  }
  return fewSizes(data ?? {}, labelsOfTask(opened).length, perClass, test);
}

/**
 * A task with its examples, where few of each class are wanted: how many there are decides how many are tested.
 * @throws {Error} if they cannot be read
 */
export async function withExamples(studied: StudiedTask, { perClass }: Study["data"]): Promise<StudiedTask> {
  if (perClass === undefined || studied.data !== undefined) return studied;
  const { files } = studied.task;
  const { taskFiles } = studied.paths;
  const task = taskOfSpec(studied.task);
  const data: TaskData<AnyExample> = await task.load(
    files && taskFiles !== undefined ? { folder: taskFiles, files } : undefined,
  );
  return { ...studied, data };
}

/**
 * Makes sure that a task has the examples that a study asks for, if they are known: others are tried, and have them.
 * @throws {UsageError} if it has not, with numbers that it has
 */
export function requireEnough({ task, data }: StudiedTask, sizes: DataSpec, seed: number): void {
  if (data === undefined) return;
  try {
    splitExamples(data, sizes, seed, undefined, labelsOfTask(taskOfSpec(task)));
  } catch (error) {
    const fitting = sizes.perClass === undefined ? fittingSizes(data) : undefined;
    const hint = fitting === undefined ? "" : `; it has enough for --data ${fitting.join(",")}`;
    throw new UsageError(`${(error as Error).message.replace("the data:", `the task ${task.name}:`)}${hint}`);
  }
}
