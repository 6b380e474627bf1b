/**
 * Parquet files, the format of data sets on the hub.
 * @module
 */
import { join } from "node:path";
import { type FileRow, readTaskFileBytes } from "./task-files.ts";
import type { TaskFiles } from "./types.ts";

/**
 * Reads some columns of a task file; each row is the values of the columns as text, with its number from 1.
 * @throws {Error} if the file is missing or has changed, if it cannot be read, or if a column or a value is missing
 */
export async function readParquet(taskFiles: TaskFiles, name: string, columns: string[]): Promise<FileRow[]> {
  const bytes = await readTaskFileBytes(taskFiles, name);
  const path = join(taskFiles.folder, name);
  // Imported only here, so that listing the tasks does not load them.
  const [{ parquetReadObjects }, { compressors }] = await Promise.all([
    import("hyparquet"),
    import("hyparquet-compressors"),
  ]);
  const file = new Uint8Array(bytes).buffer;
  const rows = await parquetReadObjects({ file, columns, compressors }).catch((error) => {
    throw new Error(
      `Cannot use ${path}: it must be a Parquet file with the columns ${columns.join(", ")}, ${
        error.message.split("\n")[0]
      }`,
    );
  });
  return rows.map((row, index) => ({
    line: index + 1,
    values: columns.map((column) => {
      if (row[column] !== undefined && row[column] !== null) return String(row[column]);
      throw new Error(`Cannot use ${path}: row ${index + 1} has no ${column}`);
    }),
  }));
}
