/**
 * Kernels that move entries without changing them.
 * @module
 */
import { type Tensor, tf } from "../../tensor.ts";
import { addDims, type Dim, fixed, isFixed } from "../dim.ts";
import type { Graph, Node } from "../graph.ts";
import { dataType } from "./elementwise.ts";
import type { KernelRule } from "./types.ts";

/** An axis counted from the front, for one that may be negative. */
export function axisOf(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

/** Parts of `x` along an axis, of these sizes there. */
function partition(graph: Graph, x: Node, axis: number, sizes: readonly Dim[]): Node[] {
  let start: Dim = fixed(0);
  return sizes.map((size) => {
    const begin = x.shape.map((_, other) => other === axis ? start : fixed(0));
    start = addDims(start, size);
    return graph.slice(x, begin, x.shape.map((dim, other) => other === axis ? size : dim));
  });
}

function dims(values: readonly (number | Dim)[]): Dim[] {
  return values.map((value) => typeof value === "number" ? fixed(value) : value);
}

/** Rules of kernels that move entries without changing them. */
export const layout = {
  // Dispatched for each tensor that tfjs saves. Tracing passes the tensor through, and never uses this rule.
  Identity: { infer: ({ x }) => [{ ...x }], lower: (_, { x }) => [x] },
  NotBefore: { infer: ({ x }) => [{ ...x }], lower: (graph, { x, other }) => [graph.notBefore(x, other)] },
  Reshape: {
    infer: ({ x }, { shape }) => [{
      shape: tf.util.inferFromImplicitShape(shape, tf.util.sizeFromShape(x.shape)),
      dtype: x.dtype,
    }],
    lower: (graph, { x }, _, [{ shape }]) => [graph.reshape(x, shape)],
  },
  ExpandDims: {
    infer: ({ input }, { dim }) => [{
      shape: input.shape.toSpliced(axisOf(dim, input.shape.length + 1), 0, 1),
      dtype: input.dtype,
    }],
    lower: (graph, { input }, _, [{ shape }]) => [graph.reshape(input, shape)],
  },
  Transpose: {
    infer: ({ x }, { perm }) => [{ shape: perm.map((axis: number) => x.shape[axis]), dtype: x.dtype }],
    lower: (graph, { x }, { perm }) => [graph.transpose(x, perm)],
  },
  Slice: {
    infer: ({ x }, { begin, size }) => {
      const tensor = { shape: x.shape, rank: x.shape.length } as Tensor;
      const [start, shape] = tf.slice_util.parseSliceParams(tensor, begin, size);
      tf.slice_util.assertParamsValid(tensor, start, shape);
      return [{ shape, dtype: x.dtype }];
    },
    lower: (graph, { x }, { begin }, [{ shape }]) => {
      const start = dims(begin);
      return [graph.slice(x, x.shape.map((_, axis) => start[axis] ?? fixed(0)), shape)];
    },
  },
  SplitV: {
    infer: ({ x }, { numOrSizeSplits, axis }) => {
      const along = axisOf(axis, x.shape.length);
      return tf.backend_util.prepareSplitSize({ shape: x.shape } as never, numOrSizeSplits, along)
        .map((size) => ({ shape: x.shape.with(along, size), dtype: x.dtype }));
    },
    lower: (graph, { x }, { axis }, outputs) => {
      const along = axisOf(axis, x.shape.length);
      return partition(graph, x, along, outputs.map(({ shape }) => shape[along]));
    },
  },
  Unpack: {
    infer: ({ value }, { axis }) => {
      const along = axisOf(axis, value.shape.length);
      const shape = value.shape.toSpliced(along, 1);
      return Array.from({ length: value.shape[along] }, () => ({ shape, dtype: value.dtype }));
    },
    lower: (graph, { value }, { axis }, outputs) =>
      partition(graph, value, axisOf(axis, value.shape.length), outputs.map(() => fixed(1)))
        .map((part, index) => graph.reshape(part, outputs[index].shape)),
  },
  Concat: {
    infer: (inputs, { axis }) => {
      const parts = Object.values(inputs);
      const shapes = parts.map(({ shape }) => shape);
      const along = axisOf(axis, shapes[0].length);
      tf.backend_util.assertParamsConsistent(shapes, along);
      return [{ shape: tf.backend_util.computeOutShape(shapes, along), dtype: parts[0].dtype }];
    },
    lower: (graph, inputs, { axis }) => {
      const parts = Object.values(inputs);
      return [graph.concat(parts, axisOf(axis, parts[0].shape.length))];
    },
  },
  Pack: {
    infer: (inputs, { axis }) => {
      const parts = Object.values(inputs);
      const along = axisOf(axis, parts[0].shape.length + 1);
      return [{ shape: parts[0].shape.toSpliced(along, 0, parts.length), dtype: parts[0].dtype }];
    },
    lower: (graph, inputs, { axis }, [{ shape }]) => {
      const along = axisOf(axis, shape.length);
      const parts = Object.values(inputs).map((part) => graph.reshape(part, shape.with(along, fixed(1))));
      return [graph.concat(parts, along)];
    },
  },
  Tile: {
    infer: ({ x }, { reps }) => [{ shape: x.shape.map((size, axis) => size * reps[axis]), dtype: x.dtype }],
    lower: (graph, { x }, { reps }, [{ shape }]) => {
      const repeats = dims(reps);
      const isBroadcast = x.shape.every((dim, axis) =>
        isFixed(dim) && dim[0] === 1 || isFixed(repeats[axis]) && repeats[axis][0] === 1
      );
      return [isBroadcast ? graph.expand(x, shape) : graph.node("Tile", [x, graph.sizes(repeats)], {}, shape, x.dtype)];
    },
  },
  PadV2: {
    infer: ({ x }, { paddings }) => [{
      shape: x.shape.map((size, axis) => size + paddings[axis][0] + paddings[axis][1]),
      dtype: x.dtype,
    }],
    lower: (graph, { x }, { paddings, constantValue }, [{ shape }]) => {
      const before = dims(paddings.map((pair: (number | Dim)[]) => pair[0]));
      const after = dims(paddings.map((pair: (number | Dim)[]) => pair[1]));
      const value = graph.full(constantValue, [], x.dtype);
      return [graph.node("Pad", [x, graph.sizes([...before, ...after]), value], {}, shape, x.dtype)];
    },
  },
  Fill: {
    infer: (_, { shape, dtype }) => [{ shape, dtype }],
    lower: (graph, _, { value }, [{ shape, dtype }]) => [graph.full(value, shape, dataType(dtype))],
  },
  Range: {
    infer: (_, { start, stop, step, dtype }) => {
      const size = Math.ceil((stop - start) / step);
      // Where the step leads away from `stop`, tfjs reverses a step of 1, and returns nothing or nonsense for others.
      if (size < 0) throw new Error(`Cannot trace range: its step must lead from ${start} to ${stop}, it is ${step}`);
      return [{ shape: [size], dtype }];
    },
    lower: (graph, _, { start, step }, [{ shape, dtype }]) => {
      const number = graph.cast(graph.range(shape[0]), dataType(dtype));
      const scaled = graph.binary("Mul", number, graph.full(step, [], number.dtype));
      return [graph.binary("Add", scaled, graph.full(start, [], number.dtype))];
    },
  },
} satisfies Record<string, KernelRule>;
