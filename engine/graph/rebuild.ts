/**
 * Rewriting a traced graph.
 * @module
 */
import { Graph, type Node } from "./graph.ts";
import { requiredNodes } from "./execution-order.ts";

/**
 * The same outputs in a new graph, with some of the nodes replaced.
 * @param outputs as traced, before their execution is ordered
 * @param replace returns what takes a node's place in the new graph, given its operands there; undefined keeps the node
 */
export function rebuild(
  outputs: Record<string, Node>,
  replace: (graph: Graph, node: Node, inputs: readonly Node[]) => Node | undefined,
): Record<string, Node> {
  const graph = new Graph();
  const rebuilt = new Map<Node, Node>();
  for (const node of requiredNodes(Object.values(outputs))) {
    const inputs = node.inputs.map((input) => rebuilt.get(input)!);
    const { op, attributes, shape, dtype, values } = node;
    rebuilt.set(node, replace(graph, node, inputs) ?? graph.node(op, inputs, attributes, shape, dtype, values));
  }
  return Object.fromEntries(Object.entries(outputs).map(([name, node]) => [name, rebuilt.get(node)!]));
}
