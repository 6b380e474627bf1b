/**
 * What a worker may touch.
 * @module
 */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { ENVIRONMENT, LOADER, type Permissions, SYSTEM } from "../../../base/permissions.ts";
import { deviceFolders, deviceVariables } from "../../../engine/devices/optional-package.ts";
import { modelPermissions } from "../../../models/hub/places.ts";
import type { LocalPaths } from "../../study/cell.ts";

/** What a worker's job names. */
export interface Reach {
  /** Models, files of tasks, adapters. */
  places: readonly Partial<LocalPaths>[];
  /** The results folder, if it runs a cell. */
  out?: string;
  /** Whether it computes with a device. */
  computes: boolean;
}

/**
 * A worker reads TuneBench, its own program, the caches, and what its job names; it writes the cache and, where it runs a cell,
 * the results folder. It starts no program and reaches no network.
 * @param entry the worker's program
 */
export function workerPermissions({ places, out, computes }: Reach, entry: URL): Permissions {
  const { read, write, ffi } = modelPermissions();
  const named = places.flatMap((
    { folder, taskFiles, tables = {}, from },
  ) => [folder, taskFiles, ...Object.values(tables).flat(), from])
    .filter((path) => path !== undefined);
  return {
    read: [...read, dirname(fileURLToPath(entry)), ...deviceFolders(), ...named],
    write: [...write, ...out === undefined ? [] : [out]],
    env: [...ENVIRONMENT, ...deviceVariables],
    sys: [...SYSTEM, ...LOADER],
    // Looking at a model loads the tokenizers library alone; ONNX Runtime's functions are called by their addresses.
    ffi: computes ? "any" : ffi,
  };
}
