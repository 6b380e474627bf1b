/**
 * Reads the files that tasks are made from, which are parts of installed npm packages.
 * @module
 */
import { createHash, type Hash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import type { SourceFile } from "./types.ts";

const { resolve } = createRequire(import.meta.url);

/**
 * Reads a source file as text.
 * @throws {Error} if the file is missing or its SHA-256 is not that of `source`
 */
export async function readSource(source: SourceFile): Promise<string> {
  const bytes = await readOrExplain(source, () => readFile(resolve(source.path)));
  checkHash(source, createHash("sha256").update(bytes));
  return decode(bytes);
}

/**
 * Reads many files of one package as text, in the order of their names. The last part of `source.path` is a regular
 * expression that the names match; its SHA-256 is that of the concatenated files.
 * @throws {Error} if the package is missing or, after the last file, if the SHA-256 is not that of `source`
 */
export async function* readSources(source: SourceFile): AsyncGenerator<[name: string, text: string]> {
  const pattern = new RegExp(`^${basename(source.path)}$`);
  const folder = await readOrExplain(source, () => dirname(resolve(`${dirname(source.path)}/package.json`)));
  const names = await readOrExplain(source, () => readdir(folder));
  const hash = createHash("sha256");
  for (const name of names.filter((name) => pattern.test(name)).sort()) {
    const bytes = await readOrExplain(source, () => readFile(join(folder, name)));
    hash.update(bytes);
    yield [name, decode(bytes)];
  }
  checkHash(source, hash);
}

/** Calls `read`; an error says which file is missing. */
async function readOrExplain<T>(source: SourceFile, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw new Error(`Cannot read ${source.path}: it must be among the installed npm packages (deno install)`, {
      cause,
    });
  }
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
