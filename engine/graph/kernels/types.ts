/**
 * Rules for tfjs kernels: how a kernel's output shapes follow from its inputs, and which nodes of a graph compute it.
 * @module
 */
import type { Dim } from "../dim.ts";
import type { Graph, Node } from "../graph.ts";

/** Shape and type of a tensor of a trace. */
export interface TensorSpec {
  /** Sizes of its axes. */
  shape: number[];
  /** tfjs' name of its type. */
  dtype: "float32" | "int32" | "bool" | "complex64" | "string";
}

/** A kernel's attributes as tfjs gives them. */
// deno-lint-ignore no-explicit-any -- each kernel has its own; the rules read them by tfjs' names
export type Attributes = Record<string, any>;

/** How a tfjs kernel becomes nodes. */
export interface KernelRule {
  /** The kernel's outputs in one trace. @throws {Error} if the kernel cannot be used like this */
  infer(inputs: Record<string, TensorSpec>, attributes: Attributes): TensorSpec[];
  /**
   * The nodes that compute the kernel's outputs. Attributes that differ between traces are {@linkcode Dim}s.
   * @param outputs the outputs' shapes and types
   */
  lower(
    graph: Graph,
    inputs: Record<string, Node>,
    attributes: Attributes,
    outputs: readonly { shape: readonly Dim[]; dtype: string }[],
  ): Node[];
}
