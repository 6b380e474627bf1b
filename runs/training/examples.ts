/**
 * Examples in the form a device takes.
 * @module
 */
import type { ArrayValue, Executable } from "../../engine/types.ts";
import type { Backbone } from "../../models/types.ts";
import type { Example } from "../../tasks/types.ts";
import { microBatches } from "./batches.ts";

/** Examples ready to be computed with. */
export interface EncodedExamples {
  /** Length of each in tokens. */
  lengths: readonly number[];
  /** Positions of each that are computed: its tokens, or 1 where its features are given. */
  positions: readonly number[];
  /** Inputs of a batch, given as indices. */
  collate(indices: readonly number[]): Record<string, ArrayValue>;
  /** What the loss takes besides, `labels` and `weights`: over a batch, of which `indices` are a part, weights sum to 1. */
  lossInputs(indices: readonly number[], batch: readonly number[]): Record<string, ArrayValue>;
}

/** Labelled texts as token ids, at most `limit`. */
export function encodeExamples(backbone: Backbone, examples: readonly Example[], limit: number): EncodedExamples {
  const encoded = examples.map(({ text, pair }) => backbone.encode(text, limit, pair));
  return {
    lengths: encoded.map(({ length }) => length),
    positions: encoded.map(({ length }) => length),
    collate: (indices) => backbone.collate(indices.map((index) => encoded[index])),
    lossInputs: (indices, batch) => ({
      labels: { data: Int32Array.from(indices, (index) => examples[index].label), shape: [indices.length] },
      weights: { data: new Float32Array(indices.length).fill(1 / batch.length), shape: [indices.length] },
    }),
  };
}

/**
 * Examples whose features are computed once, by a program that gives `features` [batch, d].
 * @param microBatchRows most rows of a micro-batch
 */
export async function computeFeatures(
  examples: EncodedExamples,
  executable: Executable,
  microBatchRows: number,
): Promise<EncodedExamples> {
  const features: Float32Array[] = [];
  for (const indices of microBatches([...examples.lengths.keys()], examples.positions, microBatchRows)) {
    const outputs = await executable.run({ parameters: {}, inputs: examples.collate(indices) });
    const width = outputs.features.length / indices.length;
    indices.forEach((index, row) => features[index] = outputs.features.slice(row * width, (row + 1) * width));
  }
  const width = features[0].length;
  return {
    ...examples,
    positions: examples.lengths.map(() => 1),
    collate: (indices) => {
      const data = new Float32Array(indices.length * width);
      indices.forEach((index, row) => data.set(features[index], row * width));
      return { features: { data, shape: [indices.length, width] } };
    },
  };
}
