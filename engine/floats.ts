/**
 * Reading tensors of any floating-point type as float32.
 * @module
 */
import { readBytes, type StoredEntry, type StoredType } from "./safetensors.ts";

/** Values of a piece of a tensor's bytes, by type. */
const readers: Partial<Record<StoredType, (bytes: Uint8Array<ArrayBuffer>) => Float32Array>> = {
  F32: ({ buffer, byteOffset, length }) => new Float32Array(buffer, byteOffset, length / 4),
  F16: ({ buffer, byteOffset, length }) => Float32Array.from(new Float16Array(buffer, byteOffset, length / 2)),
  // The upper half of a float32.
  BF16: ({ buffer, byteOffset, length }) =>
    new Float32Array(Uint32Array.from(new Uint16Array(buffer, byteOffset, length / 2), (half) => half << 16).buffer),
};

/** Types that are read. */
export const FLOAT_TYPES: readonly StoredType[] = Object.keys(readers) as StoredType[];

/** Whether all are finite: of these numbers alone, the difference from themselves is 0. */
export function areFinite(values: Float32Array): boolean {
  for (let at = 0; at < values.length; at++) if (values[at] - values[at] !== 0) return false;
  return true;
}

/**
 * The float32 values of a tensor of one of `FLOAT_TYPES`, piece by piece; a piece is valid until the next.
 * @param name for the message
 * @throws {Error} if a value is no finite number
 */
export async function* floats(name: string, entry: StoredEntry): AsyncGenerator<Float32Array> {
  for await (const bytes of readBytes(entry)) {
    const values = readers[entry.dtype]!(bytes);
    if (!areFinite(values)) {
      throw new Error(`Cannot use ${entry.path}: every weight must be a finite number, ${name} has others`);
    }
    yield values;
  }
}
