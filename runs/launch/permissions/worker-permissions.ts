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
  places: readonly LocalPaths[];
  /** Other files and folders. */
  reads?: readonly string[];
  /** The results folder, if it runs a cell. */
  out?: string;
  /** Whether it computes with a device. */
  computes: boolean;
}

/** The files and folders of a place. */
export function pathsOf({ folder, taskFiles, tables = {}, from, plugins = {} }: LocalPaths): string[] {
  const ofPlugins = Object.values(plugins).flatMap(({ files }) => files);
  return [folder, taskFiles, ...Object.values(tables).flat(), from, ...ofPlugins].filter((path) => path !== undefined);
}

/**
 * A worker reads TuneBench, its own program, the caches, and what its job names; it writes the cache and, where it runs a cell,
 * the results folder. It starts no program and reaches no network.
 * @param entry the worker's program
 */
export function workerPermissions({ places, reads = [], out, computes }: Reach, entry: URL): Permissions {
  const { read, write, ffi } = modelPermissions();
  return {
    read: [...read, dirname(fileURLToPath(entry)), ...deviceFolders(), ...places.flatMap(pathsOf), ...reads],
    write: [...write, ...out === undefined ? [] : [out]],
    env: [...ENVIRONMENT, ...deviceVariables],
    sys: [...SYSTEM, ...LOADER],
    // Looking at a model loads the tokenizers library alone; ONNX Runtime's functions are called by their addresses.
    ffi: computes ? "any" : ffi,
  };
}
