/**
 * Sizes of axes that depend on a call: whole numbers of the form a + b·batch + c·length + d·batch·length.
 * @module
 */

/** A size, as the coefficients of 1, batch, length and batch·length. */
export type Dim = readonly [constant: number, batch: number, length: number, area: number];

/**
 * The pairs of batch and length at which programs are traced. Four of them determine a `Dim`; the fifth, where batch is
 * greater than length, exposes sizes that are not of this form.
 */
// deno-fmt-ignore
export const TRACED_SIZES: readonly (readonly [batch: number, length: number])[] = [
  [2, 5], [3, 5], [2, 7], [3, 7], [13, 3],
];

/** The batch size. */
export const BATCH: Dim = [0, 1, 0, 0];
/** The length. */
export const LENGTH: Dim = [0, 0, 1, 0];

/** A fixed size. */
export function fixed(size: number): Dim {
  return [size, 0, 0, 0];
}

/** Whether a size is the same in every call. */
export function isFixed(dim: Dim): boolean {
  return dim[1] === 0 && dim[2] === 0 && dim[3] === 0;
}

/** Whether two sizes are equal in every call. */
export function sameDim(a: Dim, b: Dim): boolean {
  return a.every((coefficient, index) => coefficient === b[index]);
}

/** Whether two shapes are equal in every call. */
export function sameShape(a: readonly Dim[], b: readonly Dim[]): boolean {
  return a.length === b.length && a.every((dim, axis) => sameDim(dim, b[axis]));
}

/** The sum of two sizes. */
export function addDims(a: Dim, b: Dim): Dim {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]];
}

/** A size in a call with these sizes. */
export function evaluateDim(dim: Dim, batch: number, length: number): number {
  return dim[0] + dim[1] * batch + dim[2] * length + dim[3] * batch * length;
}

/** A shape in a call with these sizes. */
export function evaluateShape(shape: readonly Dim[], batch: number, length: number): number[] {
  return shape.map((dim) => evaluateDim(dim, batch, length));
}

/** The `Dim` that has these values at {@linkcode TRACED_SIZES}, or undefined if there is none. */
export function fitDim(values: readonly number[]): Dim | undefined {
  const [[b0, s0], [b1], [, s1]] = TRACED_SIZES;
  const [v00, v10, v01, v11] = values;
  const area = (v11 - v10 - v01 + v00) / ((b1 - b0) * (s1 - s0));
  const batch = (v10 - v00) / (b1 - b0) - area * s0;
  const length = (v01 - v00) / (s1 - s0) - area * b0;
  const dim: Dim = [v00 - batch * b0 - length * s0 - area * b0 * s0, batch, length, area];
  const fits = dim.every(Number.isInteger) &&
    TRACED_SIZES.every(([b, s], index) => evaluateDim(dim, b, s) === values[index]);
  return fits ? dim : undefined;
}
