/**
 * Labelled examples in the form a device takes.
 * @module
 */
import type { ArrayValue, Executable } from "../engine/types.ts";
import type { Backbone } from "../models/types.ts";
import type { Example } from "../tasks/types.ts";
import { microBatches } from "./batches.ts";

/** Examples ready to be computed with. */
export interface EncodedExamples {
  /** Class of each. */
  labels: readonly number[];
  /** Length of each text in tokens. */
  lengths: readonly number[];
  /** Positions of each that are computed: its tokens, or 1 where its features are given. */
  positions: readonly number[];
  /** Inputs of a batch, given as indices. */
  collate(indices: readonly number[]): Record<string, ArrayValue>;
}

/** Texts as token ids, at most `limit`. */
export function encodeExamples(backbone: Backbone, examples: readonly Example[], limit: number): EncodedExamples {
  const encoded = examples.map(({ text, pair }) => backbone.encode(text, limit, pair));
  return {
    labels: examples.map(({ label }) => label),
    lengths: encoded.map(({ length }) => length),
    positions: encoded.map(({ length }) => length),
    collate: (indices) => backbone.collate(indices.map((index) => encoded[index])),
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
  for (const indices of microBatches([...examples.labels.keys()], examples.positions, microBatchRows)) {
    const outputs = await executable.run({ parameters: {}, inputs: examples.collate(indices) });
    const width = outputs.features.length / indices.length;
    indices.forEach((index, row) => features[index] = outputs.features.slice(row * width, (row + 1) * width));
  }
  const width = features[0].length;
  return {
    labels: examples.labels,
    lengths: examples.lengths,
    positions: examples.labels.map(() => 1),
    collate: (indices) => {
      const data = new Float32Array(indices.length * width);
      indices.forEach((index, row) => data.set(features[index], row * width));
      return { features: { data, shape: [indices.length, width] } };
    },
  };
}
