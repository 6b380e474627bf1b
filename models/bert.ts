/**
 * BERT (Devlin et al., 2019), MiniLM included.
 * @module
 */
import { z } from "zod";
import { LARGEST_SIZE, MOST_LAYERS, parseConfig } from "./config.ts";
import { encoder } from "./encoder.ts";
import { linearHead } from "./head.ts";
import { type Activation, activations } from "./layers.ts";
import type { Architecture } from "./types.ts";

const size = z.int().min(1).max(LARGEST_SIZE);

const schema = z.object({
  vocab_size: size,
  hidden_size: size,
  num_hidden_layers: size.max(MOST_LAYERS),
  num_attention_heads: size,
  intermediate_size: size,
  hidden_act: z.enum(Object.keys(activations) as Activation[]),
  max_position_embeddings: size,
  type_vocab_size: size,
  layer_norm_eps: z.number().positive().default(1e-12),
  pad_token_id: z.int().nonnegative().nullish(),
  position_embedding_type: z.literal("absolute").optional(),
  is_decoder: z.literal(false).optional(),
});

/** BERT under the names of transformers' `BertForSequenceClassification`; its features are the pooler's output. */
export const bert: Architecture = {
  citation: "Devlin et al. (2019), BERT, https://arxiv.org/abs/1810.04805",
  design(config) {
    const values = parseConfig(config, schema);
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
        prefix: "bert.",
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
        pooler: "pooler.dense",
      },
      activation: values.hidden_act,
      epsilon: values.layer_norm_eps,
      firstPosition: 0,
      padding: values.pad_token_id ?? 0,
      head: linearHead("classifier", values.hidden_size),
    });
  },
};
