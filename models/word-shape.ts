/**
 * What a model reads that answers by words.
 * @module
 */
import type { BackboneShape } from "./types.ts";

/**
 * The shape of a model that answers by words. What stands behind all layers of an encoder, BERT's pooler, makes features of states: a masked
 * language model's head reads the states themselves.
 */
export function wordShape<S extends BackboneShape>(shape: S): S {
  if (shape.languageModel) return shape;
  const { weights, biases, linears, keyValueWidths } = shape;
  const unread = linears.filter(({ layer }) => layer === keyValueWidths.length).map(({ name }) => name);
  const isRead = (weight: string) => !unread.some((name) => weight.startsWith(`${name}.`));
  return {
    ...shape,
    weights: Object.fromEntries(Object.entries(weights).filter(([name]) => isRead(name))),
    biases: biases.filter(isRead),
    linears: linears.filter(({ name }) => !unread.includes(name)),
  };
}
