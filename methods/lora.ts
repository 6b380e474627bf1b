/**
 * LoRA: low-rank adaptation.
 * @module
 */
import { z } from "zod";
import type { BackboneShape, LinearSite } from "../models/types.ts";
import { drawn, uniform } from "./parameter.ts";
import { PEFT_MODEL, peftConfig, peftModules, peftTargets, renamed } from "./peft.ts";
import { sitesOf } from "./sites.ts";
import type { CommonOptions, Method } from "./types.ts";

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
}

function sites(shape: BackboneShape, targets: string[] | null): LinearSite[] {
  return sitesOf(shape, targets ?? shape.loraTargets, "lora", "targets");
}

function size(shape: BackboneShape, { rank, targets }: LoraOptions): number {
  return sites(shape, targets).reduce((sum, site) => sum + rank * (site.in + site.out), 0);
}

/**
 * Adds (α/r)·x·Aᵀ·Bᵀ to the output of chosen linear maps, A [r, in], B [out, r] (equation 3 of the paper); A starts
 * uniform over ±1/√in, B as zeros. Parameters: Σ r·(in + out).
 */
export const lora: Method<LoraOptions> = {
  name: "lora",
  description: "LoRA: trained updates of low rank are added to linear maps",
  paper: "Hu et al. (2021), LoRA, https://arxiv.org/abs/2106.09685",
  options: z.strictObject({
    rank: z.int().min(1).default(8),
    alpha: z.number().positive().default(16),
    dropout: z.number().min(0).lt(1).default(0),
    targets: z.array(z.string()).min(1).nullable().default(null),
    learningRate: z.number().positive().default(3e-3),
    epochs: z.int().min(1).default(4),
  }),
  parameters: (shape, { rank, targets }) =>
    sites(shape, targets).flatMap((site) => [
      drawn(`${site.name}.lora_A`, [rank, site.in], uniform(site.in ** -0.5)),
      drawn(`${site.name}.lora_B`, [site.out, rank], () => 0),
    ]),
  trains: () => [],
  count: size,
  storedCount: size,
  identityAtStart: true,
  hooks: (parameters, shape, { rank, alpha, dropout: rate, targets }, dropout) => {
    const adapted = new Set(sites(shape, targets).map(({ name }) => name));
    return {
      linear({ name }, x, y) {
        if (!adapted.has(name)) return y;
        const kept = rate === 0 ? x : dropout(name, x, rate);
        const inner = kept.matMul(parameters[`${name}.lora_A`], false, true).mul(alpha / rank);
        return y.add(inner.matMul(parameters[`${name}.lora_B`], false, true));
      },
    };
  },
  stored: (shape, { rank, alpha, dropout, targets }) => ({
    config: peftConfig("LORA", {
      bias: "none",
      fan_in_fan_out: sites(shape, targets).every(({ outputFirst }) => !outputFirst),
      lora_alpha: alpha,
      lora_dropout: dropout,
      r: rank,
      target_modules: peftModules(sites(shape, targets), shape),
    }),
    tensors: (parameters) => renamed(parameters, (name) => `${PEFT_MODEL}${name}.weight`),
    parameters: (stored) => renamed(stored, (key) => key.replace(PEFT_MODEL, "").replace(/\.weight$/, "")),
  }),
  peft: {
    type: "LORA",
    options: ({ r, lora_alpha, lora_dropout, target_modules }, shape) => ({
      rank: r,
      alpha: lora_alpha,
      dropout: lora_dropout,
      targets: peftTargets(target_modules, shape),
    }),
  },
  merged: (parameters, weights, shape, { rank, alpha, targets }) =>
    Object.fromEntries(
      sites(shape, targets).map(({ name, outputFirst }) => {
        const [a, b] = ["lora_A", "lora_B"].map((part) => parameters[`${name}.${part}`]);
        const update = outputFirst ? b.matMul(a) : a.matMul(b, true, true);
        return [`${name}.weight`, weights[`${name}.weight`].add(update.mul(alpha / rank))];
      }),
    ),
};
