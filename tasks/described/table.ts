/**
 * Files of rows: comma- or tab-separated values, JSON lines, Parquet, each also in gzip. The content says which it is, so that the
 * checksum of a file says what is read from it.
 * @module
 */
import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { isFolder, readBytes } from "../../base/files.ts";
import { type ParquetColumns, readParquetColumns } from "../parquet.ts";
import { decodeText, LONGEST, requireColumns } from "../task-files.ts";
import type { Encoding } from "./description.ts";
import { readTextTable } from "./text-table.ts";

/** Files of rows, one after the other, wherever they lie. */
export interface TableSource {
  /** Their paths, one at least. */
  paths: string[];
  /** SHA-256 of the file as it is on disk, in hexadecimal; of several files, that of their checksums, one a line. */
  sha256: string;
}

/** A value as text, or a list of them as JSON lines and Parquet have; null where there is none. */
export type Cell = string | readonly string[] | null;

/** A row of values. */
export interface TableRow {
  /** Its line, or its number, from 1. */
  line: number;
  /** The values, in the order of the columns. */
  values: Cell[];
}

/** The rows of a file, and what their numbers count. */
export interface Table {
  /** The file. */
  path: string;
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

/**
 * The file at a path, or the files of rows in the folder there, in the order of their names. A link is followed: whoever names a file has
 * chosen it.
 * @throws {Error} if there is none
 */
export async function tableSourceAt(path: string): Promise<TableSource> {
  if (!await isFolder(path)) return await tableSourceOf([await Deno.realPath(path).catch(() => path)]);
  const names = (await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name).filter(isTablePath).sort();
  if (names.length > 0) return await tableSourceOf(names.map((name) => join(path, name)));
  throw new Error(`Cannot use ${path}: the folder must hold CSV, TSV, JSON lines or Parquet files, it holds none`);
}

/** Files with their checksum. @throws {Error} if one is missing */
export async function tableSourceOf(paths: string[]): Promise<TableSource> {
  return {
    paths,
    sha256: jointSum(await Promise.all(paths.map(async (path) => sha256(await readBytes(path, LONGEST))))),
  };
}

function jointSum(sums: readonly string[]): string {
  return sums.length === 1 ? sums[0] : sha256(sums.join("\n"));
}

function sha256(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex");
}

/**
 * Reads some columns of files, one table for each.
 * @throws {Error} if one is missing or has changed, is no table, or has no such columns
 */
export async function readTables(
  { paths, sha256: expected }: TableSource,
  columns: readonly string[],
  encoding?: Encoding,
): Promise<Table[]> {
  const contents = await Promise.all(paths.map((path) => readBytes(path, LONGEST)));
  const actual = jointSum(contents.map(sha256));
  if (actual !== expected) {
    throw new Error(`Cannot use ${paths.join(", ")}: its SHA-256 must be ${expected}, current value is ${actual}`);
  }
  const tables: Table[] = [];
  for (const [at, path] of paths.entries()) {
    tables.push(await tableOf(unpack(contents[at], path), path, columns, encoding));
  }
  return tables;
}

async function tableOf(
  bytes: Uint8Array,
  path: string,
  columns: readonly string[],
  encoding: Encoding | undefined,
): Promise<Table> {
  if (startsWith(bytes, PARQUET)) return fromParquet(path, columns, await readParquetColumns(bytes, path, columns));
  return readTextTable(
    decodeText(bytes, path, encoding === "latin-1" ? "windows-1252" : encoding, REMEDIES),
    path,
    columns,
  );
}

function fromParquet(path: string, columns: readonly string[], { names, rows }: ParquetColumns): Table {
  requireColumns(path, columns, names);
  return { path, unit: "row", rows: rows.map((values, index) => ({ line: index + 1, values })) };
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
