/**
 * LoRA: low-rank adaptation; weight-decomposed (DoRA) on request.
 * @module
 */
import { z } from "zod";
import { type Tensor, type Tensors, tf } from "../engine/tensor.ts";
import type { BackboneShape, LinearSite } from "../models/types.ts";
import { commonOptions, commonSpace } from "./shared/options.ts";
import { drawn, shapesOf, uniform } from "./shared/parameter.ts";
import {
  PEFT_MODEL,
  peftConfig,
  peftFields,
  peftModules,
  peftModulesSchema,
  peftSize,
  peftTargets,
  renamedLayout,
} from "./shared/peft.ts";
import { requireRank, sitesOf } from "./shared/sites.ts";
import type { CommonOptions, Method, MethodParameter } from "./types.ts";

/** Options of LoRA. */
export interface LoraOptions extends CommonOptions {
  /** Rank r of the update. */
  rank: number;
  /** The update is scaled by alpha ÷ rank. */
  alpha: number;
  /** Share of the entries of the update's input that are dropped while training. */
  dropout: number;
  /** Roles of the linear maps to adapt ("attention.qkv"), or null for those the backbone suggests. */
  targets: string[] | null;
  /** DoRA, weight-decomposed: the length of each output's weights is trained apart from their direction. */
  dora?: true;
}

/** PEFT's key of a parameter. */
function keyOf(name: string): string {
  return `${PEFT_MODEL}${name}${name.endsWith(".lora_magnitude_vector") ? "" : ".weight"}`;
}

const peftSchema = z.object({
  r: peftSize(),
  lora_alpha: z.number().positive(),
  lora_dropout: z.number().min(0).lt(1).nullish(),
  target_modules: peftModulesSchema(),
  use_dora: z.boolean().nullish(),
  use_rslora: z.boolean().nullish(),
  bias: z.literal("none").nullish(),
  // PEFT's other values of this field change the backbone's weights at the start.
  init_lora_weights: z.union([z.boolean(), z.enum(["gaussian", "orthogonal", "eva"])]).nullish(),
});

/** Fields that concern the start, the storage, or features that another field would switch on. */
const PEFT_IGNORED = [
  "ensure_weight_tying",
  "eva_config",
  "fan_in_fan_out",
  "megatron_core",
  "qalora_group_size",
  "runtime_config",
];

function sites(shape: BackboneShape, targets: string[] | null): LinearSite[] {
  return sitesOf(shape, targets ?? shape.loraTargets, "lora", "targets");
}

function size(shape: BackboneShape, { rank, targets, dora }: LoraOptions): number {
  return sites(shape, targets).reduce((sum, site) => sum + rank * (site.in + site.out) + (dora ? site.out : 0), 0);
}

/** W + (α/r)·B·A of a linear map, in the layout of W. */
function updated({ name, outputFirst }: LinearSite, parameters: Tensors, weights: Tensors, scale: number): Tensor {
  const [a, b] = ["lora_A", "lora_B"].map((part) => parameters[`${name}.${part}`]);
  const update = outputFirst ? b.matMul(a) : a.matMul(b, true, true);
  return weights[`${name}.weight`].add(update.mul(scale));
}

/** Euclidean lengths of the weights of each output: [out, 1] or [1, out], as the matrix is stored. */
function lengths({ outputFirst }: LinearSite, weight: Tensor): Tensor {
  return weight.square().sum(outputFirst ? 1 : 0, true).sqrt();
}

/** The trained lengths of DoRA; they start as the lengths of the backbone's weights. */
function magnitude(site: LinearSite): MethodParameter {
  return {
    name: `${site.name}.lora_magnitude_vector`,
    shape: [site.out],
    async start({ weight }) {
      const squares = new Float64Array(site.out);
      const values = await weight(`${site.name}.weight`);
      values.forEach((value, at) =>
        squares[site.outputFirst ? Math.floor(at / site.in) : at % site.out] += value * value
      );
      return Float32Array.from(squares, Math.sqrt);
    },
  };
}

/**
 * DoRA's output m ∘ (W + ΔW)·x ÷ ‖W + ΔW‖ + b, computed from y = W·x + b and the update ΔW·x (equation 5 of the paper of
 * DoRA). The gradient takes the norm as a constant (its section 4.3).
 */
function decomposed(site: LinearSite, y: Tensor, update: Tensor, parameters: Tensors, weights: Tensors, scale: number) {
  const bias = weights[`${site.name}.bias`];
  // tfjs records no gradient of what is computed inside; that of the weight is zero.
  const norm = tf.customGrad((weight) => ({
    value: lengths(site, updated(site, parameters, weights, scale)).reshape([-1]),
    gradFunc: () => tf.zerosLike(weight as Tensor),
  }))(weights[`${site.name}.weight`]);
  const factors = parameters[`${site.name}.lora_magnitude_vector`].div(norm);
  const product = (bias ? y.sub(bias) : y).add(update).mul(factors);
  return bias ? product.add(bias) : product;
}

