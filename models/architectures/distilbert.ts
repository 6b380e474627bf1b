/**
 * DistilBERT (Sanh et al., 2019).
 * @module
 */
import { z } from "zod";
import { MOST_LAYERS, parseConfig, sizeSchema } from "../config.ts";
import { encoder } from "../layers/encoder.ts";
import { twoLayerHead } from "../layers/head.ts";
import { activationSchema } from "../layers/linear-maps.ts";
import type { Architecture } from "../types.ts";

const size = sizeSchema();

const schema = z.object({
  vocab_size: size,
  dim: size,
  n_layers: sizeSchema(MOST_LAYERS),
  n_heads: size,
  hidden_dim: size,
  activation: activationSchema(),
  max_position_embeddings: size,
  pad_token_id: z.int().nonnegative().nullish(),
  tie_word_embeddings: z.boolean().default(true),
});

/**
 * DistilBERT under the names of transformers' `DistilBertForSequenceClassification`. The features are the last layer's
 * output for the first token. There are no segments.
 */
export const distilbert: Architecture = {
  citation: "Sanh et al. (2019), DistilBERT, https://arxiv.org/abs/1910.01108",
  classes: { classification: "DistilBertForSequenceClassification" },
  design(config) {
    const values = parseConfig(config, schema);
    return encoder({
      sizes: {
        vocabulary: values.vocab_size,
        positions: values.max_position_embeddings,
        segments: 0,
        hidden: values.dim,
        layers: values.n_layers,
        heads: values.n_heads,
        feedForward: values.hidden_dim,
      },
      names: {
        prefix: "distilbert.",
        embeddings: {
          words: "embeddings.word_embeddings",
          positions: "embeddings.position_embeddings",
          norm: "embeddings.LayerNorm",
        },
        layer: (index) => `transformer.layer.${index}`,
        attention: {
          query: "attention.q_lin",
          key: "attention.k_lin",
          value: "attention.v_lin",
          output: "attention.out_lin",
          norm: "sa_layer_norm",
        },
        feedForward: { inner: "ffn.lin1", outer: "ffn.lin2", norm: "output_layer_norm" },
      },
      activation: values.activation,
      epsilon: 1e-12,
      firstPosition: 0,
      padding: values.pad_token_id ?? 0,
      withoutCache: true,
      head: twoLayerHead({ inner: "pre_classifier", outer: "classifier", activation: (x) => x.relu() }, values.dim),
      masked: {
        dense: "vocab_transform",
        norm: "vocab_layer_norm",
        activation: values.activation,
        decoder: "vocab_projector",
        bias: "vocab_projector.bias",
        tied: values.tie_word_embeddings,
      },
    });
  },
};
