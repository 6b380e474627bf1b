/**
 * Encoded texts as one batch.
 * @module
 */
import type { ArrayValue } from "../../engine/types.ts";

/** Rows of unequal length as int32 [rows, longest], filled up on the right. */
export function padded(rows: readonly (readonly number[])[], fill: number): ArrayValue {
  const length = Math.max(1, ...rows.map((row) => row.length));
  const data = new Int32Array(rows.length * length).fill(fill);
  for (const [at, row] of rows.entries()) data.set(row, at * length);
  return { data, shape: [rows.length, length] };
}

/** float32 [rows, longest]: 1 where a row has a token, 0 where it is filled up. */
export function paddingMask(rows: readonly (readonly number[])[]): ArrayValue {
  const { data, shape } = padded(rows.map((row) => row.map(() => 1)), 0);
  return { data: Float32Array.from(data), shape };
}
