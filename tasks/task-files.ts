/**
 * Task files: files that users give, for tasks whose data the project must not distribute.
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { shorten } from "../base/errors.ts";
import { readBytes } from "../base/files.ts";
import type { TaskFiles } from "./types.ts";

/** Bytes of the longest task file that is read. */
const LONGEST = 1 << 28;

/**
 * Computes the checksums of the files that a user gives.
 * @param folder folder of the files
 * @param names names of the files in it
 * @throws {Error} if one is missing
 */
export async function hashTaskFiles(folder: string, names: readonly string[]): Promise<TaskFiles> {
  const files: Record<string, string> = {};
  for (const name of names) files[name] = sha256(await readBytes(join(folder, name), LONGEST));
  return { folder, files };
}

/**
 * Reads a task file.
 * @throws {Error} if it is missing or has changed
 */
export async function readTaskFileBytes({ folder, files }: TaskFiles, name: string): Promise<Uint8Array> {
  const bytes = await readBytes(join(folder, name), LONGEST);
  const actual = sha256(bytes);
  if (actual === files[name]) return bytes;
  throw new Error(`Cannot use ${join(folder, name)}: its SHA-256 must be ${files[name]}, current value is ${actual}`);
}

/**
 * Reads a task file as text.
 * @throws {Error} if it is missing or has changed
 */
export async function readTaskFile(taskFiles: TaskFiles, name: string): Promise<string> {
  return new TextDecoder().decode(await readTaskFileBytes(taskFiles, name));
}

/**
 * Reads the rows of a file of tab-separated values without quoting; the header is left out.
 * @param header names of the columns that the file must have
 * @throws {Error} if the file is missing or has changed, or if its header or the number of values in a row is wrong
 */
export async function readTsv(taskFiles: TaskFiles, name: string, header: string[]): Promise<string[][]> {
  const { folder } = taskFiles;
  const lines = (await readTaskFile(taskFiles, name)).replace(/\r?\n$/, "").split(/\r?\n/);
  if (lines[0] !== header.join("\t")) {
    throw new Error(
      `Cannot use ${join(folder, name)}: its first line must be ${header.join(", ")} with tabs between, ` +
        `current value is ${shorten(lines[0])}`,
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

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
