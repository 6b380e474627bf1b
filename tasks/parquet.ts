/**
 * Parquet files, the format of data sets on the hub.
 * @module
 */
import { join } from "node:path";
import { shorten } from "../base/errors.ts";
import { onThread, type ThreadLimits } from "../base/thread.ts";
import type { Decoded, Encoded } from "./parquet/decode.ts";
import { type FileRow, readTaskFileBytes, requireColumns } from "./task-files.ts";
import type { TaskFiles } from "./types.ts";

/**
 * What a file of so many bytes may take. On two cores with fourteen other processes, 60,000 pairs of sentences (2.5 MB) took 5 s and 90 MB,
 * 400,000 (17 MB) 42 s and 600 MB.
 */
function limitsOf(length: number): ThreadLimits {
  const mebibytes = Math.ceil(length / 2 ** 20);
  return { seconds: 8 + 4 * mebibytes, bytes: 2 ** 29 + mebibytes * 2 ** 26 };
}

/** Rows of some columns, null where a value is missing, and the names of all columns. There are no rows if a column is missing. */
export type ParquetColumns = Decoded;

/**
 * Reads some columns of a Parquet file.
 * @throws {Error} if it is no such file, or if it cannot be read within limits
 */
export async function readParquetColumns(
  bytes: Uint8Array,
  path: string,
  columns: readonly string[],
  limits: ThreadLimits = limitsOf(bytes.length),
): Promise<ParquetColumns> {
  const encoded: Encoded = { bytes: new Uint8Array(bytes), columns: [...columns] };
  return await onThread<Decoded>(new URL("./parquet/decode.ts", import.meta.url), encoded, limits).catch(
    ({ message }) => {
      throw new Error(
        `Cannot use ${path}: it must be a Parquet file with the columns ${columns.join(", ")}, ${shorten(message)}`,
      );
    },
  );
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
  const { names, rows } = await readParquetColumns(await readTaskFileBytes(taskFiles, name), path, columns, limits);
  requireColumns(path, columns, names);
  return rows.map((row, index) => ({
    line: index + 1,
    values: row.map((value, at) => {
      if (typeof value === "string") return value;
      throw new Error(`Cannot use ${path}: row ${index + 1} has ${value === null ? "no" : "a list as"} ${columns[at]}`);
    }),
  }));
}
