/**
 * The cache folder of the hub's own programs, which is read and never changed.
 * @module
 */
import { basename, join } from "node:path";
import { digestFile } from "./download.ts";
import { filesIn, type FileSource } from "../file-source.ts";
import { folderName, type Repository, type Snapshot } from "./cache.ts";
import { isCommit, isSafePath } from "./name.ts";

/** HF_HUB_CACHE, or hub in HF_HOME or where that is by default; undefined where the environment names no place. */
function cacheOfTheirs(): string | undefined {
  const named = Deno.env.get("HF_HUB_CACHE");
  if (named) return named;
  const home = Deno.env.get("HF_HOME");
  if (home) return join(home, "hub");
  const user = Deno.env.get("HOME") ?? Deno.env.get("USERPROFILE");
  const cache = Deno.env.get("XDG_CACHE_HOME") || (user && join(user, ".cache"));
  return cache && join(cache, "huggingface", "hub");
}

/** The commit that a branch or tag stood for when they last asked the hub. */
export async function readTheirRef(repository: Repository, revision: string): Promise<string | undefined> {
  const cache = cacheOfTheirs();
  if (cache === undefined || !isSafePath(revision)) return undefined;
  const commit = await Deno.readTextFile(join(cache, folderName(repository), "refs", revision)).catch(() => "");
  return isCommit(commit.trim()) ? commit.trim() : undefined;
}

/**
 * The files of a commit in their cache.
 * @param choose names what is needed, throws where something of it is missing; told what they know not to exist
 * @returns undefined where not all of them are there, or where one is damaged
 */
export async function readTheirSnapshot(
  repository: Repository,
  commit: string,
  choose: (source: FileSource, isAbsent: (name: string) => Promise<boolean>) => Promise<string[]>,
): Promise<Snapshot | undefined> {
  const cache = cacheOfTheirs();
  if (cache === undefined) return undefined;
  const folder = join(cache, folderName(repository), "snapshots", commit);
  const absent = filesIn(join(cache, folderName(repository), ".no_exist", commit));
  const source = filesIn(folder);
  let names: string[];
  try {
    names = await choose(source, absent.has);
  } catch {
    return undefined;
  }
  const files: Snapshot["files"] = {};
  for (const name of names) {
    if (!await source.has(name)) return undefined;
    const path = join(folder, name);
    const { size } = await Deno.stat(path);
    // A link to a blob that is named by its checksum: SHA-256 of large files, git's SHA-1 of all others.
    const blob = basename(await Deno.readLink(path).catch(() => ""));
    if (/^[0-9a-f]{64}$/.test(blob)) {
      files[name] = { size, sha256: blob };
      continue;
    }
    const found = await digestFile(path);
    if (isCommit(blob) && found.git !== blob) return undefined;
    files[name] = { size, sha256: found.sha256 };
  }
  return { commit, folder, files };
}
