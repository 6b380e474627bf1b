/**
 * The table of tfjs kernels that can be traced.
 * @module
 */
import { elementwise } from "./elementwise.ts";
import { indexing } from "./indexing.ts";
import { layout } from "./layout.ts";
import { reductions } from "./reductions.ts";
import type { KernelRule } from "./types.ts";

/** The rule of each kernel, by tfjs' name for it. */
export const kernels: Record<string, KernelRule> = { ...elementwise, ...indexing, ...layout, ...reductions };
