/**
 * A worker's answers to what only the code of plug-ins knows.
 * @module
 */
import { providedBy } from "../../plugins/provided.ts";
import { loadPlugins } from "../../plugins/load.ts";
import { cellsOf } from "../cells.ts";
import type { Message, PluginJob } from "../protocol.ts";

/** Answers a job whose plug-ins are loaded. @throws {UsageError} if what is asked is wrong */
export async function answer(job: PluginJob, send: (message: Message) => void): Promise<void> {
  send({ type: "loaded" });
  if (job.mode === "plan") {
    for (const cell of await cellsOf(job.study)) send({ type: "cell", cell });
  } else {
    const definitions = await loadPlugins(job.plugins);
    if (job.mode === "list") send({ type: "provided", provided: definitions.map(providedBy) });
    else {
      const { checkDefinition } = await import("../../plugins/check/check.ts");
      for (const definition of definitions) {
        send({ type: "checked", checked: await checkDefinition(definition, job.taskFiles) });
      }
    }
  }
  send({ type: "answered" });
}
