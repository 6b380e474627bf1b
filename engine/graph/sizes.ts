/**
 * Sizes of a call, computed on the host. ONNX Runtime computes them on the processor, even where all else is computed
 * on a GPU, and goes back and forth between the two. So they become inputs, and every node that remains runs on the
 * device.
 * @module
 */
import { evaluateShape } from "./dim.ts";
import type { CallSizes } from "../types.ts";
import type { Node } from "./graph.ts";
import { rebuild } from "./rebuild.ts";

/** An input whose values follow from the sizes of a call alone. */
export interface SizeInput {
  /** The input's node. */
  node: Node;
  /** Its entries in a call with these sizes. */
  values(sizes: CallSizes): readonly number[];
}

/** Computes the entries of a node, given those of its operands. */
type SizeRule = (operands: (readonly number[])[], node: Node) => readonly number[];

function entrywise(operation: (a: number, b: number) => number): SizeRule {
  return ([a, b]) =>
    Array.from(
      { length: Math.max(a.length, b.length) },
      (_, index) => operation(a[index % a.length], b[index % b.length]),
    );
}

/** Operators on whole numbers of rank 1 at most: two operands have the same length, or one is a single number. */
const rules: Record<string, SizeRule> = {
  constant: (_, { values }) => values!,
  Add: entrywise((a, b) => a + b),
  Mul: entrywise((a, b) => a * b),
  Concat: (parts) => parts.flat(),
  Reshape: ([values]) => values,
  Cast: ([values]) => values,
  Range: ([[start], [limit]]) => Array.from({ length: limit - start }, (_, index) => start + index),
};

function isWhole(node: Node): boolean {
  return node.dtype === "int64" || node.dtype === "int32";
}

/** The same outputs, with every value that follows from the sizes of a call alone turned into an input. */
export function sizesAsInputs(outputs: Record<string, Node>): { outputs: Record<string, Node>; sizes: SizeInput[] } {
  const computed = new Map<Node, SizeInput["values"]>();
  const sizes: SizeInput[] = [];
  const rebuilt = rebuild(outputs, (graph, node) => {
    const { id, op, inputs, attributes, shape, dtype } = node;
    const rule = shape.length <= 1 && inputs.every(isWhole) ? rules[op] : undefined;
    if (op === "Shape") {
      const dims = inputs[0].shape.slice(attributes.start as number, attributes.end as number);
      computed.set(node, (sizes) => evaluateShape(dims, sizes));
    } else if (rule && inputs.every((input) => computed.has(input))) {
      const operands = inputs.map((input) => computed.get(input)!);
      computed.set(node, (sizes) => rule(operands.map((values) => values(sizes)), node));
    }
    const values = computed.get(node);
    if (!values || op === "constant") return undefined;
    const input = graph.input(`size/${id}`, shape, dtype);
    sizes.push({ node: input, values });
    return input;
  });
  return { outputs: rebuilt, sizes };
}
