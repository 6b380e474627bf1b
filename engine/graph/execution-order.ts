/**
 * The order in which the nodes of a graph are computed: only those that an output needs, with additions fused into
 * matrix products.
 * @module
 */
import { fixed, sameDim, sameShape } from "./dim.ts";
import type { Node } from "./graph.ts";

/** The nodes to compute, and which of them are the outputs. */
export interface ExecutionOrder {
  /** Every node that an output depends on, inputs first. */
  nodes: Node[];
  /** Output name → node. */
  outputs: Record<string, Node>;
}

/** How often each node is read; being an output counts as once. */
function countReaders(nodes: readonly Node[], outputs: Iterable<Node>): Map<Node, number> {
  const readers = new Map<Node, number>();
  const count = (node: Node) => readers.set(node, (readers.get(node) ?? 0) + 1);
  for (const node of nodes) node.inputs.forEach(count);
  for (const node of outputs) count(node);
  return readers;
}

/** The nodes that the outputs depend on, in the order in which they were added to the graph. */
export function requiredNodes(outputs: Iterable<Node>): Node[] {
  const required = new Set<Node>();
  const pending = [...outputs];
  while (pending.length > 0) {
    const node = pending.pop()!;
    if (required.has(node)) continue;
    required.add(node);
    pending.push(...node.inputs);
  }
  return [...required].sort((a, b) => a.id - b.id);
}

/** Whether `x` can be the addend C of this matrix product. */
function fitsAddend(x: Node, product: Node): boolean {
  return x.shape.length <= 2 && x.dtype === product.dtype &&
    x.shape.every((dim, axis) => {
      const productDim = product.shape[axis + 2 - x.shape.length];
      return sameDim(dim, productDim) || sameDim(dim, fixed(1));
    });
}

/** Whether a node adds rows to zeros of its own shape: the gradient of a lookup. */
function addsToZeros({ op, inputs }: Node): boolean {
  return op === "ScatterElements" && inputs[0].op === "Expand" && inputs[0].inputs[0].values?.[0] === 0;
}

/**
 * Orders the nodes that the outputs need. Gemm(A, B) + C becomes Gemm(A, B, C) where nothing else reads the product: a
 * bias then costs no pass over the values, and gradients are added in place. Rows that would be added to zeros, and these
 * to C, are added to C.
 */
export function orderExecution(outputs: Record<string, Node>): ExecutionOrder {
  const nodes = requiredNodes(Object.values(outputs));
  const readers = countReaders(nodes, Object.values(outputs));
  const replaced = new Map<Node, Node>();
  const current = (node: Node) => replaced.get(node) ?? node;
  for (const node of nodes) {
    const inputs = node.inputs.map(current);
    if (node.op === "Add") {
      const rows = inputs.findIndex((x, position) =>
        addsToZeros(x) && readers.get(node.inputs[position]) === 1 && sameShape(inputs[1 - position].shape, x.shape)
      );
      if (rows >= 0) {
        const scatter = inputs[rows];
        replaced.set(node, { ...scatter, id: node.id, inputs: [inputs[1 - rows], ...scatter.inputs.slice(1)] });
        continue;
      }
      const index = inputs.findIndex((x, position) =>
        x.op === "Gemm" && x.inputs.length === 2 && readers.get(node.inputs[position]) === 1 &&
        fitsAddend(inputs[1 - position], x)
      );
      if (index >= 0) {
        const product = inputs[index];
        replaced.set(node, { ...product, id: node.id, inputs: [...product.inputs, inputs[1 - index]] });
        continue;
      }
    }
    if (inputs.some((input, position) => input !== node.inputs[position])) replaced.set(node, { ...node, inputs });
  }
  const fused = Object.fromEntries(Object.entries(outputs).map(([name, node]) => [name, current(node)]));
  return { nodes: requiredNodes(Object.values(fused)), outputs: fused };
}
