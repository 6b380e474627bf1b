/**
 * T5 (Raffel et al., 2020), including version 1.1 and Flan-T5: an encoder-decoder, for text generation only.
 * @module
 */
import { z } from "zod";
import { endSchema, MOST_LAYERS, parseConfig, sizeSchema } from "../config.ts";
import { encoderDecoder } from "../layers/encoder-decoder.ts";
import { type Activation, activations } from "../layers/linear-maps.ts";
import type { Architecture } from "../types.ts";

const size = sizeSchema();

/** Most tokens of a text, as in T5's pre-training; its relative positions would allow more. */
const LENGTH = 512;
/** Most heads of a layer, and the largest width of a head. */
const LARGEST_HEADS = 1 << 12;

const schema = z.object({
  vocab_size: size,
  d_model: size,
  d_kv: sizeSchema(LARGEST_HEADS),
  d_ff: size,
  num_layers: sizeSchema(MOST_LAYERS),
  num_decoder_layers: sizeSchema(MOST_LAYERS).nullish(),
  num_heads: sizeSchema(LARGEST_HEADS),
  relative_attention_num_buckets: z.int().min(4).max(1 << 10).default(32),
  relative_attention_max_distance: z.int().min(4).max(1 << 16).default(128),
  feed_forward_proj: z.enum([...Object.keys(activations), ...Object.keys(activations).map((name) => `gated-${name}`)])
    .default("relu"),
  layer_norm_epsilon: z.number().positive().default(1e-6),
  n_positions: size.nullish(),
  pad_token_id: z.int().nonnegative().nullish(),
  eos_token_id: endSchema(),
  decoder_start_token_id: z.int().nonnegative().nullish(),
  scale_decoder_outputs: z.boolean().nullish(),
  tie_word_embeddings: z.boolean().nullish(),
});

/** T5 under the names of transformers' `T5ForConditionalGeneration`. */
export const t5: Architecture = {
  citation:
    "Raffel et al. (2020), Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer, https://arxiv.org/abs/1910.10683",
  classes: { generation: "T5ForConditionalGeneration" },
  design(config) {
    const values = parseConfig(config, schema);
    const { vocab_size: vocabulary, relative_attention_num_buckets: count } = values;
    const padding = values.pad_token_id ?? 0;
    const start = values.decoder_start_token_id ?? padding;
    if (Math.max(padding, start) >= vocabulary) {
      throw new Error(
        `Cannot use ${config.path}: pad_token_id and decoder_start_token_id must be below the ${vocabulary} rows of the ` +
          `word embeddings, current values are ${padding} and ${start}`,
      );
    }
    if (values.relative_attention_max_distance <= count / 2) {
      throw new Error(
        `Cannot use ${config.path}: relative_attention_max_distance must be more than half of the ${count} buckets, ` +
          `current value is ${values.relative_attention_max_distance}`,
      );
    }
    const [activation, gated] = values.feed_forward_proj.split("-").reverse();
    return encoderDecoder({
      sizes: {
        vocabulary,
        hidden: values.d_model,
        layers: { encoder: values.num_layers, decoder: values.num_decoder_layers ?? values.num_layers },
        heads: values.num_heads,
        head: values.d_kv,
        feedForward: values.d_ff,
        length: values.n_positions ?? LENGTH,
      },
      buckets: { count, farthest: values.relative_attention_max_distance },
      // The configs of the first gated T5 models say "gelu" and mean its approximation by tanh.
      activation: gated && activation === "gelu" ? "gelu_new" : activation as Activation,
      gated: gated !== undefined,
      epsilon: values.layer_norm_epsilon,
      // Before transformers 5, models with tied word embeddings scaled their outputs, and the config had no key for it.
      scaledScores: values.scale_decoder_outputs ?? values.tie_word_embeddings ?? true,
      padding,
      start,
      end: values.eos_token_id,
    });
  },
};
