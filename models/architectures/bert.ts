/**
 * BERT (Devlin et al., 2019), and MiniLM, which has the same architecture.
 * @module
 */
import { bertEncoder } from "./bert-encoder.ts";
import { linearHead } from "../layers/head.ts";
import type { Architecture } from "../types.ts";

/** BERT under the names of transformers' `BertForSequenceClassification`. The features are the pooler's output. */
export const bert: Architecture = {
  citation: "Devlin et al. (2019), BERT, https://arxiv.org/abs/1810.04805",
  classes: { classification: "BertForSequenceClassification" },
  design: (config) =>
    bertEncoder(config, {
      prefix: "bert.",
      pooler: "pooler.dense",
      padding: 0,
      firstPosition: () => 0,
      head: (width) => linearHead("classifier", width),
      masked: {
        dense: "cls.predictions.transform.dense",
        norm: "cls.predictions.transform.LayerNorm",
        decoder: "cls.predictions.decoder",
        bias: "cls.predictions.bias",
      },
    }),
};
