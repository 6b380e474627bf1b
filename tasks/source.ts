/**
 * Reads the files that tasks are made from, out of the installed npm packages.
 * @module
 */
import { createHash, type Hash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import type { SourceFile } from "./types.ts";

const { resolve } = createRequire(import.meta.url);

/**
 * The text of a source file.
 * @throws {Error} if the file is missing or its SHA-256 is not that of `source`
 */
export async function readSource(source: SourceFile): Promise<string> {
  const bytes = await reading(source, () => readFile(resolve(source.path)));
  check(source, createHash("sha256").update(bytes));
  return decode(bytes);
}

/**
 * Name and text of many files of one package, one after the other in the order of their names. The last part of
 * `source.path` is a regular expression for the names; the SHA-256 is that of all files together, as by `cat`.
 * @throws {Error} if the package is missing or, after the last file, if the SHA-256 is not that of `source`
 */
export async function* readSources(source: SourceFile): AsyncGenerator<[name: string, text: string]> {
  const pattern = new RegExp(`^${basename(source.path)}$`);
  const folder = await reading(source, () => dirname(resolve(`${dirname(source.path)}/package.json`)));
  const names = await reading(source, () => readdir(folder));
  const hash = createHash("sha256");
  for (const name of names.filter((name) => pattern.test(name)).sort()) {
    const bytes = await reading(source, () => readFile(join(folder, name)));
    hash.update(bytes);
    yield [name, decode(bytes)];
  }
  check(source, hash);
}

async function reading<T>(source: SourceFile, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw new Error(`Cannot read ${source.path}: it must be among the installed npm packages (deno install)`, {
      cause,
    });
  }
}

function check(source: SourceFile, hash: Hash): void {
  const sha256 = hash.digest("hex");
  if (sha256 !== source.sha256) {
    throw new Error(`Cannot use ${source.path}: its SHA-256 must be ${source.sha256}, current value is ${sha256}`);
  }
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
