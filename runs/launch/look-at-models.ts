/**
 * Looks at the models of a study in a worker process, as this process must not load tokenizers.
 * @module
 */
import { UsageError } from "../../base/errors.ts";
import type { PluginFiles } from "../plugins/types.ts";
import type { Cell } from "../study/cell.ts";
import { canonical } from "../study/spec.ts";
import type { ModelFiles } from "./protocol.ts";
import { runWorker } from "./worker-process.ts";

/**
 * Makes sure that the models of cells can be opened, and read the words that they are asked for: each is looked at once, so that a fault in its files is found before the
 * first cell, not once in each.
 * @throws {UsageError} one sentence, if the files of a model cannot be used
 * @throws {Error} if looking at a model ended the worker
 */
export async function requireModels(cells: readonly Cell[], worker: URL, signal: AbortSignal): Promise<void> {
  const models = new Map<string, ModelFiles>();
  const plugins: Record<string, PluginFiles> = {};
  for (const [key, same] of Map.groupBy(cells, ({ spec: { model }, folder }) => folder ?? model.name)) {
    const [{ spec: { model }, folder }] = same;
    // Head by head once, whatever the methods and seeds.
    const heads = new Map(same.flatMap(({ spec: { head } }) => head ? [[canonical(head), head]] : []));
    models.set(key, { name: model.name, folder, heads: [...heads.values()] });
  }
  for (const { spec: { model }, plugins: used } of cells) {
    if (model.plugin !== undefined) plugins[model.plugin] = used![model.plugin];
  }
  const faults: (string | null)[] = [];
  const { reason } = await runWorker(
    { mode: "look", models: [...models.values()], plugins },
    worker,
    signal,
    (message) => {
      if (message.type === "looked") faults.push(message.fault);
    },
  );
  if (signal.aborted) return;
  const fault = faults.find((fault) => fault !== null);
  if (fault) throw new UsageError(fault);
  const unknown = [...models.keys()][faults.length];
  if (unknown !== undefined) {
    throw new Error(`Cannot look at the model ${unknown}: ${reason ?? "the worker said nothing"}`);
  }
}
