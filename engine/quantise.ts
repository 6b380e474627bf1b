/**
 * Products with frozen matrices in 8-bit integers.
 *
 * x·W becomes s ∘ (X·V) ∘ t: row i of x is s_i · X_i and column j of W is t_j · V_j, with whole numbers from −127 to 127
 * (vector-wise quantisation, Dettmers et al., 2022, LLM.int8(), https://arxiv.org/abs/2208.07339, section 3.1). A row of
 * x has a scale of its own, so that no example's result depends on the others of its batch, and small gradients do not
 * vanish beside large ones.
 * @module
 */
import { fixed } from "./dim.ts";
import { frozenNodes, Graph, type Node } from "./graph.ts";
import { live } from "./schedule.ts";

/** Greatest whole number of a quantised row. */
const LEVELS = 127;
/**
 * What stands for 0, as numbers are stored without sign: ONNX Runtime's product of two unsigned operands is exact on
 * every processor, that of an unsigned and a signed one overflows its 16-bit sums where the processor has no VNNI.
 */
const ZERO = 128;
/** Scale of a row of zeros. */
const LEAST_SCALE = 1e-30;

/** A matrix with a scale for each row. */
interface QuantisedRows {
  /** uint8, the whole numbers plus `ZERO`. */
  values: Node;
  /** float32 [rows]. */
  scales: Node;
  /** uint8 [rows], each `ZERO`. */
  zeros: Node;
}

function quantiseRows(graph: Graph, x: Node): QuantisedRows {
  const sizes = graph.unary("Abs", x);
  const largest = graph.reduce("ReduceMax", sizes, [1], false);
  const steps = graph.binary("Max", graph.binary("Div", largest, graph.full(LEVELS, [])), graph.full(LEAST_SCALE, []));
  // The runtime's maximum overlooks NaN, a sum does not: what went wrong must not come out as a number.
  const doubt = graph.binary("Mul", graph.reduce("ReduceSum", sizes, [1], false), graph.full(0, []));
  const scales = graph.binary("Add", steps, doubt);
  const zeros = graph.full(ZERO, [x.shape[0]], "uint8");
  return { values: graph.node("QuantizeLinear", [x, scales, zeros], { axis: 0 }, x.shape, "uint8"), scales, zeros };
}

/** Gemm(a, b) without addend, quantised. */
function quantisedProduct(graph: Graph, a: Node, b: Node, { attributes, shape }: Node): Node {
  const transposed = (x: Node) => graph.transpose(x, [1, 0]);
  const left = quantiseRows(graph, attributes.transA ? transposed(a) : a);
  // A scale for each column of the product; the runtime quantises rows several times faster than columns.
  const right = quantiseRows(graph, attributes.transB ? b : transposed(b));
  const one = graph.full(1, []);
  const zero = graph.full(ZERO, [], "uint8");
  const operands = [left.values, transposed(right.values), one, right.scales, zero, right.zeros];
  const product = graph.node("MatMulIntegerToFloat", operands, {}, shape, "float32");
  return graph.binary("Mul", product, graph.reshape(left.scales, [shape[0], fixed(1)]));
}

/**
 * The same outputs with every product of a value and a frozen matrix quantised, in the forward and in the backward pass.
 * What follows from the matrices alone is computed once, when the runtime folds constants.
 * @param outputs as recorded, before they are scheduled
 */
export function quantise(outputs: Record<string, Node>): Record<string, Node> {
  const nodes = live(Object.values(outputs));
  const frozen = frozenNodes(nodes);
  const graph = new Graph();
  const rebuilt = new Map<Node, Node>();
  for (const node of nodes) {
    const inputs = node.inputs.map((input) => rebuilt.get(input)!);
    const [a, b] = node.inputs;
    rebuilt.set(
      node,
      node.op === "Gemm" && frozen.has(b) && !frozen.has(a)
        ? quantisedProduct(graph, inputs[0], inputs[1], node)
        : graph.node(node.op, inputs, node.attributes, node.shape, node.dtype, node.values),
    );
  }
  return Object.fromEntries(Object.entries(outputs).map(([name, node]) => [name, rebuilt.get(node)!]));
}
