/**
 * Qwen2 (Yang et al., 2024): Llama with biases on queries, keys and values.
 * @module
 */
import { z } from "zod";
import { parseConfig } from "../config.ts";
import { llamaDecoder } from "./llama-decoder.ts";
import type { Architecture } from "../types.ts";

const schema = z.object({ use_sliding_window: z.literal(false).optional() });

/** Qwen2 under the names of transformers' `Qwen2Model`. Sliding windows, which no published model uses, are refused. */
export const qwen2: Architecture = {
  citation: "Yang et al. (2024), Qwen2, https://arxiv.org/abs/2407.10671",
  classes: { classification: "Qwen2ForSequenceClassification", generation: "Qwen2ForCausalLM" },
  design(config) {
    parseConfig(config, schema);
    // The targets of IA³ are PEFT's.
    return llamaDecoder(config, { biased: ["q_proj", "k_proj", "v_proj"], ia3Outputs: ["q_proj", "v_proj"] });
  },
};
