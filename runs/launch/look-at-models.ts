/**
 * Looks at the models of a study in a worker process, as this process must not load tokenizers.
 * @module
 */
import { UsageError } from "../../base/errors.ts";
import type { PluginPaths } from "../plugins/types.ts";
import type { Cell } from "../study/cell.ts";
import { settingId } from "../study/spec.ts";
import type { ModelFiles } from "./protocol.ts";
import { runWorker } from "./worker-process.ts";

/**
 * Makes sure that the models of cells can be opened and can read what they are asked: each is looked at once, so that a fault is found
 * before the first cell, not once in each.
 * @throws {UsageError} one sentence, if the files of a model cannot be used, or if it cannot read what a cell asks of it
 * @throws {Error} if looking at a model ended the worker
 */
export async function requireModels(cells: readonly Cell[], worker: URL, signal: AbortSignal): Promise<void> {
  const models = new Map<string, ModelFiles>();
  for (const [key, same] of Map.groupBy(cells, ({ spec: { model }, folder }) => folder ?? model.name)) {
    const [{ spec: { model }, folder }] = same;
    const settings = [...Map.groupBy(same, ({ spec }) => settingId(spec)).values()].map((ofSetting) => {
      const [{ id: _, trials: __, ...first }] = ofSetting;
      return { ...first, seeds: ofSetting.map(({ spec: { seed } }) => seed) };
    });
    models.set(key, { name: model.name, folder, settings });
  }
  const plugins: PluginPaths = Object.assign({}, ...cells.map(({ plugins }) => plugins));
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
