/**
 * Sizes of axes that depend on a call: whole numbers of the form a + b·batch + c·length + d·batch·length + e·labels.
 * @module
 */
import type { CallSizes, Signature } from "../types.ts";

/** A size, as the coefficients of 1, batch, length, batch·length and labels. */
export type Dim = readonly [constant: number, batch: number, length: number, area: number, labels: number];

/** A call in which every position has a label. */
export function allLabelled(batch: number, length: number): CallSizes {
  return { batch, length, labels: batch * length };
}

/**
 * The sizes at which programs are traced. The first four determine a `Dim` of batch and length; the fifth, where batch is greater than
 * length, exposes sizes that are not of this form; the sixth, where a program's inputs have labels, determines their coefficient.
 */
export const TRACED_SIZES: readonly CallSizes[] = [
  { batch: 2, length: 5, labels: 4 },
  { batch: 3, length: 5, labels: 4 },
  { batch: 2, length: 7, labels: 4 },
  { batch: 3, length: 7, labels: 4 },
  { batch: 13, length: 3, labels: 8 },
  { batch: 2, length: 5, labels: 9 },
];

/** Those of the sizes at which a program with these inputs is traced. */
export function tracedSizes(inputs: Signature["inputs"]): readonly CallSizes[] {
  const hasLabels = Object.values(inputs).some(({ shape }) => shape.includes("labels"));
  return hasLabels ? TRACED_SIZES : TRACED_SIZES.slice(0, -1);
}

/** The batch size. */
export const BATCH: Dim = [0, 1, 0, 0, 0];
/** The length. */
export const LENGTH: Dim = [0, 0, 1, 0, 0];
/** The number of labels. */
export const LABELS: Dim = [0, 0, 0, 0, 1];

/** A fixed size. */
export function fixed(size: number): Dim {
  return [size, 0, 0, 0, 0];
}

/** Whether a size is the same in every call. */
export function isFixed([_, ...changing]: Dim): boolean {
  return changing.every((coefficient) => coefficient === 0);
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
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3], a[4] + b[4]];
}

/** A size in a call with these sizes. */
export function evaluateDim(dim: Dim, { batch, length, labels }: CallSizes): number {
  return dim[0] + dim[1] * batch + dim[2] * length + dim[3] * batch * length + dim[4] * labels;
}

/** A shape in a call with these sizes. */
export function evaluateShape(shape: readonly Dim[], sizes: CallSizes): number[] {
  return shape.map((dim) => evaluateDim(dim, sizes));
}

/** The `Dim` that has these values at the first of {@linkcode TRACED_SIZES}, or undefined if there is none. */
export function fitDim(values: readonly number[]): Dim | undefined {
  const [first, { batch: b1 }, { length: s1 }, , , { labels: n1 }] = TRACED_SIZES;
  const { batch: b0, length: s0, labels: n0 } = first;
  const [v000, v100, v010, v110, , v001 = v000] = values;
  const area = (v110 - v100 - v010 + v000) / ((b1 - b0) * (s1 - s0));
  const batch = (v100 - v000) / (b1 - b0) - area * s0;
  const length = (v010 - v000) / (s1 - s0) - area * b0;
  const labels = (v001 - v000) / (n1 - n0);
  const constant = v000 - evaluateDim([0, batch, length, area, labels], first);
  const dim: Dim = [constant, batch, length, area, labels];
  const fits = dim.every(Number.isInteger) &&
    values.every((value, index) => evaluateDim(dim, TRACED_SIZES[index]) === value);
  return fits ? dim : undefined;
}
