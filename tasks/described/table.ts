/**
 * Files of rows: comma- or tab-separated values, JSON lines, Parquet, each also in gzip. The content says which it is, so that the
 * checksum of a file says what is read from it. Text is read part by part and Parquet by row groups, so a file may be larger than memory.
 * @module
 */
import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { fileAt, isFolder, openFile, sha256File } from "../../base/files.ts";
import { readParquetRows } from "../parquet.ts";
import { LONGEST } from "../task-files.ts";
import type { Encoding } from "./description.ts";
import { joined, textParts } from "./text/parts.ts";
import { readTextTable } from "./text/table.ts";
import { type Table, untilRefused, type Visit } from "./text/types.ts";

/** Files of rows, one after the other, wherever they lie. */
export interface TableSource {
  /** Their paths, one at least. */
  paths: string[];
  /**
   * SHA-256 of the file as it is on disk, in hexadecimal; of several files, that of their checksums, one a line. Left out: it is found when
   * they are read.
   */
  sha256?: string;
}

/** The first bytes of Parquet files, "PAR1", and of files in gzip. */
const PARQUET = [0x50, 0x41, 0x52, 0x31];
const GZIP = [0x1f, 0x8b];

/** Bytes that are read at once. */
const CHUNK = 1 << 16;

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
  if (!await isFolder(path)) return { paths: [await Deno.realPath(path).catch(() => path)] };
  const names = (await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name).filter(isTablePath).sort();
  if (names.length > 0) return { paths: names.map((name) => join(path, name)) };
  throw new Error(`Cannot use ${path}: the folder must hold CSV, TSV, JSON lines or Parquet files, it holds none`);
}

function jointSum(sums: readonly string[]): string {
  return sums.length === 1 ? sums[0] : createHash("sha256").update(sums.join("\n")).digest("hex");
}

/**
 * Reads some columns of files, one table after the other.
 * @param start called before a table's first row, and again with it where it has to be read another way: then what its rows before have
 * given must be forgotten
 * @returns the checksum of the files
 * @throws {Error} if one is missing or has changed, is no table, or has no such columns; else what a visit threw
 */
export async function readTables(
  { paths, sha256: expected }: TableSource,
  columns: readonly string[],
  encoding: Encoding | undefined,
  start: (table: Table) => Visit,
): Promise<string> {
  const requireSame = (sums: readonly (string | null)[]) => {
    const actual = jointSum(sums.map(String));
    if (expected === undefined || actual === expected) return actual;
    throw new Error(`Cannot use ${paths.join(", ")}: its SHA-256 must be ${expected}, current value is ${actual}`);
  };
  const sums: string[] = [];
  try {
    for (const path of paths) sums.push(await readTable(path, columns, encoding, start));
  } catch (error) {
    // That a file has changed is said first.
    if (expected !== undefined) requireSame(await Promise.all(paths.map(sha256File)));
    throw error;
  }
  return requireSame(sums);
}

/** Reads a file. @returns its checksum */
async function readTable(
  path: string,
  columns: readonly string[],
  encoding: Encoding | undefined,
  start: (table: Table) => Visit,
): Promise<string> {
  let sum = "";
  const packed = () => fileChunks(path, (found) => sum = found);
  const chunks = () => unpacked(packed(), path);
  if (await beginsWith(PARQUET, chunks())) {
    // Of a packed file no part can be read without those before it.
    const file = await beginsWith(GZIP, packed()) ? await wholeOf(chunks(), path) : await fileAt(path);
    sum ||= String(await sha256File(path));
    const { visit, settle } = untilRefused(start({ path, unit: "row" }));
    await readParquetRows(file, path, columns, (line, values) => visit({ line, values }));
    settle();
  } else {
    const label = encoding === "latin-1" ? "windows-1252" : encoding;
    const parts = () => textParts(chunks(), path, label);
    const table: Table = { path, unit: "line" };
    await readTextTable(parts, path, columns, () => start(table));
  }
  return sum;
}

/** The bytes of a file in chunks, each valid until the next one. @param found called with its checksum once all are read */
async function* fileChunks(path: string, found: (sum: string) => void): AsyncGenerator<Uint8Array> {
  const { file: opened } = await openFile(path);
  using file = opened;
  const hash = createHash("sha256");
  const chunk = new Uint8Array(CHUNK);
  while (true) {
    const count = await file.read(chunk);
    if (count === null) break;
    hash.update(chunk.subarray(0, count));
    yield chunk.subarray(0, count);
  }
  found(hash.digest("hex"));
}

/** The bytes of a file in gzip; others as they are. */
async function* unpacked(chunks: AsyncGenerator<Uint8Array>, path: string): AsyncGenerator<Uint8Array> {
  const { value: first = new Uint8Array() } = await chunks.next();
  const all = async function* () {
    yield first;
    yield* chunks;
  };
  if (!GZIP.every((byte, at) => first[at] === byte)) {
    yield* all();
    return;
  }
  try {
    const gunzip = createGunzip({ chunkSize: CHUNK });
    const packed = Readable.from(copied(all())).on("error", (error) => gunzip.destroy(error));
    yield* packed.pipe(gunzip);
  } catch (error) {
    if (!(error as { code?: string }).code?.startsWith("Z_")) throw error;
    throw new Error(`Cannot use ${path}: it must be whole gzip, it is damaged`);
  }
}

async function* copied(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) yield chunk.slice();
}

async function beginsWith(signature: readonly number[], chunks: AsyncIterable<Uint8Array>): Promise<boolean> {
  for await (const chunk of chunks) return signature.every((byte, at) => chunk[at] === byte);
  return false;
}

/** All bytes of a file. @throws {Error} if they are too many */
async function wholeOf(chunks: AsyncIterable<Uint8Array>, path: string): Promise<Uint8Array<ArrayBuffer>> {
  const all: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of copied(chunks)) {
    all.push(chunk);
    length += chunk.length;
    if (length > LONGEST) {
      throw new Error(
        `Cannot use ${path}: a Parquet file in gzip must have at most ${LONGEST} bytes when unpacked, it has more`,
      );
    }
  }
  return joined(all);
}
