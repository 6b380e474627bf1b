/**
 * Sizes of a call, computed on the host. A device that is not the processor would leave them to it, node by node between
 * its own; so they come as inputs, and every node that is left belongs on the device.
 * @module
 */
import { evaluate } from "./dim.ts";
import type { Node } from "./graph.ts";
import { rebuild } from "./rebuild.ts";

/** An input that follows from batch and length alone. */
export interface SizeInput {
  /** The input. */
  node: Node;
  /** Its entries in a call of these sizes. */
  values(batch: number, length: number): readonly number[];
}

/** Entries of a node's value, given those of its operands. */
type Rule = (operands: (readonly number[])[], node: Node) => readonly number[];

function entrywise(operation: (a: number, b: number) => number): Rule {
  return ([a, b]) =>
    Array.from({ length: Math.max(a.length, b.length) }, (_, at) => operation(a[at % a.length], b[at % b.length]));
}

/** Operators on whole numbers; of rank 1 at most, so that operands are equally long or single numbers. */
const rules: Record<string, Rule> = {
  constant: (_, { values }) => values!,
  Add: entrywise((a, b) => a + b),
  Mul: entrywise((a, b) => a * b),
  Concat: (parts) => parts.flat(),
  Reshape: ([values]) => values,
  Cast: ([values]) => values,
  Range: ([[start], [limit]]) => Array.from({ length: limit - start }, (_, at) => start + at),
};

function isWhole(node: Node): boolean {
  return node.dtype === "int64" || node.dtype === "int32";
}

/** The same outputs, with what follows from batch and length alone as inputs. */
export function sizesAsInputs(outputs: Record<string, Node>): { outputs: Record<string, Node>; sizes: SizeInput[] } {
  const known = new Map<Node, SizeInput["values"]>();
  const sizes: SizeInput[] = [];
  const rebuilt = rebuild(outputs, (graph, node) => {
    const { id, op, inputs, attributes, shape, dtype } = node;
    const rule = shape.length <= 1 && inputs.every(isWhole) ? rules[op] : undefined;
    if (op === "Shape") {
      const dims = inputs[0].shape.slice(attributes.start as number, attributes.end as number);
      known.set(node, (batch, length) => dims.map((dim) => evaluate(dim, batch, length)));
    } else if (rule && inputs.every((input) => known.has(input))) {
      const operands = inputs.map((input) => known.get(input)!);
      known.set(node, (batch, length) => rule(operands.map((values) => values(batch, length)), node));
    }
    const values = known.get(node);
    if (!values || op === "constant") return undefined;
    const input = graph.input(`size/${id}`, shape, dtype);
    sizes.push({ node: input, values });
    return input;
  });
  return { outputs: rebuilt, sizes };
}
