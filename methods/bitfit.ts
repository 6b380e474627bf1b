/**
 * BitFit: bias-only fine-tuning.
 * @module
 */
import { z } from "zod";
import type { BackboneShape } from "../models/types.ts";
import { commonOptions, commonSpace } from "./shared/options.ts";
import type { Method } from "./types.ts";

function size(shape: BackboneShape): number {
  return shape.biases.reduce((sum, name) => sum + shape.weights[name][0], 0);
}

/** Trains the biases of the backbone, those of the normalisations included. Parameters: Σ sizes of the biases. */
export const bitfit: Method = {
  name: "bitfit",
  description: "BitFit: the biases of the backbone are trained",
  paper: "Ben Zaken, Goldberg and Ravfogel (2022), BitFit, https://arxiv.org/abs/2106.10199",
  options: z.strictObject(commonOptions(1e-2)),
  space: commonSpace(5e-4, 5e-2),
  parameters: () => [],
  trains: (shape) => [...shape.biases],
  count: size,
  identityAtStart: true,
  hooks: () => ({}),
};
