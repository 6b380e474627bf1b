/**
 * Loads plug-ins into the tables of methods, tasks and models. Their code runs here: for workers, and for processes that have given up what
 * plug-ins must not have.
 * @module
 */
import { pathToFileURL } from "node:url";
import { shorten, UsageError } from "../../base/errors.ts";
import { methods } from "../../methods/mod.ts";
import { models } from "../../models/mod.ts";
import { tasks } from "../../tasks/mod.ts";
import { type Definition, definitionOf } from "./define.ts";
import { brokenRule } from "./failure.ts";
import { sumOf } from "./files.ts";
import type { PluginFiles, PluginPaths } from "./types.ts";

const tables = { method: methods, task: tasks, model: models };

/**
 * Loads plug-ins; one that is loaded already is passed over.
 * @returns what all of them define
 * @throws {UsageError} one sentence with the plug-in's file, if it cannot be loaded, defines nothing, or what has another's name
 * @throws {Error} if its files are no longer those of the checksum
 */
export async function loadPlugins(plugins: PluginPaths): Promise<Definition[]> {
  const all: Definition[] = [];
  for (const [sha256, plugin] of Object.entries(plugins)) {
    if (await sumOf(plugin) !== sha256) {
      throw new Error(
        `Cannot use the plug-in ${plugin.name}: its files must stay as they were, they have changed since`,
      );
    }
    const found = Object.values(await importPlugin(plugin)).map(definitionOf).filter((one) => one !== undefined);
    const definitions = [...new Map(found.map((one) => [one.entry as object, one])).values()];
    if (definitions.length === 0) {
      refuse(plugin, "it must export what defineMethod, defineTask or defineModel returns, it exports no such thing");
    }
    for (const definition of definitions) add(definition, sha256, plugin);
    all.push(...definitions);
  }
  return all;
}

/** Puts what is defined into its table. */
function add({ kind, entry }: Definition, sha256: string, plugin: PluginFiles): void {
  const table: Record<string, Definition["entry"]> = tables[kind];
  const { name } = entry;
  const namesake = Object.hasOwn(table, name) ? table[name] : undefined;
  if (namesake && namesake !== entry) {
    const whose = namesake.plugin === undefined ? "a built-in" : "another plug-in's";
    refuse(plugin, `its ${kind} ${name} must have a name of its own, ${whose} ${kind} has this one`);
  }
  table[name] = entry;
  entry.plugin = sha256;
}

function refuse({ name }: PluginFiles, rule: string): never {
  throw new UsageError(`Cannot use the plug-in ${shorten(name)}: ${rule}`);
}

/** Runs a plug-in's file. @throws {UsageError} why it cannot be run */
async function importPlugin(plugin: PluginFiles): Promise<Record<string, unknown>> {
  try {
    return await import(pathToFileURL(plugin.files[0]).href);
  } catch (error) {
    const [message] = (error instanceof Error ? error.message : String(error)).split("\n");
    if (error instanceof UsageError) return refuse(plugin, message.replace(/^Cannot define /, ""));
    return refuse(plugin, brokenRule(message, `it must load without an error, ${shorten(message, 300)}`));
  }
}
