/**
 * What a kernel rule is: how a tfjs kernel's output shapes follow from its inputs, and which graph nodes compute it.
 * @module
 */
import type { Dim } from "../dim.ts";
import type { Graph, Node } from "../graph.ts";

/** Shape and type of a tensor while a program is recorded. */
export interface Info {
  /** Sizes of its axes. */
  shape: number[];
  /** tfjs' name of its type. */
  dtype: "float32" | "int32" | "bool" | "complex64" | "string";
}

/** A kernel's attributes as tfjs gives them. */
// deno-lint-ignore no-explicit-any -- each kernel has its own; the rules read them by tfjs' names
export type Attributes = Record<string, any>;

/** How a tfjs kernel becomes nodes. */
export interface Rule {
  /** Outputs of the kernel in one recording. */
  infer(inputs: Record<string, Info>, attributes: Attributes): Info[];
  /**
   * Nodes of the kernel's outputs. Attributes that differ between recordings arrive as {@linkcode Dim}.
   * @param outputs the outputs' shapes and types
   */
  lower(
    graph: Graph,
    inputs: Record<string, Node>,
    attributes: Attributes,
    outputs: readonly { shape: readonly Dim[]; dtype: string }[],
  ): Node[];
}
