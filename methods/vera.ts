/**
 * VeRA: vector-based random matrix adaptation.
 * @module
 */
import { z } from "zod";
import { type Tensor, type Tensors, tf } from "../engine/tensor.ts";
import type { BackboneShape, LinearSite } from "../models/types.ts";
import { commonOptions, commonSpace } from "./shared/options.ts";
import { drawn, shapesOf } from "./shared/parameter.ts";
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
import { sitesOf } from "./shared/sites.ts";
import { TorchRandom } from "./shared/torch-random.ts";
import type { CommonOptions, FrozenTensor, Method } from "./types.ts";

/** Options of VeRA. */
export interface VeraOptions extends CommonOptions {
  /** Rank r of the random matrices. */
  rank: number;
  /** What the vectors d start from. */
  dInitial: number;
  /** Share of the entries of the update's input that are dropped while training. */
  dropout: number;
  /** Roles of the linear maps to adapt, or null for those the backbone suggests. */
  targets: string[] | null;
  /** Seed of the random matrices, PEFT's `projection_prng_key`; null: the run's. */
  projectionSeed: number | null;
}

/**
 * The largest rank of a study. Sums of so many random matrices of rank 1 may well exceed the dimensions of what is adapted (the
 * paper has 1,024 on a width of 768), but A and B are drawn and kept in float32: at a width of 768 in and out 100 MB.
 */
const LARGEST_RANK = 1 << 14;

function sites(shape: BackboneShape, { targets }: VeraOptions): LinearSite[] {
  return sitesOf(shape, targets ?? shape.loraTargets, "vera", "targets");
}

/**
 * A [r, widest input] and B [widest output, r]; each linear map uses the rows and columns that it needs. Both are uniform
 * over ±√(6 ÷ columns), PyTorch's Kaiming initialisation, and drawn one after the other from one generator, as in PEFT.
 */
function projections(shape: BackboneShape, options: VeraOptions): FrozenTensor[] {
  const adapted = sites(shape, options);
  const a = [options.rank, Math.max(...adapted.map((site) => site.in))];
  const b = [Math.max(...adapted.map((site) => site.out)), options.rank];
  // In PyTorch's order of operations, so that the last bits are the same.
  const bound = (columns: number) => Math.sqrt(3) * (Math.sqrt(2) / Math.sqrt(columns));
  return [
    { name: "vera_A", shape: a, draw: (seed) => new TorchRandom(seed).uniform(a, bound(a[1])) },
    {
      name: "vera_B",
      shape: b,
      draw(seed) {
        const random = new TorchRandom(seed);
        // B continues the random numbers of A.
        random.uniform(a, bound(a[1]));
        return random.uniform(b, bound(b[1]));
      },
    },
  ];
}

/** The parts A [r, in] and B [out, r] that a linear map uses. */
function partsOf(site: LinearSite, { vera_A: a, vera_B: b }: Tensors): { a: Tensor; b: Tensor } {
  const [rank] = a.shape;
  return { a: a.slice([0, 0], [rank, site.in]), b: b.slice([0, 0], [site.out, rank]) };
}

const peftSchema = z.object({
  r: peftSize(),
  d_initial: z.number().nullish(),
  vera_dropout: z.number().min(0).lt(1).nullish(),
  projection_prng_key: z.int().min(0).nullish(),
  target_modules: peftModulesSchema(),
  bias: z.literal("none").nullish(),
});

/**
 * Adds b ∘ B·(d ∘ A·x) to the output of chosen linear maps (equation 2 of the paper). A and B are random, shared by all
 * these maps and never trained. The vectors d [r] and b [out] are trained; d starts as a small constant, b as zeros.
 * Parameters: Σ r + out.
 */
export const vera: Method<VeraOptions> = {
  name: "vera",
  description: "VeRA: vectors that scale random matrices, shared by all layers, are trained",
  paper: "Kopiczko, Blankevoort and Asano (2024), VeRA: Vector-based Random Matrix Adaptation, " +
    "https://arxiv.org/abs/2310.11454",
  options: z.strictObject({
    rank: z.int().min(1).default(256).describe("rank r of the random matrices, at most 16,384"),
    dInitial: z.number().default(0.1).describe("what the vectors d start from"),
    dropout: z.number().min(0).lt(1).default(0).describe("share of the update's input that is dropped while training"),
    targets: z.array(z.string()).min(1).nullable().default(null).describe(
      "roles of the linear maps that are adapted; null: those that the backbone suggests",
    ),
    projectionSeed: z.int().min(0).nullable().default(null).describe("seed of the random matrices; null: the run's"),
    ...commonOptions(0.1),
  }),
  space: { ...commonSpace(5e-3, 0.5), rank: [32, 64, 128, 256, 512] },
  parameters: (shape, options) =>
    sites(shape, options).flatMap(({ name, out }) => [
      drawn(`${name}.vera_lambda_b`, [out], () => 0),
      drawn(`${name}.vera_lambda_d`, [options.rank], () => options.dInitial),
    ]),
  trains: () => [],
  frozen: projections,
  count: (shape, options) => sites(shape, options).reduce((sum, { out }) => sum + options.rank + out, 0),
  requireBounds(_, { rank }) {
    if (rank <= LARGEST_RANK) return;
    throw new Error(`Cannot use vera: rank must be at most ${LARGEST_RANK}, current value is ${rank}`);
  },
  identityAtStart: true,
  hooks(tensors, shape, options, dropout) {
    const adapted = new Set(sites(shape, options).map(({ name }) => name));
    return {
      linear(site, x, y) {
        const { name } = site;
        if (!adapted.has(name)) return y;
        const { a, b } = partsOf(site, tensors);
        const kept = options.dropout === 0 ? x : dropout(name, x, options.dropout);
        const inner = kept.matMul(a, false, true).mul(tensors[`${name}.vera_lambda_d`]);
        return y.add(inner.matMul(b, false, true).mul(tensors[`${name}.vera_lambda_b`]));
      },
    };
  },
  peft: {
    type: "VERA",
    config: (shape, options) =>
      peftConfig("VERA", {
        bias: "none",
        d_initial: options.dInitial,
        fan_in_fan_out: sites(shape, options).every(({ outputFirst }) => !outputFirst),
        projection_prng_key: options.projectionSeed,
        r: options.rank,
        save_projection: false,
        target_modules: peftModules(sites(shape, options), shape),
        vera_dropout: options.dropout,
      }),
    options(config, shape) {
      const fields = peftFields(config, peftSchema, ["fan_in_fan_out", "init_weights", "save_projection"]);
      return {
        rank: fields.r,
        dInitial: fields.d_initial ?? 0.1,
        dropout: fields.vera_dropout ?? 0,
        targets: peftTargets(fields.target_modules, shape),
        projectionSeed: fields.projection_prng_key ?? 0,
      };
    },
    layout: (shape, options) => renamedLayout(shapesOf(vera.parameters(shape, options)), (name) => PEFT_MODEL + name),
    frozenKeys: { vera_A: "base_model.vera_A", vera_B: "base_model.vera_B" },
  },
  merged: (tensors, weights, shape, options) =>
    Object.fromEntries(
      sites(shape, options).map((site) => {
        const { a, b } = partsOf(site, tensors);
        const rows = b.mul(tensors[`${site.name}.vera_lambda_b`].reshape([-1, 1]));
        const update = rows.matMul(a.mul(tensors[`${site.name}.vera_lambda_d`].reshape([-1, 1])));
        const weight = `${site.name}.weight`;
        return [weight, weights[weight].add(site.outputFirst ? update : tf.transpose(update))];
      }),
    ),
};
