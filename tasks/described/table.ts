/**
 * Files of rows: comma- or tab-separated values, JSON lines, Parquet, each also in gzip. The content says which it is, so that the
 * checksum of a file says what is read from it.
 * @module
 */
import { basename, dirname } from "node:path";
import { gunzipSync } from "node:zlib";
import { type ParquetColumns, readParquetColumns } from "../parquet.ts";
import { decodeText, hashTaskFiles, LONGEST, readTaskFileBytes, requireColumns } from "../task-files.ts";
import type { Encoding } from "./description.ts";
import { readTextTable } from "./text-table.ts";

/** A file, wherever it lies. */
export interface TableFile {
  /** Its path. */
  path: string;
  /** SHA-256 of it as it is on disk, in hexadecimal. */
  sha256: string;
}

/** A row: the values of the columns as text, null where there is none. */
export interface TableRow {
  /** Its line, or its number, from 1. */
  line: number;
  /** The values, in the order of the columns. */
  values: (string | null)[];
}

/** Rows, and what their numbers count. */
export interface Table {
  /** What {@linkcode TableRow.line} counts. */
  unit: "line" | "row";
  /** The rows. */
  rows: TableRow[];
}

/** The first bytes of Parquet files, "PAR1", and of files in gzip. */
const PARQUET = [0x50, 0x41, 0x52, 0x31];
const GZIP = [0x1f, 0x8b];

/** What reads other encodings than those that are found out. */
const REMEDIES = {
  latin1: 'the encoding latin-1 reads it ("encoding" in a description, or --encoding)',
  utf16: 'the encoding utf-16le or utf-16be reads it ("encoding" in a description, or --encoding)',
};

/** Endings of the files that are read as tables. */
const ENDING = /\.(csv|tsv|txt|jsonl|ndjson|parquet)(\.gz)?$/i;

/** Whether a path has the ending of a file of rows. */
export function isTablePath(path: string): boolean {
  return ENDING.test(path);
}

/** The name of a file of rows without its ending. */
export function stemOf(path: string): string {
  return basename(path).replace(ENDING, "");
}

/** The file at a path. A link is followed: whoever names a file has chosen it. @throws {Error} if there is none */
export async function tableFileAt(path: string): Promise<TableFile> {
  const real = await Deno.realPath(path).catch(() => path);
  const { files } = await hashTaskFiles(dirname(real), [basename(real)]);
  return { path: real, sha256: files[basename(real)] };
}

/**
 * Reads some columns of a file.
 * @throws {Error} if it is missing or has changed, is no table, or has no such columns
 */
export async function readTable(
  { path, sha256 }: TableFile,
  columns: readonly string[],
  encoding?: Encoding,
): Promise<Table> {
  const name = basename(path);
  const bytes = unpack(await readTaskFileBytes({ folder: dirname(path), files: { [name]: sha256 } }, name), path);
  if (startsWith(bytes, PARQUET)) return fromParquet(path, columns, await readParquetColumns(bytes, path, columns));
  return readTextTable(
    decodeText(bytes, path, encoding === "latin-1" ? "windows-1252" : encoding, REMEDIES),
    path,
    columns,
  );
}

function fromParquet(path: string, columns: readonly string[], { names, rows }: ParquetColumns): Table {
  requireColumns(path, columns, names);
  return { unit: "row", rows: rows.map((values, index) => ({ line: index + 1, values })) };
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, index) => bytes[index] === byte);
}

/** The bytes of a file in gzip; others as they are. */
function unpack(bytes: Uint8Array, path: string): Uint8Array {
  if (!startsWith(bytes, GZIP)) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: LONGEST });
  } catch (error) {
    const { code } = error as { code?: string };
    const rule = code === "ERR_BUFFER_TOO_LARGE"
      ? `it must have at most ${LONGEST} bytes when it is unpacked, it has more`
      : "it must be whole gzip, it is damaged";
    throw new Error(`Cannot use ${path}: ${rule}`);
  }
}
