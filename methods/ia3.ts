/**
 * IA³: scaling of inner activations.
 * @module
 */
import { z } from "zod";
import type { Tensors } from "../engine/tensor.ts";
import type { BackboneShape, LinearSite } from "../models/types.ts";
import { commonOptions, commonSpace } from "./shared/options.ts";
import { drawn, shapesOf } from "./shared/parameter.ts";
import {
  PEFT_MODEL,
  peftConfig,
  peftFields,
  peftModules,
  peftModulesSchema,
  peftTargets,
  renamedLayout,
} from "./shared/peft.ts";
import { sitesOf } from "./shared/sites.ts";
import type { CommonOptions, Method } from "./types.ts";

/** Options of IA³. */
export interface Ia3Options extends CommonOptions {
  /** Roles of the linear maps whose outputs are scaled, or null for those the backbone suggests. */
  outputs: string[] | null;
  /** Roles of the linear maps whose inputs are scaled, or null for those the backbone suggests. */
  inputs: string[] | null;
}

/** The linear maps whose outputs are scaled, and those whose inputs are. @throws {Error} if a role is in both lists */
function scaledSites(shape: BackboneShape, options: Ia3Options): { outputs: LinearSite[]; inputs: LinearSite[] } {
  const outputs = options.outputs ?? shape.ia3Targets.outputs;
  const inputs = options.inputs ?? shape.ia3Targets.inputs;
  const both = outputs.find((role) => inputs.includes(role));
  if (both) {
    throw new Error(
      `Cannot use ia3: outputs and inputs must name different linear maps, current value is ${both} in both`,
    );
  }
  return { outputs: sitesOf(shape, outputs, "ia3", "outputs"), inputs: sitesOf(shape, inputs, "ia3", "inputs") };
}

const peftSchema = z.object({
  target_modules: peftModulesSchema(),
  feedforward_modules: peftModulesSchema().nullish(),
});

function size(shape: BackboneShape, options: Ia3Options): number {
  const { outputs, inputs } = scaledSites(shape, options);
  return outputs.reduce((sum, site) => sum + site.out, 0) + inputs.reduce((sum, site) => sum + site.in, 0);
}

/**
 * Multiplies outputs of some linear maps by a trained vector l, l ∘ (x·W + b), and inputs of others, (l ∘ x)·W + b: by
 * default keys, values and the inner activations of the feed-forward networks (section 3.3 of the paper). Every l starts as
 * ones. Where one linear map makes queries, keys and values, the queries are scaled, too, as in PEFT.
 * Parameters: Σ out where outputs are scaled + Σ in where inputs are.
 */
export const ia3: Method<Ia3Options> = {
  name: "ia3",
  description: "IA³: trained vectors scale keys, values and inner activations",
  paper:
    "Liu et al. (2022), Few-Shot Parameter-Efficient Fine-Tuning is Better and Cheaper than In-Context Learning, " +
    "https://arxiv.org/abs/2205.05638",
  options: z.strictObject({
    outputs: z.array(z.string()).nullable().default(null).describe(
      "roles of the linear maps whose outputs are scaled; null: keys and values",
    ),
    inputs: z.array(z.string()).nullable().default(null).describe(
      "roles of the linear maps whose inputs are scaled; null: the last of each feed-forward network",
    ),
    ...commonOptions(3e-2),
  }),
  space: commonSpace(1e-3, 0.3),
  parameters(shape, options) {
    const { outputs, inputs } = scaledSites(shape, options);
    return [
      ...outputs.map((site) => drawn(`${site.name}.ia3_l`, [site.out, 1], () => 1)),
      ...inputs.map((site) => drawn(`${site.name}.ia3_l`, [1, site.in], () => 1)),
    ];
  },
  trains: () => [],
  count: size,
  identityAtStart: true,
  hooks(parameters, shape, options) {
    const { outputs, inputs } = scaledSites(shape, options);
    const [scaledOutputs, scaledInputs] = [outputs, inputs].map((sites) => new Set(sites.map(({ name }) => name)));
    const factors = (name: string) => parameters[`${name}.ia3_l`].reshape([1, -1]);
    return {
      input: ({ name }, x) => scaledInputs.has(name) ? x.mul(factors(name)) : x,
      linear: ({ name }, _, y) => scaledOutputs.has(name) ? y.mul(factors(name)) : y,
    };
  },
  peft: {
    type: "IA3",
    config(shape, options) {
      const { outputs, inputs } = scaledSites(shape, options);
      return peftConfig("IA3", {
        fan_in_fan_out: [...outputs, ...inputs].every(({ outputFirst }) => !outputFirst),
        feedforward_modules: peftModules(inputs, shape),
        target_modules: peftModules([...outputs, ...inputs], shape),
      });
    },
    options(config, shape) {
      const fields = peftFields(config, peftSchema, ["fan_in_fan_out", "init_ia3_weights"]);
      const targets = peftTargets(fields.target_modules, shape);
      // PEFT scales the inputs of the targets that it also lists here, and the outputs of the others.
      const feedForward = peftTargets(fields.feedforward_modules ?? [], shape);
      return {
        inputs: targets.filter((role) => feedForward.includes(role)),
        outputs: targets.filter((role) => !feedForward.includes(role)),
      };
    },
    layout: (shape, options) => renamedLayout(shapesOf(ia3.parameters(shape, options)), (name) => PEFT_MODEL + name),
  },
  merged(parameters, weights, shape, options) {
    const { outputs, inputs } = scaledSites(shape, options);
    const merged: Tensors = {};
    for (const { name, outputFirst } of outputs) {
      const factors = parameters[`${name}.ia3_l`];
      const bias = weights[`${name}.bias`];
      merged[`${name}.weight`] = weights[`${name}.weight`].mul(outputFirst ? factors : factors.transpose());
      if (bias) merged[`${name}.bias`] = bias.mul(factors.reshape([-1]));
    }
    for (const { name, outputFirst } of inputs) {
      const factors = parameters[`${name}.ia3_l`];
      merged[`${name}.weight`] = weights[`${name}.weight`].mul(outputFirst ? factors : factors.transpose());
    }
    return merged;
  },
};
