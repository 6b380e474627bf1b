/**
 * The table of tfjs kernels that can be recorded.
 * @module
 */
import { elementwise } from "./elementwise.ts";
import { indexing } from "./indexing.ts";
import { layout } from "./layout.ts";
import { reductions } from "./reductions.ts";
import type { Attributes, Info, Rule } from "./types.ts";

const table = { ...elementwise, ...indexing, ...layout, ...reductions };

/** The name of a tfjs kernel that can be recorded. */
export type KernelName = keyof typeof table;

/** Rule of each kernel. */
export const kernels: Record<KernelName, Rule> = table;

/** Names of all kernels that have a rule. */
export const KERNEL_NAMES = Object.keys(table) as KernelName[];

/** Shapes and types of a kernel's outputs. */
export function inferKernel(name: KernelName, inputs: Record<string, Info>, attributes: Attributes): Info[] {
  return kernels[name].infer(inputs, attributes);
}
