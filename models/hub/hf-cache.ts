/**
 * The cache folder of Hugging Face's own programs, which is read but never changed.
 * @module
 */
import { basename, join } from "node:path";
import { readText } from "../../base/files.ts";
import { digestFile } from "./download.ts";
import { filesIn, type FileSource } from "../file-source.ts";
import { folderName, type Repository, type Snapshot } from "./cache.ts";
import { isCommit, isSafePath } from "./name.ts";

/** Bytes of the longest ref that is read: a commit and a line end. */
const LONGEST_REF = 100;

/** HF_HUB_CACHE, else the folder hub in HF_HOME or its default; undefined if the environment names none of them. */
export function hfCacheFolder(): string | undefined {
  const named = Deno.env.get("HF_HUB_CACHE");
  if (named) return named;
  const home = Deno.env.get("HF_HOME");
  if (home) return join(home, "hub");
  const user = Deno.env.get("HOME") ?? Deno.env.get("USERPROFILE");
  const cache = Deno.env.get("XDG_CACHE_HOME") || (user && join(user, ".cache"));
  return cache && join(cache, "huggingface", "hub");
}

/** The commit that a branch or tag stood for when one of these programs last asked the hub. */
export async function readHfRef(repository: Repository, revision: string): Promise<string | undefined> {
  const cache = hfCacheFolder();
  if (cache === undefined || !isSafePath(revision)) return undefined;
  const commit = await readText(join(cache, folderName(repository), "refs", revision), LONGEST_REF).catch(() => "");
  return isCommit(commit.trim()) ? commit.trim() : undefined;
}

/**
 * The files of a commit in that cache.
 * @param choose names the files that are needed, given whether the repository certainly lacks a file; throws if one is missing
 * @returns undefined if not all of them are there, or if one is damaged
 */
export async function readHfSnapshot(
  repository: Repository,
  commit: string,
  choose: (source: FileSource, isAbsent: (name: string) => Promise<boolean>) => Promise<string[]>,
): Promise<Snapshot | undefined> {
  const cache = hfCacheFolder();
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
    // A file is a link to a blob, whose name is its checksum: SHA-256 for large files, git's SHA-1 for others.
    const blob = basename(await Deno.readLink(path).catch(() => ""));
    if (/^[0-9a-f]{64}$/.test(blob)) {
      files[name] = { size, sha256: blob };
      continue;
    }
    const digest = await digestFile(path);
    if (isCommit(blob) && digest.git !== blob) return undefined;
    files[name] = { size, sha256: digest.sha256 };
  }
  return { commit, folder, files };
}
