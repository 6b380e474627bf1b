/**
 * Parquet files, the format of data sets on the hub.
 * @module
 */
import { join } from "node:path";
import { shorten } from "../base/errors.ts";
import { onThread, type ThreadLimits } from "../base/thread.ts";
import type { Decoded, Encoded } from "./parquet/decode.ts";
import { type FileRow, readTaskFileBytes } from "./task-files.ts";
import type { TaskFiles } from "./types.ts";

/** What a file may take: rte's, of 1 MB, take a tenth of both. */
const LIMITS: ThreadLimits = { seconds: 8, bytes: 1 << 29 };

/**
 * Reads some columns of a task file; each row is the values of the columns as text, with its number from 1.
 * @throws {Error} if the file is missing or has changed, if it cannot be read within limits, or if a column or a value is missing
 */
export async function readParquet(
  taskFiles: TaskFiles,
  name: string,
  columns: string[],
  limits: ThreadLimits = LIMITS,
): Promise<FileRow[]> {
  const encoded: Encoded = { bytes: new Uint8Array(await readTaskFileBytes(taskFiles, name)), columns };
  const path = join(taskFiles.folder, name);
  const rows = await onThread<Decoded>(new URL("./parquet/decode.ts", import.meta.url), encoded, limits).catch(
    ({ message }) => {
      throw new Error(
        `Cannot use ${path}: it must be a Parquet file with the columns ${columns.join(", ")}, ${shorten(message)}`,
      );
    },
  );
  return rows.map((row, index) => ({
    line: index + 1,
    values: row.map((value, at) => {
      if (value !== null) return value;
      throw new Error(`Cannot use ${path}: row ${index + 1} has no ${columns[at]}`);
    }),
  }));
}
