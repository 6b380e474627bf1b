/**
 * Hand-written prompts: the model as it is.
 * @module
 */
import { z } from "zod";
import type { Method } from "./types.ts";

/**
 * Trains nothing: the model answers as it is, with its own words, to texts in a prompt that a person wrote. What trained
 * prompts are to be measured by. Parameters: none.
 */
export const handWritten: Method = {
  name: "hand-written",
  description: "hand-written prompts: nothing is trained, the model answers as it is",
  paper:
    "Schick and Schütze (2021), Exploiting Cloze Questions for Few Shot Text Classification and Natural Language Inference, " +
    "https://arxiv.org/abs/2001.07676",
  options: z.strictObject({}),
  space: {},
  untrained: true,
  parameters: () => [],
  trains: () => [],
  count: () => 0,
  identityAtStart: true,
  hooks: () => ({}),
};
