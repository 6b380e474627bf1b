/**
 * Files of tasks whose data users have and the project must not carry.
 * @module
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { TaskFiles } from "./types.ts";

/**
 * The files of those names, with their checksums.
 * @throws {Error} if one is missing
 */
export async function hashTaskFiles(folder: string, names: readonly string[]): Promise<TaskFiles> {
  const files: Record<string, string> = {};
  for (const name of names) files[name] = sha256(await read(folder, name));
  return { folder, files };
}

/**
 * The bytes of a file.
 * @throws {Error} if it is missing or has changed
 */
export async function readGivenBytes({ folder, files }: TaskFiles, name: string): Promise<Uint8Array> {
  const bytes = await read(folder, name);
  const found = sha256(bytes);
  if (found === files[name]) return bytes;
  throw new Error(`Cannot use ${join(folder, name)}: its SHA-256 must be ${files[name]}, current value is ${found}`);
}

/**
 * The text of a file.
 * @throws {Error} if it is missing or has changed
 */
export async function readGiven(given: TaskFiles, name: string): Promise<string> {
  return new TextDecoder().decode(await readGivenBytes(given, name));
}

/**
 * The rows of a file of tab-separated values, without the header. There is no quoting.
 * @throws {Error} if the file is missing or has changed, if its header is another, or if a row has other parts
 */
export async function readRows(given: TaskFiles, name: string, header: string[]): Promise<string[][]> {
  const { folder } = given;
  const lines = (await readGiven(given, name)).replace(/\r?\n$/, "").split(/\r?\n/);
  if (lines[0] !== header.join("\t")) {
    throw new Error(
      `Cannot use ${join(folder, name)}: its first line must be ${header.join(", ")} with tabs between, ` +
        `current value is ${lines[0].slice(0, 80)}`,
    );
  }
  return lines.slice(1).map((line, at) => {
    const parts = line.split("\t");
    if (parts.length === header.length) return parts;
    throw new Error(
      `Cannot use ${join(folder, name)}: line ${at + 2} must have ${header.length} parts, ` +
        `current value is ${parts.length}`,
    );
  });
}

async function read(folder: string, name: string): Promise<Uint8Array> {
  return await readFile(join(folder, name)).catch((cause) => {
    throw new Error(`Cannot read ${join(folder, name)}: there must be such a file`, { cause });
  });
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
