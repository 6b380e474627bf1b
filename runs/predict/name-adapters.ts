/**
 * Names by which lines choose adapters.
 * @module
 */
import { basename, resolve } from "node:path";
import { UsageError } from "../../base/errors.ts";
import type { LoadedAdapter } from "./load.ts";
import { batchKey, programKey } from "./shared-program.ts";

/** An adapter with its name. */
export interface NamedAdapter {
  /** Its task's name; its folder's where the task is unknown or several adapters have it. */
  name: string;
  /** The adapter. */
  adapter: LoadedAdapter;
  /** Equal for adapters that share a program. */
  programKey: string;
  /** Equal for adapters whose texts may be computed in one batch. */
  batchKey: string;
}

/** Name of an adapter's folder. */
export function folderName({ folder }: Pick<LoadedAdapter, "folder">): string {
  return basename(resolve(folder));
}

/** Gives each adapter a name of its own. @throws {UsageError} if two folders have the same name */
export function nameAdapters(adapters: readonly LoadedAdapter[]): NamedAdapter[] {
  const folders = adapters.map(folderName);
  const repeated = folders.find((name, at) => folders.indexOf(name) !== at);
  if (repeated !== undefined) {
    throw new UsageError(
      `Cannot tell the adapters apart: their folders must differ in name, two are called ${repeated}`,
    );
  }
  const isUnique = (task: string | null) =>
    task !== null && !folders.includes(task) && adapters.filter((adapter) => adapter.task === task).length === 1;
  return adapters.map((adapter, at) => ({
    name: isUnique(adapter.task) ? adapter.task! : folders[at],
    adapter,
    programKey: programKey(adapter),
    batchKey: batchKey(adapter, at),
  }));
}
