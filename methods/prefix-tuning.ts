/**
 * Prefix tuning.
 * @module
 */
import { z } from "zod";
import { type Tensor, type Tensors, tf } from "../engine/tensor.ts";
import type { BackboneShape, Hooks } from "../models/types.ts";
import { linear, linearParameters } from "./shared/linear.ts";
import { commonOptions, commonSpace } from "./shared/options.ts";
import { drawn, normal } from "./shared/parameter.ts";
import { peftPromptConfig, peftPromptFields, peftSize, peftStacks, prefixRows } from "./shared/peft.ts";
import type { CommonOptions, Method } from "./types.ts";

/** Options of prefix tuning. */
export interface PrefixTuningOptions extends CommonOptions {
  /** Keys and values n that stand before those of the text, in every layer. */
  prefixLength: number;
  /** Standard deviation of the start values: of keys and values (0.02), or with reparameterisation of the embedding (1). */
  std: number;
  /** Width k of the network that makes the prefix while training, or null to train keys and values themselves. */
  reparameterisation: number | null;
  /** "peft": layers of an encoder-decoder read the pairs of keys and values that PEFT gives them; left out: each its own. */
  reading?: "peft";
}

/** Width of the keys and values of all layers together, 2·Σ d_kv. */
function tableWidth({ keyValueWidths }: BackboneShape): number {
  return 2 * keyValueWidths.reduce((sum, width) => sum + width, 0);
}

/** Keys and values [n, d_kv] of each layer, by the names that `tensorNames` gives them. */
function prefixes(parameters: Tensors, shape: BackboneShape, { reparameterisation }: PrefixTuningOptions): Tensors {
  if (reparameterisation === null) return parameters;
  const inner = linear(parameters, "transform.0", parameters["embedding.weight"]).tanh();
  return splitTable(linear(parameters, "transform.2", inner), shape);
}

/** Keys and values of each layer from a table [n, 2·Σ d_kv], whose columns go layer by layer, keys before values. */
function splitTable(table: Tensor, shape: BackboneShape): Tensors {
  const columns = tf.split(table, shape.keyValueWidths.flatMap((width) => [width, width]), 1);
  return Object.fromEntries(tensorNames(shape).map((name, at) => [name, columns[at]]));
}

/** Names of the keys and values of each layer, in the order of the table's columns. */
function tensorNames({ keyValueWidths }: BackboneShape): string[] {
  return keyValueWidths.flatMap((_, layer) => [`layers.${layer}.keys`, `layers.${layer}.values`]);
}

/**
 * The prefix that each layer reads. With PEFT's reading of an encoder-decoder, layer i reads pair 2·i modulo the number of
 * layers: PEFT doubles the list of pairs and steps through it two by two. No layer reads the other pairs.
 */
function readPrefixes(parameters: Tensors, shape: BackboneShape, options: PrefixTuningOptions): Hooks["prefix"] {
  const stacks = peftStacks(shape, options.reading);
  const pairs = prefixes(parameters, shape, options);
  // Through one table, so that pairs that no layer reads have a gradient, too: zeros.
  const read = stacks === 1 ? pairs : splitTable(tf.concat(tensorNames(shape).map((name) => pairs[name]), 1), shape);
  return (layer) => {
    const pair = stacks * layer % shape.keyValueWidths.length;
    return { keys: read[`layers.${pair}.keys`], values: read[`layers.${pair}.values`] };
  };
}

/** Whether PEFT's table [n, 2·L·d_kv] can hold the prefix: all layers must be as wide, an encoder-decoder read as PEFT does. */
function fitsPeft(shape: BackboneShape, { reading }: PrefixTuningOptions): boolean {
  const [width] = shape.keyValueWidths;
  if (!shape.keyValueWidths.every((other) => other === width)) return false;
  return !shape.encoderDecoder || peftStacks(shape, reading) === 2;
}

/**
 * Puts trained keys and values before those of each layer. With reparameterisation, a network of two linear maps with tanh
 * between them computes these from trained rows; its parameters have PEFT's names.
 * Parameters: 2·n·Σ d_kv, or with k₀ the first layer's d_kv: n·k₀ + (k₀+1)·k + (k+1)·2·Σ d_kv.
 */
