/**
 * Where files of models lie on this machine, besides folders that the user names.
 * @module
 */
import { packagesFolder, type Permissions, projectFolder } from "../../base/permissions.ts";
import { cacheFolder } from "../cache.ts";
import { hfCacheFolder } from "./hf-cache.ts";

/** What it takes to use models: TuneBench with its packages, its cache, and the cache of Hugging Face's programs. */
export function modelPermissions(): Required<Pick<Permissions, "read" | "write" | "ffi">> {
  const hub = hfCacheFolder();
  return { read: [projectFolder, ...hub === undefined ? [] : [hub]], write: findCache(), ffi: [packagesFolder] };
}

/** The cache folder; none where no variable names one, which whoever needs it says. */
function findCache(): string[] {
  try {
    return [cacheFolder()];
  } catch {
    return [];
  }
}
