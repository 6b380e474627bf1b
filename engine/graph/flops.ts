/**
 * The floating-point operations of a program's matrix products, known from its graph before anything runs.
 * @module
 */
import { sizeOf } from "../../base/shapes.ts";
import { allLabelled, evaluateShape } from "./dim.ts";
import { lower } from "./lower.ts";
import { productsOf } from "./products.ts";
import type { Program, Quadratic, Signature } from "../types.ts";

/**
 * FLOPs of one call of a program in which every position has a label, two for each product of numbers that a matrix product
 * adds up. What is computed for masked positions counts, as it is computed; products of frozen weights alone do not, as they
 * are computed once.
 * @param gradients whether the gradients of the output `loss` are computed, too
 * @returns a function of the length; null if the number is no quadratic function of it
 * @throws {Error} if the program cannot be traced
 */
export function countFlops(
  program: Program,
  signature: Signature,
  gradients: boolean,
  batch: number,
): Quadratic | null {
  const products = productsOf(program, signature, gradients) ?? lower(program, signature, gradients).products;
  const count = (length: number) =>
    products.reduce(
      (sum, dims) => sum + 2 * sizeOf(evaluateShape(dims, allLabelled(batch, length))),
      0,
    );
  // Three values of a polynomial give its coefficients; the fourth shows whether there are more.
  const [zero, one, two, three] = [0, 1, 2, 3].map(count);
  const square = (two - 2 * one + zero) / 2;
  const linear = one - zero - square;
  return zero + 3 * linear + 9 * square === three ? [zero, linear, square] : null;
}
