/**
 * The model that adapters belong to.
 * @module
 */
import { join } from "node:path";
import { asUsageError, shorten, UsageError } from "../../base/errors.ts";
import { isFolder } from "../../base/files.ts";
import type { Model } from "../../models/types.ts";
import { type AdapterNote, readAdapterNote, requireFolder } from "../adapters/note.ts";
import { askFor } from "../plugins/kept.ts";
import { findModel } from "../study/find-model.ts";
import type { PredictorOptions } from "./types.ts";

/**
 * The model that the options name, else the one that the adapters' notes name.
 * @throws {UsageError} if it cannot be found, or if the notes name none or several
 */
export async function findAdaptersModel({ model, adapters }: PredictorOptions): Promise<Model> {
  if (model !== undefined) return await findModel(model);
  const models = new Map<string, AdapterNote["model"]>();
  for (const folder of adapters) {
    await asUsageError(() => requireFolder(folder));
    const note = await readAdapterNote(folder);
    if (!note) {
      const hint = await isFolder(join(folder, "adapters")) ? "; adapters of results lie in its folder adapters" : "";
      throw new UsageError(`Cannot choose a model: --model must name it, as the folder ${folder} does not${hint}`);
    }
    models.set(note.model.name, note.model);
  }
  const [first, ...others] = models.values();
  if (others.length > 0) {
    throw new UsageError(
      `Cannot choose a model: the adapters must be of one, they are of ${
        [...models.keys()].map((name) => shorten(name)).join(" and ")
      }`,
    );
  }
  const { name, plugin } = first;
  try {
    return await findModel(name);
  } catch {
    const remedy = plugin === undefined ? "--model must name it, or its folder" : askFor(plugin);
    throw new UsageError(`Cannot find the model ${shorten(name)} of the adapters: ${remedy}`);
  }
}
