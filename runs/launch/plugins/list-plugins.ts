/**
 * What plug-ins define.
 * @module
 */
import { openPlugins } from "../../plugins/files.ts";
import type { Provided } from "../../plugins/provided.ts";
import { askWorker } from "./ask-worker.ts";

/** What plug-ins define, in their order. @throws {UsageError} if one of them cannot be used */
export async function listPlugins(paths: readonly string[]): Promise<Provided[]> {
  let provided: Provided[] = [];
  await askWorker({ mode: "list", plugins: await openPlugins(paths) }, (message) => {
    if (message.type === "provided") ({ provided } = message);
  });
  return provided;
}
