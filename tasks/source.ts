/**
 * Reads the files that tasks are made from, which are parts of installed npm packages.
 * @module
 */
import { createHash, type Hash } from "node:crypto";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { openFile, readBytes } from "../base/files.ts";
import type { SourceFile } from "./types.ts";

const { resolve } = createRequire(import.meta.url);

/** Bytes of the longest source file that is read; those of the packages are far smaller. */
const LONGEST = 1 << 30;

/**
 * Reads a source file as text.
 * @throws {Error} if the file is missing, may not be read, or if its SHA-256 is not that of `source`
 */
export async function readSource(source: SourceFile): Promise<string> {
  const bytes = await readInstalled(await find(source, source.path));
  checkHash(source, createHash("sha256").update(bytes));
  return decode(bytes);
}

/**
 * Reads many files of one package as text, in the order of their names. The last part of `source.path` is a regular
 * expression that the names match; its SHA-256 is that of the concatenated files.
 * @throws {Error} if the package is missing, a file may not be read or, after the last file, if the SHA-256 is not that of `source`
 */
export async function* readSources(source: SourceFile): AsyncGenerator<[name: string, text: string]> {
  const pattern = new RegExp(`^${basename(source.path)}$`);
  const folder = dirname(await find(source, `${dirname(source.path)}/package.json`));
  const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
  const hash = createHash("sha256");
  for (const name of names.filter((name) => pattern.test(name)).sort()) {
    const bytes = await readInstalled(join(folder, name));
    hash.update(bytes);
    yield [name, decode(bytes)];
  }
  checkHash(source, hash);
}

/** Where a file of a package lies. @throws {Error} if it is not installed, or if a folder above it may not be read */
async function find(source: SourceFile, path: string): Promise<string> {
  try {
    return resolve(path);
  } catch (cause) {
    // What may not be read looks as if it were not there.
    for (const folder of resolve.paths(path) ?? []) await requirePermission(join(folder, path));
    throw new Error(`Cannot read ${source.path}: it must be among the installed npm packages (deno install)`, {
      cause,
    });
  }
}

/** @throws {Error} if there is a file that this user may not read */
async function requirePermission(path: string): Promise<void> {
  try {
    (await openFile(path)).file.close();
  } catch (error) {
    if ((error as Error).cause instanceof Deno.errors.PermissionDenied) throw error;
  }
}

/** Reads a file of a package; packages may be links to a store. */
async function readInstalled(path: string): Promise<Uint8Array<ArrayBuffer>> {
  return await readBytes(await Deno.realPath(path).catch(() => path), LONGEST);
}

function checkHash(source: SourceFile, hash: Hash): void {
  const sha256 = hash.digest("hex");
  if (sha256 !== source.sha256) {
    throw new Error(`Cannot use ${source.path}: its SHA-256 must be ${source.sha256}, current value is ${sha256}`);
  }
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
