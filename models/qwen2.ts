/**
 * Qwen2 (Yang et al., 2024): Llama with biases on queries, keys and values.
 * @module
 */
import { z } from "zod";
import { parseConfig } from "./config.ts";
import { llamaDecoder, llamaSchema } from "./llama.ts";
import type { Architecture } from "./types.ts";

const schema = llamaSchema.extend({ use_sliding_window: z.literal(false).optional() });

/** Qwen2 under the names of transformers' `Qwen2Model`; sliding windows, which no published model uses, are refused. */
export const qwen2: Architecture = {
  citation: "Yang et al. (2024), Qwen2, https://arxiv.org/abs/2407.10671",
  design: (config) =>
    llamaDecoder(parseConfig(config, schema), {
      biased: ["q_proj", "k_proj", "v_proj"],
      // As PEFT has it.
      ia3Outputs: ["q_proj", "v_proj"],
    }),
};
