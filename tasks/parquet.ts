/**
 * Parquet files, the format of data sets on the hub.
 * @module
 */
import { join } from "node:path";
import { shorten } from "../base/errors.ts";
import { Thread, type ThreadLimits } from "../base/thread.ts";
import type { Ask, DecodedCell, DecodedRows, Encoded } from "./parquet/decode.ts";
import { type FileRow, readTaskFileBytes, requireColumns } from "./task-files.ts";
import type { TaskFiles } from "./types.ts";

/**
 * What a file of so many bytes may take. On two cores with fourteen other processes, 60,000 pairs of sentences (2.5 MB) took 5 s and 90 MB,
 * 400,000 (17 MB) 42 s and 600 MB.
 */
function limitsOf(length: number): ThreadLimits {
  const mebibytes = Math.ceil(length / 2 ** 20);
  // A row group is in memory at once, so no file needs more than one of 256 MiB as a whole.
  return { seconds: 8 + 4 * mebibytes, bytes: 2 ** 29 + Math.min(mebibytes, 256) * 2 ** 26 };
}

/**
 * Reads some columns of a Parquet file, a row group at a time.
 * @param file its path, or its bytes where they are in memory already
 * @param path what messages call it
 * @param visit takes a row's number from 1 and the values of the columns as text or lists of texts, null where a value is missing
 * @throws {Error} if it is no such file, if a column is missing, or if it cannot be read within limits; else what a visit threw
 */
export async function readParquetRows(
  file: Encoded["file"],
  path: string,
  columns: readonly string[],
  visit: (line: number, values: DecodedCell[]) => void,
  limits?: ThreadLimits,
): Promise<void> {
  limits ??= limitsOf(typeof file === "string" ? (await Deno.stat(file)).size : file.length);
  using thread = new Thread(new URL("./parquet/decode.ts", import.meta.url), limits);
  const ask = async <T>(message: Ask) =>
    await thread.ask<T>(message).catch(({ message }) => {
      throw new Error(
        `Cannot use ${path}: it must be a Parquet file with the columns ${columns.join(", ")}, ${shorten(message)}`,
      );
    });
  requireColumns(path, columns, await ask<string[]>({ file, columns: [...columns] }));
  let line = 0;
  for (let part; (part = await ask<DecodedRows>("rows")) !== null;) {
    for (let at = 0; at < part[0].length; at++) visit(++line, part.map((values) => values[at]));
  }
}

/**
 * Reads some columns of a task file; each row is the values of the columns as text, with its number from 1.
 * @throws {Error} if the file is missing or has changed, if it cannot be read within limits, or if a column or a value is missing
 */
export async function readParquet(
  taskFiles: TaskFiles,
  name: string,
  columns: string[],
  limits?: ThreadLimits,
): Promise<FileRow[]> {
  const path = join(taskFiles.folder, name);
  const bytes = await readTaskFileBytes(taskFiles, name);
  const rows: FileRow[] = [];
  await readParquetRows(bytes, path, columns, (line, values) => {
    const texts = values.map((value, at) => {
      if (typeof value === "string") return value;
      throw new Error(`Cannot use ${path}: row ${line} has ${value === null ? "no" : "a list as"} ${columns[at]}`);
    });
    rows.push({ line, values: texts });
  }, limits);
  return rows;
}
