/**
 * The thread that decodes a Parquet file: a damaged page may have it write values without end.
 * @module
 */
import {
  type AsyncBuffer,
  type DecodedArray,
  type FileMetaData,
  parquetMetadataAsync,
  parquetScan,
  parquetSchema,
} from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { parentPort } from "node:worker_threads";
import type { ThreadAnswer } from "../../base/thread.ts";
import { cellText } from "./cell-text.ts";

/** What is decoded. */
export interface Encoded {
  /** Path or bytes of the file. */
  file: string | Uint8Array<ArrayBuffer>;
  /** Names of the columns. */
  columns: string[];
}

/** A value as text, or a list of texts; null where it is missing. */
export type DecodedCell = string | string[] | null;

/** A message to the thread: {@linkcode Encoded} first, which gives the names of all columns; then the word for further rows. */
export type Ask = Encoded | "rows";

/** Some rows, each column apart; null if there are no more. */
export type DecodedRows = DecodedCell[][] | null;

/** Rows that are handed on at once. */
const ROWS = 1 << 13;

/** A file of which parts are read. */
async function opened(file: Encoded["file"]): Promise<AsyncBuffer> {
  // Of a view, its part of the buffer alone.
  if (typeof file !== "string") return new Uint8Array(file).buffer;
  const handle = await Deno.open(file);
  const { size } = await handle.stat();
  return {
    byteLength: size,
    slice(start, end = size) {
      if (!(start >= 0 && start <= end && end <= size)) throw new Error("its parts must lie in the file");
      const bytes = new Uint8Array(end - start);
      handle.seekSync(start, Deno.SeekMode.Start);
      for (let at = 0; at < bytes.length;) {
        const count = handle.readSync(bytes.subarray(at));
        if (count === null) throw new Error("it must not change while it is read");
        at += count;
      }
      return bytes.buffer;
    },
  };
}

/** Rows of one row group after the other, of which one alone is in memory. */
async function* rowsOf(
  file: AsyncBuffer,
  metadata: FileMetaData,
  columns: readonly string[],
): AsyncGenerator<DecodedCell[][]> {
  for (const group of metadata.row_groups) {
    // A scan keeps the columns that it read: each group has its own.
    const scan = await parquetScan({
      file,
      metadata: { ...metadata, row_groups: [group] },
      columns: [...columns],
      compressors,
      useOffsetIndex: false,
    });
    const length = Number(group.num_rows);
    const values: DecodedArray[] = [];
    for (const column of length > 0 ? columns : []) {
      const decoded = await scan.readColumn({ column, rowStart: 0, rowEnd: length });
      if (decoded.length !== length) {
        throw new Error(`a row group must have ${length} values of ${column}, it has ${decoded.length}`);
      }
      values.push(decoded);
    }
    for (let row = 0; row < length; row += ROWS) {
      yield columns.map((column, at) =>
        Array.from<unknown, DecodedCell>(values[at].slice(row, row + ROWS), (value) => textOf(value, column))
      );
    }
  }
}

function textOf(value: unknown, column: string): DecodedCell {
  const text = cellText(value);
  if (text === undefined) throw new Error(`${column} must hold texts, numbers or booleans, or lists of them`);
  return text;
}

let rows: AsyncGenerator<DecodedCell[][]>;

async function answer(ask: Ask): Promise<string[] | DecodedRows> {
  if (ask === "rows") return (await rows.next()).value ?? null;
  const file = await opened(ask.file);
  const metadata = await parquetMetadataAsync(file);
  rows = rowsOf(file, metadata, ask.columns);
  // A damaged file may have a column without a name, or with a number for it.
  return parquetSchema(metadata).children.map(({ element }) => String(element.name ?? ""));
}

parentPort!.on("message", async (ask: Ask) => {
  const said: ThreadAnswer<string[] | DecodedRows> = await answer(ask).then(
    (result) => ({ result }),
    ({ message }) => ({ error: message }),
  );
  parentPort!.postMessage(said);
});
