/**
 * What methods leave on disk that PEFT has no form for.
 * @module
 */
import type { StoredForm } from "./types.ts";

/** Tensors of those shapes as they are, under their own names. */
export function ownForm(shapes: StoredForm["shapes"]): StoredForm {
  return { config: null, shapes, tensors: (parameters) => parameters, parameters: (stored) => stored };
}
