/**
 * The safetensors file format: an 8-byte header length, a JSON header, then the tensors' bytes.
 * @module
 */
import { shorten } from "../base/errors.ts";
import { openFile } from "../base/files.ts";
import { sizeOf } from "../base/shapes.ts";
import type { StoredTensor } from "./types.ts";

/** The bytes of the first tensor start at a multiple of this, so that a runtime can map the file into memory. */
const ALIGNMENT = 64;

/** A float32 tensor in memory. */
export interface NamedArray {
  /** Sizes of its axes. */
  shape: readonly number[];
  /** Entries, row-major. */
  data: Float32Array;
}

/**
 * Writes float32 tensors in the given order.
 * @param metadata texts for the header; PEFT requires `{format: "pt"}`
 */
export async function writeSafetensors(
  path: string,
  tensors: Record<string, NamedArray>,
  metadata: Record<string, string> = { format: "pt" },
): Promise<void> {
  const shapes = Object.fromEntries(Object.entries(tensors).map(([name, { shape }]) => [name, shape]));
  await writeInPieces(path, shapes, (name) => [tensors[name].data], metadata);
}

/**
 * Writes float32 tensors that need not fit into memory.
 * @param pieces returns the entries of a tensor, one array after the other
 */
export async function writeInPieces(
  path: string,
  shapes: Record<string, readonly number[]>,
  pieces: (name: string) => Iterable<Float32Array> | AsyncIterable<Float32Array>,
  metadata: Record<string, string> = { format: "pt" },
): Promise<void> {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const [name, shape] of Object.entries(shapes)) {
    const start = offset;
    offset += 4 * sizeOf(shape);
    header[name] = { dtype: "F32", shape, data_offsets: [start, offset] };
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(Math.ceil((8 + text.length) / ALIGNMENT) * ALIGNMENT);
  bytes.fill(" ".charCodeAt(0), 8);
  bytes.set(text, 8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(bytes.length - 8), true);
  using file = await Deno.open(path, { write: true, create: true, truncate: true });
  const write = async (data: Uint8Array) => {
    for (let written = 0; written < data.length;) written += await file.write(data.subarray(written));
  };
  await write(bytes);
  for (const name of Object.keys(shapes)) {
    for await (const data of pieces(name)) {
      await write(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
  }
}

/** The type of a tensor's entries, as the format names it. */
export type StoredType =
  | "F64"
  | "F32"
  | "F16"
  | "BF16"
  | "F8_E4M3"
  | "F8_E5M2"
  | "I64"
  | "I32"
  | "I16"
  | "I8"
  | "U64"
  | "U32"
  | "U16"
  | "U8"
  | "BOOL";

/** Bytes of an entry, by type. */
const BYTES: Record<StoredType, number> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
};

/** Where a tensor of any type lies in a file. */
export interface StoredEntry extends StoredTensor {
  /** Type of its entries. */
  dtype: StoredType;
}

/** Bytes of the longest header that is accepted: enough for a hundred thousand tensors. */
const LONGEST_HEADER = 1 << 24;
/** The most axes that a tensor may have. */
const MOST_AXES = 8;

interface HeaderEntry {
  dtype: StoredType;
  shape: number[];
  data_offsets: [start: number, end: number];
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && value as number >= 0;
}

/** Whether a header's value describes a tensor in the first `size` bytes after the header. */
function isEntry(value: unknown, size: number): value is HeaderEntry {
  const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>;
  if (typeof dtype !== "string" || !Object.hasOwn(BYTES, dtype)) return false;
  if (!Array.isArray(shape) || shape.length > MOST_AXES || !shape.every(isSize)) return false;
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) return false;
  return offsets[1] - offsets[0] === BYTES[dtype as StoredType] * sizeOf(shape) && offsets[1] <= size;
}

/**
 * Reads a file's header, and nothing else: where each tensor lies, whatever its type.
 * @throws {Error} if the file is no safetensors file, or if tensors overlap or do not lie inside it
 */
