/**
 * Rows of Parquet files, the form that data sets have on the hub.
 * @module
 */
import { join } from "node:path";
import type { TaskFiles } from "./types.ts";
import { readGivenBytes } from "./task-files.ts";

/**
 * The values of some columns as text, row by row.
 * @throws {Error} if the file is missing or has changed, if it cannot be read, or if a column or a value is missing
 */
export async function readParquet(given: TaskFiles, name: string, columns: string[]): Promise<string[][]> {
  const bytes = await readGivenBytes(given, name);
  const place = join(given.folder, name);
  // Loaded here so that listing tasks does not load them.
  const [{ parquetReadObjects }, { compressors }] = await Promise.all([
    import("hyparquet"),
    import("hyparquet-compressors"),
  ]);
  const file = new Uint8Array(bytes).buffer;
  const rows = await parquetReadObjects({ file, columns, compressors }).catch((error) => {
    throw new Error(
      `Cannot use ${place}: it must be a Parquet file with the columns ${columns.join(", ")}, ${
        error.message.split("\n")[0]
      }`,
    );
  });
  return rows.map((row, at) =>
    columns.map((column) => {
      if (row[column] !== undefined && row[column] !== null) return String(row[column]);
      throw new Error(`Cannot use ${place}: row ${at} has no ${column}`);
    })
  );
}
