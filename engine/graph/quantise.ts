/**
 * Products with frozen matrices in 8-bit integers.
 *
 * x·W becomes s ∘ (X·V) ∘ t: row i of x is s_i · X_i and column j of W is t_j · V_j, with whole numbers from −127 to
 * 127 (vector-wise quantisation, Dettmers et al., 2022, LLM.int8(), https://arxiv.org/abs/2208.07339, section 3.1). A
 * row of x has a scale of its own, so that no example's result depends on the others of its batch, and small gradients
 * do not vanish beside large ones.
 * @module
 */
import { fixed } from "./dim.ts";
import { frozenNodes, type Graph, type Node } from "./graph.ts";
import { rebuild } from "./rebuild.ts";
import { requiredNodes } from "./execution-order.ts";

/** Greatest whole number of a quantised row. */
const LEVELS = 127;
/**
 * The stored number that means 0. Numbers are stored without sign, since ONNX Runtime's product of two unsigned
 * operands is exact on every processor; that of an unsigned and a signed one overflows its 16-bit sums where the
 * processor has no VNNI.
 */
const ZERO = 128;
/** Least scale, which a row of zeros has. */
const LEAST_SCALE = 1e-30;

/** A matrix with a scale for each row or for each column. */
interface QuantisedMatrix {
  /** uint8, the whole numbers plus `ZERO`. */
  values: Node;
  /** float32, one for each row or column. */
  scales: Node;
  /** uint8, one for each row or column, each `ZERO`. */
  zeros: Node;
}

/** @param axis 0: each row has a scale; 1: each column has one */
function quantiseMatrix(graph: Graph, x: Node, axis: 0 | 1): QuantisedMatrix {
  const reduce = (op: string) => graph.reduce(op, x, [1 - axis], false);
  const constant = (value: number) => graph.full(value, []);
  const largest = graph.binary("Max", reduce("ReduceMax"), graph.unary("Neg", reduce("ReduceMin")));
  const steps = graph.binary("Max", graph.binary("Div", largest, constant(LEVELS)), constant(LEAST_SCALE));
  // The runtime's maximum ignores NaN, a sum does not: a NaN among the values must make the result NaN.
  const scales = graph.binary("Add", steps, graph.binary("Mul", reduce("ReduceSum"), constant(0)));
  const zeros = graph.full(ZERO, [x.shape[axis]], "uint8");
  return { values: graph.node("QuantizeLinear", [x, scales, zeros], { axis }, x.shape, "uint8"), scales, zeros };
}

/** Gemm(a, b) without an addend, quantised. */
function quantisedProduct(graph: Graph, a: Node, b: Node, { attributes, shape }: Node): Node {
  const transposed = (x: Node) => graph.transpose(x, [1, 0]);
  const left = quantiseMatrix(graph, attributes.transA ? transposed(a) : a, 0);
  // Transposed after quantising, as bytes: transposing before would make a second copy of the matrix in float32.
  const right = quantiseMatrix(graph, b, attributes.transB ? 0 : 1);
  const columns = attributes.transB ? transposed(right.values) : right.values;
  const one = graph.full(1, []);
  const zero = graph.full(ZERO, [], "uint8");
  const operands = [left.values, columns, one, right.scales, zero, right.zeros];
  const product = graph.node("MatMulIntegerToFloat", operands, {}, shape, "float32");
  return graph.binary("Mul", product, graph.reshape(left.scales, [shape[0], fixed(1)]));
}

/**
 * The same outputs with every product of a value and a frozen matrix quantised, in the forward and in the backward
 * pass. What follows from the matrices alone is computed once, when the runtime folds constants.
 * @param outputs as traced, before their execution is ordered
 */
export function quantise(outputs: Record<string, Node>): Record<string, Node> {
  const frozen = frozenNodes(requiredNodes(Object.values(outputs)));
  return rebuild(outputs, (graph, node, [left, right]) => {
    const [a, b] = node.inputs;
    return node.op === "Gemm" && frozen.has(b) && !frozen.has(a)
      ? quantisedProduct(graph, left, right, node)
      : undefined;
  });
}