export const prefixTuning: Method<PrefixTuningOptions> = {
  name: "prefix-tuning",
  description: "prefix tuning: trained keys and values stand before the text's in every layer",
  paper:
    "Li and Liang (2021), Prefix-Tuning, https://arxiv.org/abs/2101.00190; Liu et al. (2022), P-Tuning v2, https://arxiv.org/abs/2110.07602",
  options: z.strictObject({
    prefixLength: z.int().min(1).default(8).describe("keys and values before the text's"),
    std: z.number().min(0).optional().describe(
      "standard deviation of the start; left out: 0.02, with reparameterisation 1",
    ),
    reparameterisation: z.int().min(1).nullable().default(null).describe(
      "width of the network that makes the prefix while training; null: keys and values are trained themselves",
    ),
    reading: z.literal("peft").optional().describe(
      "peft: layers of an encoder-decoder read the pairs of keys and values that PEFT gives them",
    ),
    ...commonOptions(0.1),
  }).transform((given) => ({ ...given, std: given.std ?? (given.reparameterisation === null ? 0.02 : 1) })),
  space: { ...commonSpace(5e-3, 0.5), prefixLength: [2, 4, 8, 16, 32] },
  parameters(shape, { prefixLength, std, reparameterisation }) {
    if (reparameterisation === null) {
      return tensorNames(shape).map((name, at) =>
        drawn(name, [prefixLength, shape.keyValueWidths[at >> 1]], normal(std))
      );
    }
    const [width] = shape.keyValueWidths;
    return [
      drawn("embedding.weight", [prefixLength, width], normal(std)),
      ...linearParameters("transform.0", width, reparameterisation),
      ...linearParameters("transform.2", reparameterisation, tableWidth(shape)),
    ];
  },
  trains: () => [],
  count(shape, { prefixLength: n, reparameterisation: k }) {
    const [width] = shape.keyValueWidths;
    return k === null ? n * tableWidth(shape) : n * width + (width + 1) * k + (k + 1) * tableWidth(shape);
  },
  virtualTokens: ({ prefixLength }) => prefixLength,
  identityAtStart: false,
  hooks: (parameters, shape, options) => ({ prefix: readPrefixes(parameters, shape, options) }),
  plain: (shape, options) =>
    options.reparameterisation === null ? undefined : {
      name: "prefix-tuning",
      options: { prefixLength: options.prefixLength, reading: options.reading },
      parameters: (parameters) => prefixes(parameters, shape, options),
    },
  peft: {
    type: "PREFIX_TUNING",
    config: (shape, options) =>
      fitsPeft(shape, options) && !shape.withoutCache
        ? peftPromptConfig("PREFIX_TUNING", options.prefixLength, prefixRows(shape), {
          num_transformer_submodules: peftStacks(shape, options.reading),
          encoder_hidden_size: options.reparameterisation ?? shape.keyValueWidths[0],
          prefix_projection: options.reparameterisation !== null,
        })
        : null,
    options(config, shape) {
      const [width] = shape.keyValueWidths;
      const schema = z.object({
        num_virtual_tokens: peftSize(),
        // PEFT itself cannot use the prefix of an encoder-decoder that is stored for one stack.
        num_transformer_submodules: z.literal(peftStacks(shape, "peft")).nullish(),
        prefix_projection: z.boolean().nullish(),
        encoder_hidden_size: peftSize().nullish(),
      });
      const fields = peftPromptFields(config, prefixRows(shape), schema, ["init_weights"]);
      return {
        prefixLength: fields.num_virtual_tokens,
        reparameterisation: fields.prefix_projection ? fields.encoder_hidden_size ?? width : null,
        ...shape.encoderDecoder && { reading: "peft" },
      };
    },
    layout: (shape, options) =>
      fitsPeft(shape, options)
        ? {
          shapes: { prompt_embeddings: [options.prefixLength, tableWidth(shape)] },
          tensors: (parameters) => ({
            prompt_embeddings: tf.concat(tensorNames(shape).map((name) => parameters[name]), 1),
          }),
          parameters: ({ prompt_embeddings }) => splitTable(prompt_embeddings, shape),
        }
        : null,
  },
};
