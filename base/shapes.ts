/**
 * Shapes of tensors: the sizes of their axes.
 * @module
 */

/** Number of entries of a tensor of that shape: the product of its sizes, 1 of a scalar. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
