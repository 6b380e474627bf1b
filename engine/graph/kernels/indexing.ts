/**
 * Kernels that select entries by their index.
 * @module
 */
import { fixed } from "../dim.ts";
import { dataType } from "./elementwise.ts";
import { axisOf } from "./layout.ts";
import type { KernelRule } from "./types.ts";

/** Rules of kernels that select entries by their index. */
export const indexing = {
  GatherV2: {
    infer: ({ x, indices }, { axis, batchDims }) => {
      if (batchDims !== 0) throw new Error(`Cannot trace gather: batchDims must be 0, current value is ${batchDims}`);
      return [{ shape: x.shape.toSpliced(axis, 1, ...indices.shape), dtype: x.dtype }];
    },
    lower: (graph, { x, indices }, { axis }) => [graph.gather(x, indices, axisOf(axis, x.shape.length))],
  },
  UnsortedSegmentSum: {
    infer: ({ x, segmentIds }, { numSegments }) => {
      if (segmentIds.shape.length !== 1) {
        throw new Error(`Cannot trace unsortedSegmentSum: ids must be a vector, their shape is [${segmentIds.shape}]`);
      }
      return [{ shape: [numSegments, ...x.shape.slice(1)], dtype: x.dtype }];
    },
    lower: (graph, { x, segmentIds }, _, [{ shape }]) => {
      const column = graph.reshape(segmentIds, x.shape.map((dim, axis) => axis === 0 ? dim : fixed(1)));
      const ids = graph.expand(column, x.shape);
      // Not ScatterND: with several threads, the runtime loses additions to a row that several ids name.
      const operands = [graph.full(0, shape, x.dtype), ids, x];
      return [graph.node("ScatterElements", operands, { axis: 0, reduction: "add" }, shape, x.dtype)];
    },
  },
  OneHot: {
    infer: ({ indices }, { depth, dtype }) => [{ shape: [...indices.shape, depth], dtype }],
    lower: (graph, { indices }, { onValue, offValue }, [{ shape, dtype }]) => {
      const column = graph.reshape(indices, [...indices.shape, fixed(1)]);
      const isHot = graph.binary("Equal", column, graph.range(shape.at(-1)!), "bool");
      const type = dataType(dtype);
      return [graph.elementwise("Where", [isHot, graph.full(onValue, [], type), graph.full(offValue, [], type)], type)];
    },
  },
  ArgMax: {
    infer: ({ x }, { axis }) => [{ shape: x.shape.toSpliced(axis, 1), dtype: "int32" }],
    lower: (graph, { x }, { axis }, [{ shape }]) => [
      graph.cast(graph.node("ArgMax", [x], { axis, keepdims: 0 }, shape, "int64"), "int32"),
    ],
  },
} satisfies Record<string, KernelRule>;
