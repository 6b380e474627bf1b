/**
 * LayerNorm tuning.
 * @module
 */
import { z } from "zod";
import type { BackboneShape } from "../models/types.ts";
import { commonOptions, commonSpace } from "./shared/options.ts";
import { PEFT_MODEL, peftConfig, peftFields, renamedLayout } from "./shared/peft.ts";
import type { Method } from "./types.ts";

/** Names of the gains and biases of all normalisations. */
function normWeights({ norms, weights }: BackboneShape): string[] {
  return norms.flatMap((norm) => [`${norm}.weight`, `${norm}.bias`]).filter((name) => Object.hasOwn(weights, name));
}

/** PEFT's key of a weight. */
function keyOf(name: string): string {
  return PEFT_MODEL + name.replace(/\.(\w+)$/, ".ln_tuning_layers.$1");
}

function size(shape: BackboneShape): number {
  return normWeights(shape).reduce((sum, name) => sum + shape.weights[name][0], 0);
}

/**
 * Trains the gains and biases of every normalisation of the backbone, that of the embeddings included. Parameters: Σ widths
 * of the normalisations, each counted twice if it has a bias.
 */
export const lnTuning: Method = {
  name: "ln-tuning",
  description: "LayerNorm tuning: gains and biases of the normalisations are trained",
  paper: "Zhao et al. (2023), Tuning LayerNorm in Attention, https://arxiv.org/abs/2312.11420",
  options: z.strictObject(commonOptions(1e-2)),
  space: commonSpace(3e-4, 0.1),
  parameters: () => [],
  trains: normWeights,
  count: size,
  identityAtStart: true,
  hooks: () => ({}),
  peft: {
    type: "LN_TUNING",
    config: (shape) => peftConfig("LN_TUNING", { target_modules: [...shape.norms] }),
    options(config) {
      // The names of the stored tensors tell which normalisations are trained.
      peftFields(config, z.object({}), ["target_modules"]);
      return {};
    },
    layout: (shape) =>
      renamedLayout(Object.fromEntries(normWeights(shape).map((name) => [name, shape.weights[name]])), keyOf),
  },
};
