/**
 * LayerNorm tuning.
 * @module
 */
import { z } from "zod";
import type { BackboneShape } from "../models/types.ts";
import { PEFT_MODEL, peftConfig, peftFields, renamed } from "./peft.ts";
import type { Method } from "./types.ts";

function names({ norms, weights }: BackboneShape): string[] {
  return norms.flatMap((norm) => [`${norm}.weight`, `${norm}.bias`]).filter((name) => Object.hasOwn(weights, name));
}

/** PEFT's key of a weight. */
function keyOf(name: string): string {
  return PEFT_MODEL + name.replace(/\.(\w+)$/, ".ln_tuning_layers.$1");
}

function size(shape: BackboneShape): number {
  return names(shape).reduce((sum, name) => sum + shape.weights[name][0], 0);
}

/**
 * Trains gains and biases of every normalisation of the backbone, that of the embeddings included. Parameters: Σ widths
 * of the normalisations, twice where they have a bias.
 */
export const lnTuning: Method = {
  name: "ln-tuning",
  description: "LayerNorm tuning: gains and biases of the normalisations are trained",
  paper: "Zhao et al. (2023), Tuning LayerNorm in Attention, https://arxiv.org/abs/2312.11420",
  options: z.strictObject({
    learningRate: z.number().positive().default(1e-3),
    epochs: z.int().min(1).default(4),
  }),
  parameters: () => [],
  trains: names,
  count: size,
  storedCount: size,
  identityAtStart: true,
  hooks: () => ({}),
  stored: (shape) => ({
    config: peftConfig("LN_TUNING", { target_modules: [...shape.norms] }),
    shapes: Object.fromEntries(names(shape).map((name) => [keyOf(name), shape.weights[name]])),
    tensors: (parameters) => renamed(parameters, keyOf),
    parameters: (stored) => renamed(stored, (key) => key.replace(PEFT_MODEL, "").replace(".ln_tuning_layers", "")),
  }),
  peft: {
    type: "LN_TUNING",
    options(config) {
      // Which normalisations are trained shows in the stored tensors.
      peftFields(config, z.object({}), ["target_modules"]);
      return {};
    },
  },
};
