/**
 * The checksums of an export, by which it is recognised.
 * @module
 */
import { join, relative } from "node:path";
import { UsageError } from "../../base/errors.ts";
import { isFolder, sha256File } from "../../base/files.ts";

/** Name of the file, which `sha256sum --check` reads. */
export const MANIFEST = "manifest-sha256.txt";

/** Paths of all files in a folder and its subfolders, sorted, with / between parts. Links are listed, not followed. */
export async function listFiles(folder: string): Promise<string[]> {
  const paths: string[] = [];
  const walk = async (path: string) => {
    for await (const { name, isDirectory } of Deno.readDir(path)) {
      if (isDirectory) await walk(join(path, name));
      else paths.push(relative(folder, join(path, name)).replaceAll("\\", "/"));
    }
  };
  await walk(folder);
  return paths.sort();
}

/** A line for each file of a folder but the manifest: SHA-256, two spaces, path. */
export async function makeManifest(folder: string): Promise<string> {
  const lines: string[] = [];
  for (const path of await listFiles(folder)) {
    if (path !== MANIFEST) lines.push(`${await sha256File(join(folder, path))}  ${path}\n`);
  }
  return lines.join("");
}

/**
 * Makes sure that an export may be written there: the folder is missing, empty, or an export that nobody has changed.
 * @throws {UsageError} if it is anything else
 */
export async function requireReplaceable(folder: string): Promise<void> {
  const found = await Deno.lstat(folder).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  });
  if (found === null) return;
  if (!await isFolder(folder)) throw new UsageError(`Cannot export to ${folder}: it must be a folder, it is none`);
  const names = await Array.fromAsync(Deno.readDir(folder));
  if (names.length === 0) return;
  const manifest = await Deno.readTextFile(join(folder, MANIFEST)).catch(() => null);
  if (manifest !== null && manifest === await makeManifest(folder)) return;
  throw new UsageError(
    `Cannot export to ${folder}: it must be empty or an unchanged export, ` +
      (manifest === null ? `it holds ${names.length} others` : "files of it are not as its manifest says"),
  );
}
