/**
 * Encoded texts as one batch.
 * @module
 */
import type { ArrayValue, InputSpec } from "../../engine/types.ts";
import { type Tensor, tf } from "../../engine/tensor.ts";

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

/** [batch, n, width] → [batch · n, width]. */
export function perToken(x: Tensor): Tensor {
  return x.reshape([-1, x.shape[2]!]);
}

/** Selects the last token of each text, which begins behind the prompt: x [batch, n, width] → [batch, 1, width]. */
export function lastTokens(mask: Tensor): (x: Tensor, promptLength: number) => Tensor {
  const [batch, length] = mask.shape;
  const next = tf.concat([mask.slice([0, 1], [batch, length! - 1]), tf.zeros([batch, 1])], 1);
  const isLast = mask.sub(next).relu().reshape([batch, 1, length!]);
  return (x, promptLength) => isLast.matMul(x.slice([0, promptLength, 0], [batch, length!, x.shape[2]!]));
}
