/**
 * Kernels that sum, compare or multiply along axes.
 * @module
 */
import { tf } from "../../tensor.ts";
import { dataType } from "./elementwise.ts";
import { axisOf } from "./layout.ts";
import type { KernelRule } from "./types.ts";

function axesOf(axis: number | number[] | null | undefined, rank: number): number[] {
  const all = [...Array(rank).keys()];
  if (axis === undefined || axis === null) return all;
  return [axis].flat().map((each) => axisOf(each, rank)).sort((a, b) => a - b);
}

/**
 * @param op the ONNX operator
 * @param key tfjs' name for the attribute that holds the axes
 */
function reduction(op: string, key: "axis" | "reductionIndices" = "axis"): KernelRule {
  return {
    infer: ({ x }, attributes) => {
      const axes = axesOf(attributes[key], x.shape.length);
      const kept = x.shape.map((size, axis) => axes.includes(axis) ? 1 : size);
      const shape = attributes.keepDims ? kept : x.shape.filter((_, axis) => !axes.includes(axis));
      // tfjs computes means in float32, whatever the type of the input.
      return [{ shape, dtype: op === "ReduceMean" ? "float32" : x.dtype }];
    },
    lower: (graph, { x }, attributes, [{ dtype }]) => {
      const axes = axesOf(attributes[key], x.shape.length);
      return [graph.reduce(op, graph.cast(x, dataType(dtype)), axes, attributes.keepDims === true)];
    },
  };
}

/** Rules of kernels that work along axes. */
export const reductions = {
  Sum: reduction("ReduceSum"),
  Mean: reduction("ReduceMean"),
  Max: reduction("ReduceMax", "reductionIndices"),
  Min: reduction("ReduceMin"),
  Prod: reduction("ReduceProd"),
  Softmax: {
    infer: ({ logits }) => [{ ...logits }],
    lower: (graph, { logits }, { dim }) => [graph.node("Softmax", [logits], { axis: dim }, logits.shape, logits.dtype)],
  },
  Cumsum: {
    infer: ({ x }) => [{ ...x }],
    lower: (graph, { x }, { axis, exclusive, reverse }) => {
      const axisNode = graph.constant([axis], [], "int64");
      const attributes = { exclusive: exclusive ? 1 : 0, reverse: reverse ? 1 : 0 };
      return [graph.node("CumSum", [x, axisNode], attributes, x.shape, x.dtype)];
    },
  },
  BatchMatMul: {
    infer: ({ a, b }, { transposeA, transposeB }) => {
      if (a.shape.at(transposeA ? -2 : -1) !== b.shape.at(transposeB ? -1 : -2)) {
        const note = (transposed: boolean) => transposed ? " transposed" : "";
        throw new Error(
          "Cannot trace matMul: inner sizes must be equal, " +
            `operands are [${a.shape}]${note(transposeA)} and [${b.shape}]${note(transposeB)}`,
        );
      }
      const outer = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
      const inner = [a.shape.at(transposeA ? -1 : -2)!, b.shape.at(transposeB ? -2 : -1)!];
      return [{ shape: [...outer, ...inner], dtype: a.dtype }];
    },
    lower: (graph, { a, b }, { transposeA, transposeB }) => [graph.matmul(a, b, transposeA, transposeB)],
  },
} satisfies Record<string, KernelRule>;
