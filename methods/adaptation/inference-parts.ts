/**
 * What is left of methods once they are trained and used.
 * @module
 */
import type { BackboneShape } from "../../models/types.ts";
import type { Part } from "./compose.ts";
import { storedForm } from "./stored-form.ts";

/** Whether a part can become part of the backbone's weights: it then costs nothing when it is used. */
export function isFoldable({ method, options }: Part, shape: BackboneShape): boolean {
  // What adds no tensors changes those of the backbone.
  return method.merged !== undefined || method.parameters(shape, options).length === 0;
}

/** The parts that texts are answered with: those that cannot be folded, without the encoders that only training needs. */
export function inferenceParts(parts: readonly Part[], shape: BackboneShape): Part[] {
  return parts.filter((part) => !isFoldable(part, shape))
    .map((part) => storedForm(part.method, shape, part.options).plain ?? part);
}
