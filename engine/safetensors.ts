/**
 * The safetensors file format: an 8-byte header length, a JSON header, then the tensors' bytes.
 * @module
 */
import type { StoredTensor } from "./types.ts";

/** A float32 tensor in memory. */
export interface NamedArray {
  shape: readonly number[];
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
  const text = JSON.stringify(header);
  const padded = text.padEnd(Math.ceil((text.length + 8) / 64) * 64 - 8);
  const bytes = new Uint8Array(8 + padded.length + offset);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded.length), true);
  bytes.set(new TextEncoder().encode(padded), 8);
  let at = 8 + padded.length;
  for (const { data } of Object.values(tensors)) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  await Deno.writeFile(path, bytes);
}

interface HeaderEntry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

/**
 * Reads a file's header: where each tensor lies.
 * @throws {Error} if the file is no safetensors file or holds anything but float32
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
  const header = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, HeaderEntry>;
  const tensors: Record<string, StoredTensor> = {};
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const [start, end] = entry.data_offsets;
    const expected = 4 * entry.shape.reduce((product, size) => product * size, 1);
    if (entry.dtype !== "F32" || end - start !== expected || 8 + headerLength + end > size) {
      throw new Error(`Cannot read ${path}: tensor ${name} must be float32 and lie inside the file`);
    }
    tensors[name] = { path, offset: 8 + headerLength + start, shape: entry.shape };
  }
  return tensors;
}

/** Reads tensors' values. */
export async function readStored(stored: StoredTensor): Promise<Float32Array> {
  const values = new Float32Array(stored.shape.reduce((product, size) => product * size, 1));
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
