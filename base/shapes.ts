/**
 * Shapes of tensors, which are the sizes of their axes.
 * @module
 */

/** Number of entries of a tensor with this shape: the product of the sizes, 1 for a scalar. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