export async function readHeader(path: string): Promise<Record<string, StoredEntry>> {
  const { file: opened, size } = await openFile(path);
  using file = opened;
  const headerLength = await readHeaderLength(path, file, size);
  const bytes = new Uint8Array(headerLength);
  for (let read = 0; read < headerLength;) read += (await file.read(bytes.subarray(read))) ?? headerLength;
  const entries = Object.entries(parseHeader(path, bytes)).filter(([name]) => name !== "__metadata__")
    .map(([name, entry]) => {
      if (isEntry(entry, size - 8 - headerLength)) return { name, entry };
      throw new Error(
        `Cannot read ${path}: tensor ${shorten(name)} must have a known type, a shape, and bytes inside the file`,
      );
    });
  checkNoOverlap(path, entries);
  return Object.fromEntries(entries.map(({ name, entry: { dtype, shape, data_offsets } }) => [
    name,
    { path, offset: 8 + headerLength + data_offsets[0], shape, dtype },
  ]));
}

async function readHeaderLength(path: string, file: Deno.FsFile, size: number): Promise<number> {
  const bytes = new Uint8Array(8);
  if ((await file.read(bytes)) !== 8) throw new Error(`Cannot read ${path}: it is too short for a safetensors file`);
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  if (length > size - 8) {
    throw new Error(`Cannot read ${path}: its header claims ${length} bytes of a file of ${size}`);
  }
  if (length > LONGEST_HEADER) {
    throw new Error(
      `Cannot read ${path}: its header must have at most ${LONGEST_HEADER} bytes, current value is ${length}`,
    );
  }
  return length;
}

function checkNoOverlap(path: string, entries: readonly { name: string; entry: HeaderEntry }[]): void {
  let [previous, end] = ["", 0];
  for (const { name, entry } of entries.toSorted((a, b) => a.entry.data_offsets[0] - b.entry.data_offsets[0])) {
    if (entry.data_offsets[0] < end) {
      throw new Error(`Cannot read ${path}: tensors ${shorten(previous)} and ${shorten(name)} must not overlap`);
    }
    [previous, end] = [name, entry.data_offsets[1]];
  }
}

/**
 * Reads the header of a file of float32 tensors: where each tensor lies.
 * @throws {Error} as {@linkcode readHeader}, or if a tensor has another type
 */
export async function readSafetensors(path: string): Promise<Record<string, StoredTensor>> {
  const entries = await readHeader(path);
  return Object.fromEntries(
    Object.entries(entries).map(([name, { dtype, ...stored }]) => {
      if (dtype === "F32") return [name, stored];
      throw new Error(`Cannot read ${path}: tensor ${shorten(name)} must be float32, current value is ${dtype}`);
    }),
  );
}

function parseHeader(path: string, bytes: Uint8Array): object {
  try {
    const header: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (header !== null && typeof header === "object" && !Array.isArray(header)) return header;
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
  }
  throw new Error(`Cannot read ${path}: its header must be a JSON object`);
}

/** Bytes that are read at once. */
const PIECE = 1 << 22;

/**
 * Reads a tensor's bytes piece by piece. Every piece but the last is a multiple of 8 bytes long; it is valid until the
 * next one is asked for.
 */
export async function* readBytes(
  stored: StoredTensor & { dtype?: StoredType },
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let left = BYTES[stored.dtype ?? "F32"] * sizeOf(stored.shape);
  const buffer = new Uint8Array(Math.min(left, PIECE));
  using file = (await openFile(stored.path)).file;
  await file.seek(stored.offset, Deno.SeekMode.Start);
  while (left > 0) {
    const piece = buffer.subarray(0, Math.min(left, PIECE));
    for (let read = 0; read < piece.length;) {
      const count = await file.read(piece.subarray(read));
      if (count === null) throw new Error(`Cannot read ${stored.path}: it ends inside a tensor`);
      read += count;
    }
    left -= piece.length;
    yield piece;
  }
}

/** Reads a float32 tensor's values. */
export async function readStored(stored: StoredTensor): Promise<Float32Array> {
  const values = new Float32Array(sizeOf(stored.shape));
  const bytes = new Uint8Array(values.buffer);
  let offset = 0;
  for await (const piece of readBytes({ ...stored, dtype: "F32" })) {
    bytes.set(piece, offset);
    offset += piece.length;
  }
  return values;
}
