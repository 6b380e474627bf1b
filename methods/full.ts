/**
 * Full fine-tuning.
 * @module
 */
import { z } from "zod";
import { sizeOf } from "../base/shapes.ts";
import type { BackboneShape } from "../models/types.ts";
import { commonOptions, commonSpace } from "./shared/options.ts";
import type { Method } from "./types.ts";

function size(shape: BackboneShape): number {
  return Object.values(shape.weights).reduce((sum, dims) => sum + sizeOf(dims), 0);
}

/** Trains every weight of the backbone. Parameters: Σ sizes of the weights. */
export const full: Method = {
  name: "full",
  description: "full fine-tuning: every weight of the backbone is trained",
  paper:
    "Howard and Ruder (2018), Universal Language Model Fine-tuning for Text Classification, https://arxiv.org/abs/1801.06146",
  options: z.strictObject(commonOptions(6e-4)),
  space: commonSpace(3e-5, 3e-3),
  parameters: () => [],
  trains: (shape) => Object.keys(shape.weights),
  count: size,
  identityAtStart: true,
  hooks: () => ({}),
};
