/**
 * In-context learning: answered examples before each text.
 * @module
 */
import { z } from "zod";
import type { CommonOptions, Method } from "./types.ts";

/** Options of in-context learning. */
export type InContextOptions = CommonOptions & {
  /** Training examples with their answers before each text. */
  examples: number;
};

/** Trains nothing: some training examples stand with their answers before each text, from which the model reads what is asked. Parameters: none. */
export const inContext: Method<InContextOptions> = {
  name: "in-context",
  description: "in-context learning: nothing is trained, answered examples stand before each text",
  paper: "Brown et al. (2020), Language Models are Few-Shot Learners, https://arxiv.org/abs/2005.14165",
  options: z.strictObject({
    examples: z.int().min(1).default(8).describe(
      "training examples, with their answers, before each text; classes in turn",
    ),
  }),
  space: {},
  untrained: true,
  examples: ({ examples }) => examples,
  parameters: () => [],
  trains: () => [],
  count: () => 0,
  identityAtStart: true,
  hooks: () => ({}),
};
