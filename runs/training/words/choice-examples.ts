/**
 * Examples whose choices go on from their text, in the form that a device takes.
 * @module
 */
import type { ChoiceEncoding } from "../../programs/choice-tree.ts";
import type { EncodedExamples } from "../examples.ts";
import type { Head } from "../heads/types.ts";

/**
 * Examples as trees of a text and its choices.
 * @param standings of each example, what each of its choices is
 */
export function collateChoiceExamples(
  { collate }: Head["reading"],
  encoded: readonly ChoiceEncoding[],
  standings: readonly (readonly number[])[],
): EncodedExamples {
  const lengths = encoded.map(({ length }) => length);
  return {
    lengths,
    positions: lengths,
    places: encoded.map(({ ends }) => ends),
    collate: (indices) => collate(indices.map((index) => encoded[index])),
    lossInputs(indices, batch) {
      const longest = Math.max(...indices.map((index) => lengths[index]));
      const labels = new Int32Array(indices.length * longest);
      for (const [row, index] of indices.entries()) {
        encoded[index].ends.forEach((place, at) => labels[row * longest + place] = standings[index][at]);
      }
      return {
        labels: { data: labels, shape: [indices.length, longest] },
        weights: { data: new Float32Array(indices.length).fill(1 / batch.length), shape: [indices.length] },
      };
    },
  };
}
