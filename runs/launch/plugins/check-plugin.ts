/**
 * Tries the contracts of a plug-in's definitions.
 * @module
 */
import type { Checked } from "../../plugins/check/types.ts";
import { openPlugins } from "../../plugins/files.ts";
import { askWorker } from "./ask-worker.ts";

/**
 * Tries what a plug-in defines in a worker.
 * @param taskFiles folder of the files that a task of it asks for
 * @param onChecked called with what was found of each definition
 * @throws {UsageError} if the plug-in cannot be used
 */
export async function checkPlugin(
  path: string,
  taskFiles: string | undefined,
  onChecked: (checked: Checked) => void,
): Promise<void> {
  await askWorker({ mode: "check", plugins: await openPlugins([path]), taskFiles }, (message) => {
    if (message.type === "checked") onChecked(message.checked);
  });
}
