/**
 * Products with frozen matrices in 8-bit integers.
 *
 * x·W becomes s ∘ (X·V) ∘ t: row i of x is s_i · X_i and column j of W is t_j · V_j, with whole numbers from −127 to
 * 127 (vector-wise quantisation, Dettmers et al., 2022, LLM.int8(), https://arxiv.org/abs/2208.07339, section 3.1). A
 * row of x has a scale of its own, so that no example's result depends on the others of its batch, and small gradients
 * do not vanish beside large ones.
 * @module
 */
import { BATCH, fixed } from "./dim.ts";
import { frozenNodes, Graph, type Node } from "./graph.ts";
import { rebuild } from "./rebuild.ts";
import { requiredNodes } from "./execution-order.ts";

/** Greatest whole number of a quantised row. */
const LEVELS = 127;
/**
 * How the whole numbers of a matrix are stored, each with the number that means 0. Of a product, the left operand is stored without
 * sign. The right one is best stored with sign: processors with such an instruction multiply these several times as fast. Others
 * overflow sums of 16 bits on the way ({@linkcode signedProbe} finds out): there it is stored without sign, too, which is exact
 * everywhere. Exact sums are the same sums, so both forms give the same bits.
 */
const ZEROS = { uint8: 128, int8: 0 };
/** Least scale, which a row of zeros has. */
const LEAST_SCALE = 1e-30;

/** A matrix with a scale for each row or for each column. */
interface QuantisedMatrix {
  /** The whole numbers, plus the one that means 0. */
  values: Node;
  /** float32, one for each row or column. */
  scales: Node;
}

/** @param axis 0: each row has a scale; 1: each column has one */
function quantiseMatrix(graph: Graph, x: Node, axis: 0 | 1, type: keyof typeof ZEROS): QuantisedMatrix {
  const reduce = (op: string) => graph.reduce(op, x, [1 - axis], false);
  const constant = (value: number) => graph.full(value, []);
  // The runtime's maximum over a row ignores NaN, a sum and the maximum of several values do not: a NaN must make the result NaN.
  const invalid = graph.binary("Mul", reduce("ReduceSum"), constant(0));
  const extremes = [
    reduce("ReduceMax"),
    graph.unary("Neg", reduce("ReduceMin")),
    constant(LEAST_SCALE * LEVELS),
    invalid,
  ];
  const scales = graph.binary("Div", graph.elementwise("Max", extremes, "float32"), constant(LEVELS));
  const zeros = graph.full(ZEROS[type], [x.shape[axis]], type);
  return { values: graph.node("QuantizeLinear", [x, scales, zeros], { axis }, x.shape, type), scales };
}

/** The product of whole numbers [rows, inner], stored without sign, and [inner, columns], each column of which has a scale. */
function wholeProduct(graph: Graph, left: Node, { values, scales }: QuantisedMatrix): Node {
  const operands = [left, values, graph.full(1, []), scales, graph.full(ZEROS.uint8, [], "uint8")];
  // Zeros of signed numbers are left out: they are what the runtime takes for granted, and it is faster without.
  if (values.dtype === "uint8") operands.push(graph.full(ZEROS.uint8, [values.shape[1]], "uint8"));
  return graph.node("MatMulIntegerToFloat", operands, {}, [left.shape[0], values.shape[1]], "float32");
}

/** Gemm(a, b) without an addend, quantised. */
function quantisedProduct(
  graph: Graph,
  a: Node,
  b: Node,
  { transA, transB }: Node["attributes"],
  signed: boolean,
): Node {
  const transposed = (x: Node) => graph.transpose(x, [1, 0]);
  const left = quantiseMatrix(graph, transA ? transposed(a) : a, 0, "uint8");
  // Transposed after quantising, as bytes: transposing before would make a second copy of the matrix in float32.
  const right = quantiseMatrix(graph, b, transB ? 0 : 1, signed ? "int8" : "uint8");
  const columns = { ...right, values: transB ? transposed(right.values) : right.values };
  const product = wholeProduct(graph, left.values, columns);
  return graph.binary("Mul", product, graph.reshape(left.scales, [product.shape[0], fixed(1)]));
}

/** A product by which to find out whether this processor multiplies signed numbers exactly. */
export interface SignedProbe {
  /** `y` [batch, columns], of the input `x` [batch, `inner`]. */
  outputs: Record<string, Node>;
  /** Its inner size. */
  inner: number;
  /** What every entry of `x` is to be. */
  input: number;
  /** What every entry of `y` then is, unless a sum overflows. */
  exact: number;
}

/** The probe: all numbers are the largest. */
export function signedProbe(): SignedProbe {
  const [inner, columns, input] = [64, 32, LEVELS + ZEROS.uint8];
  const graph = new Graph();
  const x = graph.cast(graph.input("x", [BATCH, fixed(inner)], "float32"), "uint8");
  const y = wholeProduct(graph, x, {
    values: graph.full(LEVELS, [inner, columns].map(fixed), "int8"),
    scales: graph.full(1, [fixed(columns)]),
  });
  return { outputs: { y }, inner, input, exact: inner * LEVELS ** 2 };
}

/**
 * The same outputs with every product of a value and a frozen matrix quantised, in the forward and in the backward
 * pass. What follows from the matrices alone is computed once, when the runtime folds constants.
 * @param outputs as traced, before their execution is ordered
 * @param signed whether the processor multiplies signed numbers exactly
 */
export function quantise(outputs: Record<string, Node>, signed: boolean): Record<string, Node> {
  const frozen = frozenNodes(requiredNodes(Object.values(outputs)));
  return rebuild(outputs, (graph, node, [left, right]) => {
    const [a, b] = node.inputs;
    return node.op === "Gemm" && frozen.has(b) && !frozen.has(a)
      ? quantisedProduct(graph, left, right, node.attributes, signed)
      : undefined;
  });
}
