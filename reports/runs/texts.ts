/**
 * Texts of test examples. Records hold none: they are read from the data of the tasks.
 * @module
 */
import { UsageError } from "../../base/errors.ts";
import { taskOfSpec } from "../../runs/study/find-task.ts";
import type { RunSpec } from "../../runs/study/spec.ts";

/** Texts by the ids of examples, by the names of tasks. */
export type Texts = ReadonlyMap<string, ReadonlyMap<string, string>>;

/**
 * The texts of the tasks of runs. Tasks whose files users give have none here, nor those of which this TuneBench has another
 * version.
 * @throws {Error} if the data of a task cannot be read
 */
export async function readTexts(runs: readonly { spec: Pick<RunSpec, "task"> }[]): Promise<Texts> {
  const specs = new Map(runs.map(({ spec: { task } }) => [task.name, task]));
  const texts = new Map<string, Map<string, string>>();
  for (const [name, task] of specs) {
    if (task.files || task.described) continue;
    texts.set(name, await textsOf(task));
  }
  return texts;
}

async function textsOf(spec: RunSpec["task"]): Promise<Map<string, string>> {
  let task;
  try {
    task = taskOfSpec(spec);
  } catch (error) {
    // A record may be of a task that is not here any more, or not yet.
    if (error instanceof UsageError) return new Map();
    throw error;
  }
  if (task.version !== spec.version) return new Map();
  const { pool = [], train = [], validation = [], test = [] } = await task.load();
  return new Map(
    [...pool, ...train, ...validation, ...test].map(({ id, text, pair }) => [
      id,
      pair === undefined ? text : `${text} / ${pair}`,
    ]),
  );
}
