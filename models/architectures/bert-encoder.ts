/**
 * The encoder that BERT and RoBERTa share: values of config.json and names of weights.
 * @module
 */
import { z } from "zod";
import { MOST_LAYERS, parseConfig, sizeSchema } from "../config.ts";
import { encoder } from "../layers/encoder.ts";
import { activationSchema } from "../layers/linear-maps.ts";
import type { MaskedHead } from "../layers/encoder-layout.ts";
import type { Config, Design, Head } from "../types.ts";

const size = sizeSchema();

const schema = z.object({
  vocab_size: size,
  hidden_size: size,
  num_hidden_layers: sizeSchema(MOST_LAYERS),
  num_attention_heads: size,
  intermediate_size: size,
  hidden_act: activationSchema(),
  max_position_embeddings: size,
  type_vocab_size: size,
  layer_norm_eps: z.number().positive().default(1e-12),
  pad_token_id: z.int().nonnegative().nullish(),
  position_embedding_type: z.literal("absolute").optional(),
  is_decoder: z.literal(false).optional(),
  tie_word_embeddings: z.boolean().default(true),
});

/** How models with this encoder differ. */
export interface BertKind {
  /** Prefix of every name of the model: "bert.". */
  prefix: string;
  /** Linear map from the first token's output to the features, followed by tanh; absent: that output is the features. */
  pooler?: string;
  /** Token id for padding, where the config has none. */
  padding: number;
  /** Position of the first token, given the id for padding. */
  firstPosition(padding: number): number;
  /** The classifier for features of that width. */
  head(width: number): Head;
  /** The head of its masked language model; without an activation, that of the feed-forward networks. */
  masked: Pick<MaskedHead, "dense" | "norm" | "decoder" | "bias"> & Partial<Pick<MaskedHead, "activation">>;
}

/**
 * The encoder that a config describes.
 * @throws {Error} if a value is missing or not supported
 */
export function bertEncoder(config: Config, { prefix, pooler, ...kind }: BertKind): Design {
  const values = parseConfig(config, schema);
  const padding = values.pad_token_id ?? kind.padding;
  return encoder({
    sizes: {
      vocabulary: values.vocab_size,
      positions: values.max_position_embeddings,
      segments: values.type_vocab_size,
      hidden: values.hidden_size,
      layers: values.num_hidden_layers,
      heads: values.num_attention_heads,
      feedForward: values.intermediate_size,
    },
    names: {
      prefix,
      embeddings: {
        words: "embeddings.word_embeddings",
        positions: "embeddings.position_embeddings",
        segments: "embeddings.token_type_embeddings",
        norm: "embeddings.LayerNorm",
      },
      layer: (index) => `encoder.layer.${index}`,
      attention: {
        query: "attention.self.query",
        key: "attention.self.key",
        value: "attention.self.value",
        output: "attention.output.dense",
        norm: "attention.output.LayerNorm",
      },
      feedForward: { inner: "intermediate.dense", outer: "output.dense", norm: "output.LayerNorm" },
      pooler,
    },
    activation: values.hidden_act,
    epsilon: values.layer_norm_eps,
    firstPosition: kind.firstPosition(padding),
    padding,
    head: kind.head(values.hidden_size),
    masked: { activation: values.hidden_act, tied: values.tie_word_embeddings, ...kind.masked },
  });
}
