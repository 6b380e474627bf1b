/**
 * The thread that decodes a Parquet file: a damaged page may have it write values without end.
 * @module
 */
import { parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { parentPort } from "node:worker_threads";
import type { ThreadAnswer } from "../../base/thread.ts";

/** What is decoded. */
export interface Encoded {
  /** The file. */
  bytes: Uint8Array<ArrayBuffer>;
  /** Names of the columns. */
  columns: string[];
}

/** Rows of the columns' values as text; null where a value is missing. */
export type Decoded = (string | null)[][];

async function decode({ bytes, columns }: Encoded): Promise<ThreadAnswer<Decoded>> {
  try {
    const rows = await parquetReadObjects({ file: bytes.buffer, columns, compressors });
    const textOf = (value: unknown) => value === undefined || value === null ? null : String(value);
    return { result: rows.map((row) => columns.map((column) => textOf(row[column]))) };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

parentPort!.on("message", async (encoded: Encoded) => parentPort!.postMessage(await decode(encoded)));
