/**
 * BitFit: bias-only fine-tuning.
 * @module
 */
import { z } from "zod";
import type { BackboneShape } from "../models/types.ts";
import { ownForm } from "./stored.ts";
import type { Method } from "./types.ts";

function size(shape: BackboneShape): number {
  return shape.biases.reduce((sum, name) => sum + shape.weights[name][0], 0);
}

/** Trains the bias vectors of the backbone, those of LayerNorm included. Parameters: Σ sizes of the biases. */
export const bitfit: Method = {
  name: "bitfit",
  description: "BitFit: the biases of the backbone are trained",
  paper: "Ben Zaken, Goldberg and Ravfogel (2022), BitFit, https://arxiv.org/abs/2106.10199",
  options: z.strictObject({
    learningRate: z.number().positive().default(1e-2),
    epochs: z.int().min(1).default(4),
  }),
  parameters: () => [],
  trains: (shape) => [...shape.biases],
  count: size,
  storedCount: size,
  identityAtStart: true,
  hooks: () => ({}),
  stored: ({ biases, weights }) => ownForm(Object.fromEntries(biases.map((name) => [name, weights[name]]))),
};
