/**
 * The safetensors file format: an 8-byte header length, a JSON header, then the tensors' bytes.
 * @module
 */
import type { StoredTensor } from "./types.ts";

/** The tensors' bytes start at a multiple of this. */
const ALIGNMENT = 64;

function elements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** A float32 tensor in memory. */
export interface NamedArray {
  /** Sizes of its axes. */
  shape: readonly number[];
  /** Entries, row-major. */
  data: Float32Array;
}

/**
 * Writes float32 tensors in the given order. The tensors' bytes start at a multiple of 64, so that a runtime can map them.
 * @param metadata strings for the header, `{format: "pt"}` for files that PEFT reads
 */
export async function writeSafetensors(
  path: string,
  tensors: Record<string, NamedArray>,
  metadata: Record<string, string> = { format: "pt" },
): Promise<void> {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    header[name] = { dtype: "F32", shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const begin = Math.ceil((8 + text.length) / ALIGNMENT) * ALIGNMENT;
  const bytes = new Uint8Array(begin + offset);
  bytes.fill(" ".charCodeAt(0), 8, begin);
  bytes.set(text, 8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(begin - 8), true);
  let at = begin;
  for (const { data } of Object.values(tensors)) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  await Deno.writeFile(path, bytes);
}

interface HeaderEntry {
  dtype: "F32";
  shape: number[];
  data_offsets: [start: number, end: number];
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && value as number >= 0;
}

/** Whether a header's value describes a float32 tensor in the first `size` bytes after the header. */
function isEntry(value: unknown, size: number): value is HeaderEntry {
  const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>;
  if (dtype !== "F32" || !Array.isArray(shape) || !shape.every(isSize)) return false;
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) return false;
  return offsets[1] - offsets[0] === 4 * elements(shape) && offsets[1] <= size;
}

/**
 * Reads a file's header: where each tensor lies.
 * @throws {Error} if the file is no safetensors file, holds anything but float32 or tensors that overlap
 */
export async function readSafetensors(path: string): Promise<Record<string, StoredTensor>> {
  using file = await Deno.open(path);
  const length = new Uint8Array(8);
  const size = (await file.stat()).size;
  if ((await file.read(length)) !== 8) throw new Error(`Cannot read ${path}: it is too short for a safetensors file`);
  const headerLength = Number(new DataView(length.buffer).getBigUint64(0, true));
  if (headerLength > size - 8) {
    throw new Error(`Cannot read ${path}: its header claims ${headerLength} bytes of a file of ${size}`);
  }
  const bytes = new Uint8Array(headerLength);
  for (let read = 0; read < headerLength;) read += (await file.read(bytes.subarray(read))) ?? headerLength;
  const entries = Object.entries(parseHeader(path, bytes)).filter(([name]) => name !== "__metadata__")
    .map(([name, entry]) => {
      if (isEntry(entry, size - 8 - headerLength)) return { name, entry };
      throw new Error(`Cannot read ${path}: tensor ${name} must be float32 and lie inside the file`);
    });
  let [last, end] = ["", 0];
  for (const { name, entry } of entries.toSorted((a, b) => a.entry.data_offsets[0] - b.entry.data_offsets[0])) {
    if (entry.data_offsets[0] < end) {
      throw new Error(`Cannot read ${path}: tensors ${last} and ${name} must not overlap`);
    }
    [last, end] = [name, entry.data_offsets[1]];
  }
  return Object.fromEntries(entries.map(({ name, entry: { shape, data_offsets } }) => [
    name,
    { path, offset: 8 + headerLength + data_offsets[0], shape },
  ]));
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

/** Reads tensors' values. */
export async function readStored(stored: StoredTensor): Promise<Float32Array> {
  const values = new Float32Array(elements(stored.shape));
  const bytes = new Uint8Array(values.buffer);
  using file = await Deno.open(stored.path);
  await file.seek(stored.offset, Deno.SeekMode.Start);
  for (let read = 0; read < bytes.length;) {
    const count = await file.read(bytes.subarray(read));
    if (count === null) throw new Error(`Cannot read ${stored.path}: it ends inside a tensor`);
    read += count;
  }
  return values;
}
