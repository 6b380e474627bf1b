/**
 * The matrix products of programs. They are remembered of every program that was traced, as tracing a program once more for its
 * FLOPs would take a tenth of a short cell's processor time.
 * @module
 */
import type { Dim } from "./dim.ts";
import { requiredNodes } from "./execution-order.ts";
import { frozenNodes, type Node } from "./graph.ts";
import type { Program, Signature } from "../types.ts";

/** The sizes of a product's result, and of the axis that both operands are summed over. */
export type Product = readonly Dim[];

interface Remembered {
  signature: Signature;
  gradients: boolean;
  products: readonly Product[];
}

const remembered = new WeakMap<Program, Remembered>();

/** The axis that both operands of a product are summed over. */
function summedAxis({ op, inputs: [a], attributes }: Node): Dim {
  return a.shape.at(op === "Gemm" && attributes.transA === 1 ? -2 : -1)!;
}

/** The products that a program's outputs need, and that are not of frozen weights alone. They are remembered. */
export function findProducts(
  program: Program,
  signature: Signature,
  gradients: boolean,
  outputs: Record<string, Node>,
): readonly Product[] {
  const nodes = requiredNodes(Object.values(outputs));
  const frozen = frozenNodes(nodes);
  const products = nodes.filter((node) => (node.op === "Gemm" || node.op === "MatMul") && !frozen.has(node))
    .map((node) => [...node.shape, summedAxis(node)]);
  remembered.set(program, { signature, gradients, products });
  return products;
}

/** The products of a program, if they were found the last time that it was traced. */
export function productsOf(program: Program, signature: Signature, gradients: boolean): readonly Product[] | undefined {
  const found = remembered.get(program);
  return found?.signature === signature && found.gradients === gradients ? found.products : undefined;
}
