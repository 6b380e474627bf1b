/**
 * Joining the hooks of several methods.
 * @module
 */
import { withoutConstants } from "../../engine/constants.ts";
import { tf } from "../../engine/tensor.ts";
import type { Hooks } from "../../models/types.ts";

/** A hook, whatever it takes. */
type Hook = (...args: never[]) => unknown;

/**
 * The hooks of a method, which must make no constants of several values: what a method adds is a parameter or a frozen tensor,
 * so that it is counted, stored or drawn again, and checked.
 * @param make makes the hooks
 * @throws {Error} if they are traced and make one, here or when they are called
 */
export function checkedHooks(method: string, make: () => Hooks): Hooks {
  const refuse = (shape: readonly number[]) =>
    `Cannot use the method ${method}: its hooks must make no tensor of several values, declare it in the method's ` +
    `frozen, its shape is [${shape}]`;
  const hooks = Object.entries(withoutConstants(refuse, make)).map(([name, hook]) => [
    name,
    typeof hook === "function" ? (...args: never[]) => withoutConstants(refuse, () => (hook as Hook)(...args)) : hook,
  ]);
  return Object.fromEntries(hooks);
}

/**
 * Joins hooks: prompts and prefixes are concatenated, the other hooks are applied one after the other, in the order given.
 * Virtual tokens are read as PEFT reads them if one of the methods asks for it.
 */
export function composeHooks(list: readonly Hooks[]): Hooks {
  const prompts = list.flatMap(({ prompt }) => prompt ?? []);
  const prefixes = list.flatMap(({ prefix }) => prefix ?? []);
  const inputs = list.flatMap(({ input }) => input ?? []);
  const linears = list.flatMap(({ linear }) => linear ?? []);
  const layers = list.flatMap(({ layer }) => layer ?? []);
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
    input: inputs.length === 0 ? undefined : (site, x) => inputs.reduce((changed, input) => input(site, changed), x),
    linear: linears.length === 0
      ? undefined
      : (site, x, y, weights) => linears.reduce((output, linear) => linear(site, x, output, weights), y),
    layer: layers.length === 0 ? undefined : (index, x) => layers.reduce((output, layer) => layer(index, output), x),
  };
}
