/**
 * Joining the hooks of several methods.
 * @module
 */
import { tf } from "../engine/tensor.ts";
import type { Hooks } from "../models/types.ts";

/** Prompts and prefixes one after the other, linear hooks applied in turn, PEFT's reading where one part asks for it. */
export function composeHooks(list: readonly Hooks[]): Hooks {
  const prompts = list.flatMap(({ prompt }) => prompt ?? []);
  const prefixes = list.flatMap(({ prefix }) => prefix ?? []);
  const linears = list.flatMap(({ linear }) => linear ?? []);
  return {
    reading: list.find(({ reading }) => reading)?.reading,
    prompt: prompts.length === 0 ? undefined : () => tf.concat(prompts.map((prompt) => prompt()), 0),
    prefix: prefixes.length === 0 ? undefined : (layer) => {
      const parts = prefixes.map((prefix) => prefix(layer));
      return {
        keys: tf.concat(parts.map(({ keys }) => keys), 0),
        values: tf.concat(parts.map(({ values }) => values), 0),
      };
    },
    linear: linears.length === 0
      ? undefined
      : (site, x, y) => linears.reduce((output, linear) => linear(site, x, output), y),
  };
}
