/**
 * Tries whether a definition keeps its contract.
 * @module
 */
import { temporaryFolder } from "../../../models/cache.ts";
import type { Definition } from "../define.ts";
import { methodChecks } from "./method.ts";
import { modelChecks } from "./model.ts";
import { taskChecks } from "./task.ts";
import type { Check, Checked } from "./types.ts";

/**
 * Tries the rules of a definition's contract, one after the other.
 * @param taskFiles folder of the files that a task asks for
 */
export async function checkDefinition({ kind, entry }: Definition, taskFiles?: string): Promise<Checked> {
  const folder = await temporaryFolder("check");
  try {
    const rules = kind === "method"
      ? methodChecks(entry, folder)
      : kind === "task"
      ? taskChecks(entry, taskFiles)
      : modelChecks(entry);
    const checks: Check[] = [];
    for (const [rule, attempt] of rules) checks.push({ rule, ...await outcomeOf(attempt) });
    return { kind, name: entry.name, checks };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function outcomeOf(attempt: () => Promise<string>): Promise<Omit<Check, "rule">> {
  try {
    return { passed: true, detail: await attempt() };
  } catch (error) {
    const { message } = error instanceof Error ? error : new Error(String(error));
    return { passed: false, detail: message.split("\n")[0] };
  }
}
