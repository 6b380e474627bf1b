/**
 * Encoded texts as one batch.
 * @module
 */
import type { ArrayValue, InputSpec } from "../../engine/types.ts";
import type { Tensor } from "../../engine/tensor.ts";

/** Rows of unequal length as int32 [rows, longest], padded on the right. */
export function padded(rows: readonly (readonly number[])[], padding: number): ArrayValue {
  const length = Math.max(1, ...rows.map((row) => row.length));
  const data = new Int32Array(rows.length * length).fill(padding);
  for (const [at, row] of rows.entries()) data.set(row, at * length);
  return { data, shape: [rows.length, length] };
}

/** float32 [rows, longest]: 1 where a row has a token, 0 where it is padded. */
export function paddingMask(rows: readonly (readonly number[])[]): ArrayValue {
  const { data, shape } = padded(rows.map((row) => row.map(() => 1)), 0);
  return { data: Float32Array.from(data), shape };
}

/** The inputs of a forward pass over texts: token ids and the mask of padding. */
export function textInputs(vocabulary: number): Record<"ids" | "mask", InputSpec> {
  return {
    ids: { shape: ["batch", "length"], dtype: "int32", below: vocabulary },
    mask: { shape: ["batch", "length"], dtype: "float32" },
  };
}

/** Values of `textInputs` for encoded texts. */
export function collateTexts(encoded: readonly (readonly number[])[], padding: number): Record<string, ArrayValue> {
  return { ids: padded(encoded, padding), mask: paddingMask(encoded) };
}

/** [batch · n, width] → [batch, n, width]. */
export function perText(rows: Tensor, batch: number): Tensor {
  const [count, width] = rows.shape;
  return rows.reshape([batch, count / batch, width!]);
}
