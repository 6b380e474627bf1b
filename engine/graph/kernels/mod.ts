/**
 * The table of tfjs kernels that can be recorded.
 * @module
 */
import { elementwise } from "./elementwise.ts";
import { indexing } from "./indexing.ts";
import { layout } from "./layout.ts";
import { reductions } from "./reductions.ts";
import type { Rule } from "./types.ts";

/** Rule of each kernel, by tfjs' name for it. */
export const kernels: Record<string, Rule> = { ...elementwise, ...indexing, ...layout, ...reductions };
