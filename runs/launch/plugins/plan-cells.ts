/**
 * Makes the cells of a study that may have plug-ins.
 * @module
 */
import { findModel } from "../../study/find-model.ts";
import { findTask } from "../../study/find-task.ts";
import type { Cell } from "../../study/cell.ts";
import { pluginsOf } from "../../study/spec.ts";
import type { Study } from "../../study/study.ts";
import { isFolder, isHubName } from "../../../models/mod.ts";
import { openPlugins } from "../../plugins/files.ts";
import type { PluginPaths } from "../../plugins/types.ts";
import { isTaskPath, readDescription } from "../../../tasks/described/described.ts";
import { datasetOf } from "../../../tasks/described/hub-files.ts";
import { tasks } from "../../../tasks/mod.ts";
import { cellsOf } from "../cells.ts";
import { pathsOf } from "../permissions/worker-permissions.ts";
import { askWorker } from "./ask-worker.ts";

/**
 * The cells of a study. Where it has plug-ins, a worker makes them.
 * @throws {UsageError} as `cellsOf`, or if a plug-in cannot be used
 */
export async function planCells(study: Study): Promise<Cell[]> {
  const { plugins: paths = [] } = study;
  if (paths.length === 0) return await cellsOf(study);
  const plugins = await openPlugins(paths);
  const reads = await findReads(study);
  const cells: Cell[] = [];
  await askWorker({ mode: "plan", study, reads, plugins }, (message) => {
    if (message.type === "cell") cells.push(withPlugins(message.cell, plugins));
  });
  return cells;
}

/** A cell that uses plug-ins, with the place of these among others. */
export function withPlugins<C extends Pick<Cell, "spec" | "plugins">>(cell: C, plugins: PluginPaths): C {
  const used = pluginsOf(cell.spec);
  if (used.length === 0) return cell;
  return { ...cell, plugins: Object.fromEntries(used.map((sha256) => [sha256, plugins[sha256]])) };
}

/** A study with the plug-ins that its cells use at the places where a results folder keeps them. */
export function withKeptPlugins(study: Study, cells: readonly Cell[], place: (sha256: string) => string): Study {
  const { plugins: _, ...others } = study;
  const used = [...new Set(cells.flatMap(({ spec }) => pluginsOf(spec)))];
  return { ...others, ...used.length > 0 && { plugins: used.map(place) } };
}

/** What a study names on this machine besides plug-ins. What is on the hub is fetched, as workers reach no network. */
async function findReads({ models, tasks: entries, taskFiles, from }: Study): Promise<string[]> {
  const reads = pathsOf({ taskFiles, from });
  for (const name of models) {
    if (isHubName(name)) await findModel(name);
    else if (isFolder(name)) reads.push(name);
  }
  for (const entry of entries) {
    if (typeof entry === "string") {
      // Any name that is not in the table is one of a plug-in, or wrong.
      if (!Object.hasOwn(tasks, entry) && !isTaskPath(entry)) continue;
      reads.push(entry);
    }
    const task = typeof entry === "string" && isTaskPath(entry) ? await readDescription(entry) : entry;
    reads.push(...pathsOf((await findTask(task, taskFiles)).paths));
    // Of a folder of files all are listed.
    if (typeof task !== "string" && !datasetOf(task)) {
      reads.push(...typeof task.data === "string" ? [task.data] : Object.values(task.data));
    }
  }
  return reads;
}
