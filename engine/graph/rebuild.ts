/**
 * Rewriting a recorded graph.
 * @module
 */
import { Graph, type Node } from "./graph.ts";
import { live } from "./fuse.ts";

/**
 * The same outputs in a new graph, some of their nodes replaced.
 * @param outputs as recorded, before they are scheduled
 * @param replace a node's successor in the new graph, given its operands there; undefined: the same node again
 */
export function rebuild(
  outputs: Record<string, Node>,
  replace: (graph: Graph, node: Node, inputs: readonly Node[]) => Node | undefined,
): Record<string, Node> {
  const graph = new Graph();
  const rebuilt = new Map<Node, Node>();
  for (const node of live(Object.values(outputs))) {
    const inputs = node.inputs.map((input) => rebuilt.get(input)!);
    const { op, attributes, shape, dtype, values } = node;
    rebuilt.set(node, replace(graph, node, inputs) ?? graph.node(op, inputs, attributes, shape, dtype, values));
  }
  return Object.fromEntries(Object.entries(outputs).map(([name, node]) => [name, rebuilt.get(node)!]));
}
