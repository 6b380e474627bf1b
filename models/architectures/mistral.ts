/**
 * Mistral (Jiang et al., 2023): Llama with a sliding window of attention.
 * @module
 */
import { z } from "zod";
import { LARGEST_SIZE, parseConfig } from "../config.ts";
import { llamaDecoder } from "./llama-decoder.ts";
import type { Architecture } from "../types.ts";

const schema = z.object({ sliding_window: z.int().min(1).max(LARGEST_SIZE).nullish() });

/** Mistral under the names of transformers' `MistralModel`. Tokens further from a prefix than the window do not read it. */
export const mistral: Architecture = {
  citation: "Jiang et al. (2023), Mistral 7B, https://arxiv.org/abs/2310.06825",
  classes: { classification: "MistralForSequenceClassification", generation: "MistralForCausalLM" },
  design(config) {
    return llamaDecoder(config, { window: parseConfig(config, schema).sliding_window ?? undefined });
  },
};
