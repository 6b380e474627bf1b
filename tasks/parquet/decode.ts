/**
 * The thread that decodes a Parquet file: a damaged page may have it write values without end.
 * @module
 */
import { parquetMetadata, parquetReadObjects, parquetSchema } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { parentPort } from "node:worker_threads";
import type { ThreadAnswer } from "../../base/thread.ts";
import { cellText } from "./cell-text.ts";

/** What is decoded. */
export interface Encoded {
  /** The file. */
  bytes: Uint8Array<ArrayBuffer>;
  /** Names of the columns. */
  columns: string[];
}

/** What it has. */
export interface Decoded {
  /** Names of all its columns. */
  names: string[];
  /** Rows of the columns' values as text or lists of texts, null where a value is missing; none if a column is missing. */
  rows: (string | string[] | null)[][];
}

async function decode({ bytes, columns }: Encoded): Promise<ThreadAnswer<Decoded>> {
  try {
    const metadata = parquetMetadata(bytes.buffer);
    // A damaged file may have a column without a name, or with a number for it.
    const names = parquetSchema(metadata).children.map(({ element }) => String(element.name ?? ""));
    if (columns.some((column) => !names.includes(column))) return { result: { names, rows: [] } };
    const rows = await parquetReadObjects({ file: bytes.buffer, metadata, columns, compressors });
    return { result: { names, rows: rows.map((row) => columns.map((column) => textOf(row[column], column))) } };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

function textOf(value: unknown, column: string): string | string[] | null {
  const text = cellText(value);
  if (text === undefined) throw new Error(`${column} must hold texts, numbers or booleans, or lists of them`);
  return text;
}

parentPort!.on("message", async (encoded: Encoded) => parentPort!.postMessage(await decode(encoded)));