/**
 * Adds (α/r)·x·Aᵀ·Bᵀ to the output of chosen linear maps, A [r, in], B [out, r] (equation 3 of the paper); A starts
 * uniform over ±1/√in, B as zeros. With `dora`, the adapted weights of each output are scaled to a trained length, which
 * starts as that of the backbone's weights; dropout then acts on ΔW·x alone. Parameters: Σ r·(in + out), with `dora` Σ out
 * more.
 */
export const lora: Method<LoraOptions> = {
  name: "lora",
  description: "LoRA: trained updates of low rank are added to linear maps",
  paper:
    "Hu et al. (2021), LoRA, https://arxiv.org/abs/2106.09685; Liu et al. (2024), DoRA, https://arxiv.org/abs/2402.09353",
  options: z.strictObject({
    rank: z.int().min(1).default(8).describe("rank r of the update, at most the smaller dimension of the matrix"),
    alpha: z.number().positive().default(16).describe("the update is scaled by alpha ÷ rank"),
    dropout: z.number().min(0).lt(1).default(0).describe("share of the update's input that is dropped while training"),
    targets: z.array(z.string()).min(1).nullable().default(null).describe(
      "roles of the linear maps that are adapted; null: those that the backbone suggests",
    ),
    dora: z.literal(true).optional().describe(
      "true: DoRA, the length of each output's weights is trained apart from their direction",
    ),
    ...commonOptions(3e-3),
  }),
  space: { ...commonSpace(3e-4, 3e-2), rank: [2, 4, 8, 16, 32] },
  parameters: (shape, { rank, targets, dora }) =>
    sites(shape, targets).flatMap((site) => [
      drawn(`${site.name}.lora_A`, [rank, site.in], uniform(site.in ** -0.5)),
      drawn(`${site.name}.lora_B`, [site.out, rank], () => 0),
      ...dora ? [magnitude(site)] : [],
    ]),
  trains: () => [],
  count: size,
  requireBounds: (shape, { rank, targets }) => requireRank("lora", rank, sites(shape, targets)),
  identityAtStart: true,
  hooks: (parameters, shape, { rank, alpha, dropout: rate, targets, dora }, dropout) => {
    const adapted = new Set(sites(shape, targets).map(({ name }) => name));
    return {
      linear(site, x, y, weights) {
        const { name } = site;
        if (!adapted.has(name)) return y;
        const kept = rate === 0 ? x : dropout(name, x, rate);
        const inner = kept.matMul(parameters[`${name}.lora_A`], false, true).mul(alpha / rank);
        const update = inner.matMul(parameters[`${name}.lora_B`], false, true);
        return dora ? decomposed(site, y, update, parameters, weights, alpha / rank) : y.add(update);
      },
    };
  },
  peft: {
    type: "LORA",
    config: (shape, options) =>
      peftConfig("LORA", {
        bias: "none",
        fan_in_fan_out: sites(shape, options.targets).every(({ outputFirst }) => !outputFirst),
        lora_alpha: options.alpha,
        lora_dropout: options.dropout,
        r: options.rank,
        target_modules: peftModules(sites(shape, options.targets), shape),
        use_dora: options.dora ?? false,
      }),
    options(config, shape) {
      const fields = peftFields(config, peftSchema, PEFT_IGNORED);
      return {
        rank: fields.r,
        // Rank-stabilised LoRA scales updates by alpha ÷ √rank (Kalajdzievski, 2023, https://arxiv.org/abs/2312.03732).
        alpha: fields.use_rslora ? fields.lora_alpha * Math.sqrt(fields.r) : fields.lora_alpha,
        dropout: fields.lora_dropout ?? 0,
        targets: peftTargets(fields.target_modules, shape),
        ...fields.use_dora && { dora: true },
      };
    },
    layout: (shape, options) => renamedLayout(shapesOf(lora.parameters(shape, options)), keyOf),
  },
  merged: (parameters, weights, shape, { rank, alpha, targets, dora }) =>
    Object.fromEntries(
      sites(shape, targets).map((site) => {
        const sum = updated(site, parameters, weights, alpha / rank);
        if (!dora) return [`${site.name}.weight`, sum];
        const norm = lengths(site, sum);
        const factors = parameters[`${site.name}.lora_magnitude_vector`].reshape(norm.shape).div(norm);
        return [`${site.name}.weight`, sum.mul(factors)];
      }),
    ),
};
