/**
 * Files made once from a package's files and kept in the platform's cache folder.
 * @module
 */
import { join } from "node:path";
import { replaceFile, sha256File } from "../base/files.ts";

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
 * The path of a file made from others, whose checksum is known only once it is made: it is noted beside the file, last.
 * @param name file name without extension; part of `source` is added to it
 * @param source SHA-256 that identifies what it is made from
 * @param build writes the file to a path; the same bytes for the same source
 * @throws {Error} if the folder cannot be used
 */
export async function derivedFile(
  name: string,
  source: string,
  extension: string,
  build: (path: string) => Promise<void>,
): Promise<string> {
  const note = join(cacheFolder(), `${name}-${source.slice(0, 16)}.sha256`);
  const noted = await Deno.readTextFile(note).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return "";
    throw new Error(`Cannot use the cache folder ${cacheFolder()}: ${error.message}`);
  });
  const path = join(cacheFolder(), `${name}-${source.slice(0, 16)}.${extension}`);
  if (noted !== "" && await sha256File(path) === noted) return path;
  const built = await replace(path, build, sha256File);
  await replace(note, (draft) => Deno.writeTextFile(draft, built!), () => Promise.resolve());
  return path;
}

/** Puts a file in place in one step once it is built and checked; returns what the check found. */
async function replace<T>(
  path: string,
  build: (path: string) => Promise<void>,
  check: (path: string) => Promise<T>,
): Promise<T> {
  return await replaceFile(path, async (draft) => {
    try {
      await Deno.mkdir(cacheFolder(), { recursive: true });
      await Deno.writeFile(draft, new Uint8Array());
    } catch (error) {
      throw new Error(`Cannot use the cache folder ${cacheFolder()}: ${(error as Error).message}`);
    }
    await build(draft);
    return await check(draft);
  });
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
  const path = join(cacheFolder(), `${name}-${sha256.slice(0, 16)}.${extension}`);
  const found = await sha256File(path).catch((error) => {
    throw new Error(`Cannot use the cache folder ${cacheFolder()}: ${error.message}`);
  });
  if (found === sha256) return path;
  await replace(path, build, async (draft) => {
    const built = await sha256File(draft);
    if (built !== sha256) {
      throw new Error(`Cannot build ${path}: its SHA-256 must be ${sha256}, current value is ${built}`);
    }
  });
  return path;
}
