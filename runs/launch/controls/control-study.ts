/**
 * The negative controls of a study, each cell's in a worker.
 * @module
 */
import type { Cell } from "../../study/cell.ts";
import { taskOfSpec } from "../../study/find-task.ts";
import type { ControlRecord } from "../../study/controls/control-record.ts";
import { type RunSpec, settingId } from "../../study/spec.ts";
import type { Study } from "../../study/study.ts";
import { listPlugins } from "../plugins/list-plugins.ts";
import { planCells } from "../plugins/plan-cells.ts";
import { runWorker, workerEntry } from "../worker-process.ts";

/**
 * Runs the controls of every setting of a study, with its first seed, one after the other. They are written into `<out>/controls`.
 * Only tasks of classification have any, with methods that train something.
 * @param signal stops it
 * @param onCell called with each cell before its controls
 * @throws {Error} one sentence, if a cell cannot be trained
 */
export async function controlStudy(
  study: Study,
  out: string,
  signal: AbortSignal,
  onCell: (cell: Cell) => void,
  worker: URL = workerEntry,
): Promise<ControlRecord[]> {
  // What a plug-in's task is, only workers know.
  const provided = study.plugins ? await listPlugins(study.plugins) : [];
  const kinds = new Map(provided.map(({ listed: { name, kind } }) => [name, kind]));
  const settings = new Map<string, Cell>();
  for (const cell of await planCells(study)) {
    const setting = settingId(cell.spec);
    // A trial has no test score, and what is not trained learns from no label.
    if (!isClassification(cell.spec, kinds) || cell.spec.trial || cell.spec.training.epochs === 0) continue;
    if (!settings.has(setting)) settings.set(setting, cell);
  }
  const records: ControlRecord[] = [];
  for (const cell of settings.values()) {
    if (signal.aborted) break;
    onCell(cell);
    const { id: _, ...job } = cell;
    const threads = navigator.hardwareConcurrency;
    const { reason } = await runWorker({ mode: "control", ...job, out, threads }, worker, signal, (message) => {
      if (message.type === "controlled") records.push(message.record);
    });
    if (reason !== undefined && !signal.aborted) throw new Error(`Cannot control ${cell.id}: ${reason}`);
  }
  return records;
}

function isClassification({ task }: RunSpec, kinds: ReadonlyMap<string, unknown>): boolean {
  return (task.plugin === undefined ? taskOfSpec(task).kind : kinds.get(task.name)) === "classification";
}
