/**
 * The tiny backbone that contracts are tried on, in a temporary file.
 * @module
 */
import type { Backbone } from "../../../models/types.ts";
import { tinyBackboneIn } from "../../../runs/plugins/check/tiny-model.ts";

export { tinySizes } from "../../../runs/plugins/check/tiny-model.ts";

/** A tiny backbone with random weights. */
export async function tinyBackbone(seed: number): Promise<Backbone> {
  const folder = await Deno.makeTempDir({ prefix: "tunebench-tiny-" });
  globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  return await tinyBackboneIn(folder, seed);
}
