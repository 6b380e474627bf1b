/**
 * Files made once from a package's files and kept in the platform's cache folder.
 * @module
 */
import { join } from "node:path";
import { sha256File } from "./checksum.ts";

/** The platform's cache folder for this program; the environment variable TUNEBENCH_CACHE overrides it. */
export function cacheFolder(): string {
  const own = Deno.env.get("TUNEBENCH_CACHE");
  if (own) return own;
  const home = () => Deno.env.get("HOME") ?? fail("HOME or TUNEBENCH_CACHE");
  switch (Deno.build.os) {
    case "windows":
      return join(Deno.env.get("LOCALAPPDATA") ?? fail("LOCALAPPDATA or TUNEBENCH_CACHE"), "tunebench");
    case "darwin":
      return join(home(), "Library", "Caches", "tunebench");
    default:
      return join(Deno.env.get("XDG_CACHE_HOME") || join(home(), ".cache"), "tunebench");
  }
}

function fail(variables: string): never {
  throw new Error(`Cannot find the cache folder: the environment variable ${variables} must be set`);
}

/**
 * The path of a cached file, which is built where it is missing or damaged. Several processes may ask for it at once:
 * each builds under a name of its own, and the rename is atomic.
 * @param name file name without extension; part of the checksum is added to it
 * @param sha256 checksum of the whole file
 * @param build writes the file to a path
 * @throws {Error} if the folder cannot be used, or if what was built has another checksum
 */
export async function cachedFile(
  name: string,
  extension: string,
  sha256: string,
  build: (path: string) => Promise<void>,
): Promise<string> {
  const folder = cacheFolder();
  const path = join(folder, `${name}-${sha256.slice(0, 16)}.${extension}`);
  const temporary = `${path}.${crypto.randomUUID()}`;
  try {
    if (await sha256File(path) === sha256) return path;
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeFile(temporary, new Uint8Array());
  } catch (error) {
    throw new Error(`Cannot use the cache folder ${folder}: ${(error as Error).message}`);
  }
  try {
    await build(temporary);
    const built = await sha256File(temporary);
    if (built !== sha256) {
      throw new Error(`Cannot build ${path}: its SHA-256 must be ${sha256}, current value is ${built}`);
    }
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary);
    throw error;
  }
  return path;
}
