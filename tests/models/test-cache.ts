/**
 * The cache folder of tests that convert weights: one for all of them, as they may run in one process.
 * @module
 */
import { makeFolder } from "./folder/copies.ts";

/** The folder. */
export const cache = await makeFolder({});
Deno.env.set("TUNEBENCH_CACHE", cache);
