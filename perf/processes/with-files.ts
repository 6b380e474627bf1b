/**
 * Temporary folders for measurements.
 * @module
 */
import type { FilesSpec } from "./files.ts";
import { runProgram } from "./start.ts";

/** Calls `measure` with a temporary folder, and removes the folder afterwards. */
export async function withTemporaryFolder<T>(measure: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "tunebench-perf-" });
  return await measure(folder).finally(() => Deno.remove(folder, { recursive: true }));
}

/** Calls `measure` with a temporary folder that holds the files of a comparison. */
export function withFiles<T>(spec: FilesSpec, measure: (folder: string) => Promise<T>): Promise<T> {
  return withTemporaryFolder(async (folder) => {
    await runProgram("write-classifier.ts", [folder, JSON.stringify(spec)]);
    return await measure(folder);
  });
}
