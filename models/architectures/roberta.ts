/**
 * RoBERTa (Liu et al., 2019).
 * @module
 */
import { bertEncoder } from "./bert-encoder.ts";
import { twoLayerHead } from "../layers/head.ts";
import type { Architecture } from "../types.ts";

/**
 * RoBERTa under the names of transformers' `RobertaForSequenceClassification`. The features are the last layer's output for
 * the first token. The first position is the id for padding plus one.
 */
export const roberta: Architecture = {
  citation: "Liu et al. (2019), RoBERTa, https://arxiv.org/abs/1907.11692",
  classes: { classification: "RobertaForSequenceClassification" },
  design: (config) =>
    bertEncoder(config, {
      prefix: "roberta.",
      padding: 1,
      firstPosition: (padding) => padding + 1,
      head: (width) =>
        twoLayerHead({ inner: "classifier.dense", outer: "classifier.out_proj", activation: (x) => x.tanh() }, width),
      masked: {
        dense: "lm_head.dense",
        norm: "lm_head.layer_norm",
        activation: "gelu",
        decoder: "lm_head.decoder",
        bias: "lm_head.bias",
      },
    }),
};
