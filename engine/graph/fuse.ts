/**
 * The nodes that are computed, in order: only what an output needs, with additions fused into matrix products.
 * @module
 */
import { fixed, sameDim } from "./dim.ts";
import type { Node } from "./graph.ts";

/** The nodes to compute and where the outputs come from. */
export interface Schedule {
  /** Every node an output depends on, inputs first. */
  nodes: Node[];
  /** Output name → node. */
  outputs: Record<string, Node>;
}

/** How often each node is read. */
function countReaders(nodes: readonly Node[], outputs: Iterable<Node>): Map<Node, number> {
  const readers = new Map<Node, number>();
  const count = (node: Node) => readers.set(node, (readers.get(node) ?? 0) + 1);
  for (const node of nodes) node.inputs.forEach(count);
  for (const node of outputs) count(node);
  return readers;
}

/** The nodes that the outputs depend on, in the order they were recorded. */
export function live(outputs: Iterable<Node>): Node[] {
  const found = new Set<Node>();
  const pending = [...outputs];
  while (pending.length > 0) {
    const node = pending.pop()!;
    if (found.has(node)) continue;
    found.add(node);
    pending.push(...node.inputs);
  }
  return [...found].sort((a, b) => a.id - b.id);
}

/** Whether `x` can be the addend C of a matrix product of this shape. */
function fitsAddend(x: Node, product: Node): boolean {
  return x.shape.length <= 2 && x.dtype === product.dtype &&
    x.shape.every((dim, axis) => {
      const of = product.shape[axis + 2 - x.shape.length];
      return sameDim(dim, of) || sameDim(dim, fixed(1));
    });
}

/** Gemm(A, B) + C becomes Gemm(A, B, C): a bias costs no pass of its own, and gradients are added in place. */
export function schedule(outputs: Record<string, Node>): Schedule {
  const nodes = live(Object.values(outputs));
  const readers = countReaders(nodes, Object.values(outputs));
  const replaced = new Map<Node, Node>();
  const current = (node: Node) => replaced.get(node) ?? node;
  for (const node of nodes) {
    const inputs = node.inputs.map(current);
    if (node.op === "Add") {
      const at = inputs.findIndex((x, position) =>
        x.op === "Gemm" && x.inputs.length === 2 && readers.get(node.inputs[position]) === 1 &&
        fitsAddend(inputs[1 - position], x)
      );
      if (at >= 0) {
        const product = inputs[at];
        replaced.set(node, { ...product, id: node.id, inputs: [...product.inputs, inputs[1 - at]] });
        continue;
      }
    }
    if (inputs.some((input, at) => input !== node.inputs[at])) replaced.set(node, { ...node, inputs });
  }
  const final = Object.fromEntries(Object.entries(outputs).map(([name, node]) => [name, current(node)]));
  return { nodes: live(Object.values(final)), outputs: final };
}
