/**
 * Frozen tensors that methods draw from a seed, stored in files so that programs read them like the backbone's weights.
 * @module
 */
import { createHash } from "node:crypto";
import { readSafetensors, writeSafetensors } from "../../engine/safetensors.ts";
import type { StoredTensor } from "../../engine/types.ts";
import type { Adaptation } from "../../methods/adaptation/compose.ts";
import { derivedFile } from "../../models/cache.ts";

/**
 * Draws an adaptation's frozen tensors into a file of the cache, unless it is there already.
 * @returns where each tensor lies, by its name in the adaptation
 * @throws {Error} if the cache folder cannot be used
 */
export async function storeFrozen({ frozen }: Adaptation): Promise<Record<string, StoredTensor>> {
  if (frozen.length === 0) return {};
  const content = frozen.map(({ identity, shape }) => `${identity} [${shape}]\n`).join("");
  const source = createHash("sha256").update(content).digest("hex");
  const path = await derivedFile("frozen", source, "safetensors", (draft) =>
    writeSafetensors(
      draft,
      Object.fromEntries(frozen.map(({ name, shape, draw }) => [name, { shape, data: draw() }])),
    ));
  return await readSafetensors(path);
}
