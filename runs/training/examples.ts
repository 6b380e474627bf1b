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
  /** Positions that are computed for each example: its tokens, or 1 where its features are known. Of several texts, those of the longest. */
  positions: readonly number[];
  /** Positions of each text of each example, where an example is read in several; absent: it is read in one. */
  texts?: readonly (readonly number[])[];
  /** Which of the outputs of an example's row are read, where these are not all; absent: all. */
  places?: readonly (readonly number[])[];
  /** Inputs of the examples with these indices. */
  collate(indices: readonly number[]): Record<string, ArrayValue>;
  /**
   * Further inputs of the loss: `labels` and `weights`.
   * @param indices the examples of one micro-batch
   * @param batch all examples of the optimiser step; their weights sum to 1
   */
  lossInputs(indices: readonly number[], batch: readonly number[]): Record<string, ArrayValue>;
}

/** The number of texts that some examples are read in. */
export function countTexts({ texts }: Pick<EncodedExamples, "texts">, indices: readonly number[]): number {
  return texts ? indices.reduce((sum, index) => sum + texts[index].length, 0) : indices.length;
}

/** Cuts examples into {@linkcode microBatches}. @param rows most rows of a micro-batch */
export function cutExamples(
  examples: Pick<EncodedExamples, "positions" | "texts">,
  indices: readonly number[],
  rows: number,
): number[][] {
  return microBatches(indices, examples.positions, rows, (index) => countTexts(examples, [index]));
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
 * @param encoded one for each example, or one after the other as many as `counts` says
 * @param collateLabels the right answers of some of them, as the loss reads them
 * @param besides tokens that are computed for each text besides its own
 * @param counts number of texts that each example is read in; left out: one
 */
export function collateExamples<E extends TextInput>(
  collate: Backbone["collate"],
  encoded: readonly Encoding[],
  examples: readonly E[],
  collateLabels: (examples: readonly E[]) => ArrayValue,
  besides = 0,
  counts?: readonly number[],
): EncodedExamples {
  let end = 0;
  const texts = examples.map((_, at) => encoded.slice(end, end += counts?.[at] ?? 1));
  const lengths = texts.map((ofExample) => Math.max(...ofExample.map(({ length }) => length)));
  return {
    lengths,
    positions: lengths.map((length) => length + besides),
    ...counts && { texts: texts.map((ofExample) => ofExample.map(({ length }) => length + besides)) },
    collate: (indices) => collate(indices.flatMap((index) => texts[index])),
    lossInputs(indices, batch) {
      // The loss of an example's choices stands at each of them, and counts at the first.
      const weights = indices.flatMap((index) => texts[index].map((_, at) => at === 0 ? 1 / batch.length : 0));
      return {
        labels: collateLabels(indices.map((index) => examples[index])),
        weights: { data: Float32Array.from(weights), shape: [weights.length] },
      };
    },
  };
}

/**
 * Runs a program on all examples in micro-batches.
 * @param output name of the output [batch, d] that is read
 * @param microBatchRows most rows of a micro-batch
 * @param onRow takes each example's row [d], or of several texts their rows [texts, d], which is valid until it returns
 */
export async function forEachOutputRow(
  executable: Executable,
  parameters: Record<string, Float32Array>,
  examples: EncodedExamples,
  output: string,
  microBatchRows: number,
  onRow: (index: number, row: Float32Array) => void,
): Promise<void> {
  for (const indices of cutExamples(examples, [...examples.lengths.keys()], microBatchRows)) {
    const { [output]: values } = await executable.run({ parameters, inputs: examples.collate(indices) });
    const width = values.length / countTexts(examples, indices);
    let end = 0;
    for (const index of indices) {
      const row = values.subarray(end, end += width * countTexts(examples, [index]));
      onRow(index, examples.places ? Float32Array.from(examples.places[index], (place) => row[place]) : row);
    }
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
  const width = features[0].length / countTexts(examples, [0]);
  return {
    ...examples,
    positions: examples.lengths.map(() => 1),
    ...examples.texts && { texts: examples.texts.map((ofExample) => ofExample.map(() => 1)) },
    collate: (indices) => {
      const count = countTexts(examples, indices);
      const data = new Float32Array(count * width);
      let end = 0;
      for (const index of indices) {
        data.set(features[index], end);
        end += features[index].length;
      }
      return { features: { data, shape: [count, width] } };
    },
  };
}
