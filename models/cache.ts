/**
 * Files that are made once from other files and kept in the platform's cache folder.
 * @module
 */
import { join } from "node:path";
import { exists, isFolder, readText, sha256File } from "../base/files.ts";
import { draftOf, replaceFile, sweepDrafts } from "../base/write-files.ts";

/** Characters of a SHA-256 in hexadecimal. */
const SHA256_LENGTH = 64;

/** The platform's cache folder for this program; the environment variable TUNEBENCH_CACHE overrides it. */
export function cacheFolder(): string {
  const named = Deno.env.get("TUNEBENCH_CACHE");
  if (named) return named;
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

function unusable({ message }: Error): Error {
  return new Error(`Cannot use the cache folder ${cacheFolder()}: ${message}`);
}

/** Removes what was being made in the cache by processes that have ended. */
export async function sweepCache(): Promise<void> {
  if (await isFolder(cacheFolder())) await sweepDrafts(cacheFolder());
}

/** Makes a folder in the cache for what is not kept; its user removes it, or, where that process is ended, {@linkcode sweepCache}. */
export async function temporaryFolder(name: string): Promise<string> {
  const path = draftOf(join(cacheFolder(), name));
  await Deno.mkdir(path, { recursive: true }).catch((error) => {
    throw unusable(error);
  });
  return path;
}

/**
 * Keeps other processes from making the same file; the system ends that when the file is closed or the process ends. A file
 * system without locks lets several make it, each under another name.
 */
async function lockCache(): Promise<Disposable | undefined> {
  try {
    await Deno.mkdir(cacheFolder(), { recursive: true });
    const file = await Deno.open(join(cacheFolder(), "lock"), { write: true, create: true });
    await file.lock(true);
    return file;
  } catch {
    // If the folder cannot be written, making the file says so.
    return undefined;
  }
}

/**
 * The path of a file made from others, whose checksum is not known before it is made. The checksum is then written beside
 * the file, as the last step. If several processes ask at once, one makes it and the others wait.
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
  const path = join(cacheFolder(), `${name}-${source.slice(0, 16)}.${extension}`);
  const isMade = async () => {
    if (!await exists(note)) return false;
    const noted = await readText(note, SHA256_LENGTH).catch((error) => {
      throw unusable(error);
    });
    return await sha256File(path) === noted;
  };
  if (await isMade()) return path;
  using _lock = await lockCache();
  // Another process may have made it meanwhile.
  if (await isMade()) return path;
  const built = await replace(path, build, sha256File);
  await replace(note, (draft) => Deno.writeTextFile(draft, built!), () => Promise.resolve());
  return path;
}

/** Builds and checks a file beside its place, then puts it there in one step. Returns what the check returns. */
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
      throw unusable(error as Error);
    }
    await build(draft);
    return await check(draft);
  }).catch((error) => {
    // Only errors of the system have a cause; what is wrong with the source is said by the error itself.
    throw error.cause ? unusable(error) : error;
  });
}

/**
 * The path of a cached file, which is built if it is missing or damaged. If several processes ask at once, one builds it and
 * the others wait; where the file system has no locks each builds under a different name, and renaming is atomic.
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
  const isMade = async () =>
    await sha256File(path).catch((error) => {
      throw unusable(error);
    }) === sha256;
  if (await isMade()) return path;
  using _lock = await lockCache();
  if (await isMade()) return path;
  await replace(path, build, async (draft) => {
    const built = await sha256File(draft);
    if (built !== sha256) {
      throw new Error(`Cannot build ${path}: its SHA-256 must be ${sha256}, current value is ${built}`);
    }
  });
  return path;
}
