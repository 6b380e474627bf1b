/**
 * Metrics of generation: texts compared with reference texts.
 * @module
 */
import type { TextMetric } from "./types.ts";

/** Longest n-gram that BLEU counts. */
const ORDER = 4;

/**
 * Tokens of a text as mteval-v13a makes them, which is sacrebleu's default.
 * @internal
 */
export function tokenize13a(text: string): string[] {
  const unescaped = text.trimEnd()
    .replaceAll("<skipped>", "").replaceAll("-\n", "").replaceAll("\n", " ")
    .replaceAll("&quot;", '"').replaceAll("&amp;", "&").replaceAll("&lt;", "<").replaceAll("&gt;", ">");
  const spaced = ` ${unescaped} `
    .replace(/[{-~[-` -&(-+:-@/]/gu, " $& ")
    .replace(/([^0-9])([.,])/gu, "$1 $2 ")
    .replace(/([.,])([^0-9])/gu, " $1 $2")
    .replace(/([0-9])(-)/gu, "$1 $2 ");
  return spaced.split(/\s+/).filter((token) => token !== "");
}

/** How often each sequence of n tokens occurs. */
function countNgrams(tokens: readonly string[], n: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let at = 0; at + n <= tokens.length; at++) {
    const ngram = tokens.slice(at, at + n).join(" ");
    counts.set(ngram, (counts.get(ngram) ?? 0) + 1);
  }
  return counts;
}

/** The length closest to `target`; of two equally close ones, the smaller. */
function closestLength(lengths: readonly number[], target: number): number {
  return lengths.reduce((best, length) => {
    const difference = Math.abs(length - target) - Math.abs(best - target);
    return difference < 0 || difference === 0 && length < best ? length : best;
  });
}

/** What a text adds to BLEU: hits of each order, n-grams of each order, its length, and the closest reference's. */
function bleuCounts(references: readonly string[], predicted: string): number[] {
  const tokens = tokenize13a(predicted);
  const expected = references.map(tokenize13a);
  const hits = Array<number>(ORDER).fill(0);
  const totals = Array<number>(ORDER).fill(0);
  for (let n = 1; n <= ORDER; n++) {
    const known = expected.map((reference) => countNgrams(reference, n));
    for (const [ngram, count] of countNgrams(tokens, n)) {
      totals[n - 1] += count;
      hits[n - 1] += Math.min(count, Math.max(...known.map((counts) => counts.get(ngram) ?? 0)));
    }
  }
  return [...hits, ...totals, tokens.length, closestLength(expected.map(({ length }) => length), tokens.length)];
}

/** BLEU of a corpus (Papineni et al., 2002) with exponential smoothing, as sacrebleu computes it, from its summed counts. */
function bleuOf(counts: readonly number[]): number {
  const [hits, totals] = [counts.slice(0, ORDER), counts.slice(ORDER, 2 * ORDER)];
  const [length, referenceLength] = counts.slice(2 * ORDER);
  if (hits[0] === 0 || totals.includes(0)) return 0;
  // Exponential smoothing: the first order without a hit counts as half a hit, the next as a quarter.
  let smoothing = 1;
  const precisions = hits.map((count, order) => (count || 1 / (smoothing *= 2)) / totals[order]);
  const mean = Math.exp(precisions.reduce((sum, precision) => sum + Math.log(precision), 0) / ORDER);
  return Math.min(1, Math.exp(1 - referenceLength / length)) * mean;
}

/** Length of the longest common subsequence, computed row by row of the usual table. */
function longestCommonLength(a: readonly string[], b: readonly string[]): number {
  let above = Array<number>(b.length + 1).fill(0);
  for (const token of a) {
    const row = [0];
    for (const [at, other] of b.entries()) {
      row.push(token === other ? above[at] + 1 : Math.max(above[at + 1], row[at]));
    }
    above = row;
  }
  return above[b.length];
}

/** ROUGE-L (Lin, 2004) without stemming: F1 of the longest common subsequence; tokens are runs of a–z and 0–9. */
function rougeL(reference: string, predicted: string): number {
  const [expected, actual] = [reference, predicted].map((text) => text.toLowerCase().match(/[a-z0-9]+/g) ?? []);
  return expected.length + actual.length === 0
    ? 0
    : 2 * longestCommonLength(expected, actual) / (expected.length + actual.length);
}

function requireReferences(references: readonly (readonly string[])[], predicted: readonly string[]): void {
  if (
    references.length > 0 && references.length === predicted.length && references.every(({ length }) => length > 0)
  ) return;
  throw new Error(
    `Cannot score texts: there must be one for each of at least one list of references, ` +
      `current value is ${predicted.length} for ${references.length}`,
  );
}

/** A metric that is a function of sums over the texts. */
function metricOfSums(
  { ofText, ofSums, ...description }: Pick<TextMetric, "name" | "description"> & {
    /** What a text adds to the sums. */
    ofText(references: readonly string[], predicted: string): number[];
    /** The score of `count` texts. */
    ofSums(sums: readonly number[], count: number): number;
  },
): TextMetric {
  const addUp = (rows: readonly (readonly number[])[]) =>
    rows.reduce((sums, row) => sums.map((sum, column) => sum + row[column]), rows[0].map(() => 0));
  const rowsOf = (references: readonly (readonly string[])[], predicted: readonly string[]) => {
    requireReferences(references, predicted);
    return predicted.map((text, index) => ofText(references[index], text));
  };
  return {
    ...description,
    unit: "fraction",
    direction: "higher",
    compute(references, predicted) {
      const rows = rowsOf(references, predicted);
      return ofSums(addUp(rows), rows.length);
    },
    leaveOneOut(references, predicted) {
      const rows = rowsOf(references, predicted);
      const sums = addUp(rows);
      return rows.map((row) => ofSums(sums.map((sum, column) => sum - row[column]), rows.length - 1));
    },
  };
}

/** Every metric of generation by its name. */
export const textMetrics: Record<string, TextMetric> = {
  bleu: metricOfSums({
    name: "bleu",
    description:
      "BLEU of all texts together (Papineni et al., 2002), as sacrebleu computes it: tokens of 13a, n-grams " +
      "of 1 to 4, exponential smoothing, the closest reference's length",
    ofText: bleuCounts,
    ofSums: bleuOf,
  }),
  rouge_l: metricOfSums({
    name: "rouge_l",
    description: "mean over the texts of ROUGE-L (Lin, 2004), the F1 of the longest common subsequence without " +
      "stemming, with the reference that gives most",
    ofText: (references, predicted) => [Math.max(...references.map((reference) => rougeL(reference, predicted)))],
    ofSums: ([sum], count) => sum / count,
  }),
};
