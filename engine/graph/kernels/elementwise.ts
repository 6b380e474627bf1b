/**
 * Kernels that work entry by entry.
 * @module
 */
import type { Dim } from "../dim.ts";
import { tf } from "../../tensor.ts";
import type { DataType, Graph, Node } from "../graph.ts";
import type { KernelRule, TensorSpec } from "./types.ts";

function inferBroadcast(dtype?: TensorSpec["dtype"]) {
  return ({ a, b }: Record<string, TensorSpec>): TensorSpec[] => [{
    shape: tf.broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape),
    dtype: dtype ?? a.dtype,
  }];
}

function arithmetic(op: string): KernelRule {
  return { infer: inferBroadcast(), lower: (graph, { a, b }) => [graph.binary(op, a, b)] };
}

function comparison(op: string): KernelRule {
  return { infer: inferBroadcast("bool"), lower: (graph, { a, b }) => [graph.binary(op, a, b, "bool")] };
}

function unary(lower: (graph: Graph, x: Node) => Node): KernelRule {
  return {
    infer: ({ x }) => [{ ...x }],
    lower: (graph, { x }) => [lower(graph, x)],
  };
}

/** A kernel that is one ONNX operator. */
function direct(op: string): KernelRule {
  return unary((graph, x) => graph.unary(op, x));
}

/** `value` in the shape of the input. */
function like(value: number): KernelRule {
  return unary((graph, x) => graph.full(value, x.shape, x.dtype));
}

/** A scalar of the same type as `x`. */
function scalar(graph: Graph, value: number | Dim, x: Node): Node {
  return graph.full(value, [], x.dtype);
}

/** The ONNX type of a tfjs type. */
export function dataType(dtype: string): DataType {
  if (dtype === "float32" || dtype === "int32" || dtype === "bool") return dtype;
  throw new Error(`Cannot trace the program: tensors must be float32, int32 or bool, one is ${dtype}`);
}

/** Rules of kernels that work entry by entry. */
export const elementwise = {
  Add: arithmetic("Add"),
  Sub: arithmetic("Sub"),
  Multiply: arithmetic("Mul"),
  RealDiv: arithmetic("Div"),
  Maximum: arithmetic("Max"),
  Minimum: arithmetic("Min"),
  Pow: arithmetic("Pow"),
  SquaredDifference: {
    infer: inferBroadcast(),
    lower: (graph, { a, b }) => {
      const difference = graph.binary("Sub", a, b);
      return [graph.binary("Mul", difference, difference)];
    },
  },
  AddN: {
    infer: (inputs) => [{ ...Object.values(inputs)[0] }],
    lower: (graph, inputs) => [Object.values(inputs).reduce((a, b) => graph.binary("Add", a, b))],
  },
  Equal: comparison("Equal"),
  NotEqual: {
    infer: inferBroadcast("bool"),
    lower: (graph, { a, b }) => [graph.unary("Not", graph.binary("Equal", a, b, "bool"))],
  },
  Greater: comparison("Greater"),
  GreaterEqual: comparison("GreaterOrEqual"),
  Less: comparison("Less"),
  LessEqual: comparison("LessOrEqual"),
  LogicalAnd: comparison("And"),
  LogicalOr: comparison("Or"),
  LogicalNot: direct("Not"),
  Neg: direct("Neg"),
  Abs: direct("Abs"),
  Sign: direct("Sign"),
  Exp: direct("Exp"),
  Log: direct("Log"),
  Sqrt: direct("Sqrt"),
  Tanh: direct("Tanh"),
  Sigmoid: direct("Sigmoid"),
  Relu: direct("Relu"),
  Erf: direct("Erf"),
  Sin: direct("Sin"),
  Cos: direct("Cos"),
  Floor: direct("Floor"),
  Reciprocal: direct("Reciprocal"),
  Rsqrt: unary((graph, x) => graph.unary("Reciprocal", graph.unary("Sqrt", x))),
  Square: unary((graph, x) => graph.binary("Mul", x, x)),
  ZerosLike: like(0),
  OnesLike: like(1),
  // 1 for positive entries, `alpha` elsewhere; tfjs uses it in the gradient of ReLU.
  Step: {
    infer: ({ x }) => [{ ...x }],
    lower: (graph, { x }, { alpha }) => {
      const positive = graph.binary("Greater", x, scalar(graph, 0, x), "bool");
      // The same values: ONNX Runtime casts faster than it selects.
      if (alpha === 0) return [graph.cast(positive, x.dtype)];
      return [graph.elementwise("Where", [positive, scalar(graph, 1, x), scalar(graph, alpha, x)], x.dtype)];
    },
  },
  ClipByValue: {
    infer: ({ x }) => [{ ...x }],
    lower: (graph, { x }, { clipValueMin, clipValueMax }) => [
      graph.binary("Min", graph.binary("Max", x, scalar(graph, clipValueMin, x)), scalar(graph, clipValueMax, x)),
    ],
  },
  Cast: {
    infer: ({ x }, { dtype }) => [{ shape: x.shape, dtype }],
    lower: (graph, { x }, { dtype }) => [graph.cast(x, dataType(dtype))],
  },
  Select: {
    infer: ({ t }) => [{ ...t }],
    lower: (graph, { condition, t, e }) => [graph.elementwise("Where", [condition, t, e], t.dtype)],
  },
} satisfies Record<string, KernelRule>;
