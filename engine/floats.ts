/**
 * Reading tensors of any floating-point type as float32.
 * @module
 */
import { readBytes, type StoredEntry, type StoredType } from "./safetensors.ts";

/** Converts bytes of a tensor to float32, by the type of its entries. */
const converters: Partial<Record<StoredType, (bytes: Uint8Array<ArrayBuffer>) => Float32Array>> = {
  F32: ({ buffer, byteOffset, length }) => new Float32Array(buffer, byteOffset, length / 4),
  F16: ({ buffer, byteOffset, length }) => Float32Array.from(new Float16Array(buffer, byteOffset, length / 2)),
  // The upper half of a float32.
  BF16: ({ buffer, byteOffset, length }) =>
    new Float32Array(Uint32Array.from(new Uint16Array(buffer, byteOffset, length / 2), (half) => half << 16).buffer),
};

/** The types that can be read. */
export const FLOAT_TYPES: readonly StoredType[] = Object.keys(converters) as StoredType[];

/** Whether all values are finite. Only finite numbers differ from themselves by 0. */
export function areFinite(values: Float32Array): boolean {
  for (let index = 0; index < values.length; index++) if (values[index] - values[index] !== 0) return false;
  return true;
}

/**
 * Reads a tensor of one of `FLOAT_TYPES` as float32, piece by piece. A piece is valid until the next one is asked for.
 * @param name the tensor's name, for the message
 * @throws {Error} if a value is not finite
 */
export async function* readFloats(name: string, entry: StoredEntry): AsyncGenerator<Float32Array> {
  for await (const bytes of readBytes(entry)) {
    const values = converters[entry.dtype]!(bytes);
    if (!areFinite(values)) {
      throw new Error(`Cannot use ${entry.path}: every weight must be a finite number, ${name} has others`);
    }
    yield values;
  }
}
