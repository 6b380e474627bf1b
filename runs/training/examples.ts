/**
 * Examples in the form that a device takes.
 * @module
 */
import type { ArrayValue, Executable } from "../../engine/types.ts";
import type { Backbone, Encoding } from "../../models/types.ts";
import type { TextInput } from "../../tasks/types.ts";
import { microBatches } from "./batches.ts";

/** Examples that programs can compute with. */
export interface EncodedExamples {
  /** Length of each example in tokens. */
  lengths: readonly number[];
  /** Positions that are computed for each example: its tokens, or 1 where its features are known. */
  positions: readonly number[];
  /** Inputs of the examples with these indices. */
  collate(indices: readonly number[]): Record<string, ArrayValue>;
  /**
   * Further inputs of the loss: `labels` and `weights`.
   * @param indices the examples of one micro-batch
   * @param batch all examples of the optimiser step; their weights sum to 1
   */
  lossInputs(indices: readonly number[], batch: readonly number[]): Record<string, ArrayValue>;
}

/** Texts that are encoded at once: one by one, half of the time goes into waiting for the tokenizer's threads. */
const AT_ONCE = 64;

/** Token ids of the texts of examples, at most `limit` each. */
export async function encodeTexts(
  { encode }: Pick<Backbone, "encode">,
  examples: readonly TextInput[],
  limit: number,
): Promise<Encoding[]> {
  const encoded: Encoding[] = [];
  for (let at = 0; at < examples.length; at += AT_ONCE) {
    const texts = examples.slice(at, at + AT_ONCE).map(({ text, pair }) => encode(text, limit, pair));
    encoded.push(...await Promise.all(texts));
  }
  return encoded;
}

/**
 * Examples whose texts are token ids.
 * @param collateLabels the right answers of some of them, as the loss reads them
 * @param besides tokens that are computed for each text besides its own
 */
export function collateExamples<E extends TextInput>(
  collate: Backbone["collate"],
  encoded: readonly Encoding[],
  examples: readonly E[],
  collateLabels: (examples: readonly E[]) => ArrayValue,
  besides = 0,
): EncodedExamples {
  return {
    lengths: encoded.map(({ length }) => length),
    positions: encoded.map(({ length }) => length + besides),
    collate: (indices) => collate(indices.map((index) => encoded[index])),
    lossInputs: (indices, batch) => ({
      labels: collateLabels(indices.map((index) => examples[index])),
      weights: { data: new Float32Array(indices.length).fill(1 / batch.length), shape: [indices.length] },
    }),
  };
}

/**
 * Runs a program on all examples in micro-batches.
 * @param output name of the output [batch, d] that is read
 * @param microBatchRows most rows of a micro-batch
 * @param onRow takes each example's row [d], which is valid until it returns
 */
export async function forEachOutputRow(
  executable: Executable,
  parameters: Record<string, Float32Array>,
  examples: EncodedExamples,
  output: string,
  microBatchRows: number,
  onRow: (index: number, row: Float32Array) => void,
): Promise<void> {
  for (const indices of microBatches([...examples.lengths.keys()], examples.positions, microBatchRows)) {
    const { [output]: values } = await executable.run({ parameters, inputs: examples.collate(indices) });
    const width = values.length / indices.length;
    indices.forEach((index, row) => onRow(index, values.subarray(row * width, (row + 1) * width)));
  }
}

/**
 * The same examples with their features computed once: `collate` gives these instead of tokens.
 * @param executable a program that gives `features` [batch, d]
 * @param microBatchRows most rows of a micro-batch
 */
export async function computeFeatures(
  examples: EncodedExamples,
  executable: Executable,
  microBatchRows: number,
): Promise<EncodedExamples> {
  const features: Float32Array[] = [];
  await forEachOutputRow(executable, {}, examples, "features", microBatchRows, (index, row) => {
    features[index] = row.slice();
  });
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
