/**
 * Llama (Touvron et al., 2023), including the rescaled rotation of Llama 3.
 * @module
 */
import { z } from "zod";
import { parseConfig } from "../config.ts";
import { llamaDecoder } from "./llama-decoder.ts";
import type { Architecture } from "../types.ts";

const schema = z.object({ attention_bias: z.boolean().default(false), mlp_bias: z.boolean().default(false) });

/** Llama under the names of transformers' `LlamaModel`. */
export const llama: Architecture = {
  citation: "Touvron et al. (2023), LLaMA, https://arxiv.org/abs/2302.13971",
  classes: { classification: "LlamaForSequenceClassification", generation: "LlamaForCausalLM" },
  design(config) {
    const { attention_bias: biased, mlp_bias: feedForwardBiased } = parseConfig(config, schema);
    return llamaDecoder(config, {
      biased: biased ? ["q_proj", "k_proj", "v_proj", "o_proj"] : [],
      feedForwardBiased,
    });
  },
};
