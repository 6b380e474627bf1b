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

/** Longest n-gram of characters that chrF counts, and how much more recall counts than precision. */
const CHARACTER_ORDER = 6;
const BETA = 2;

/** What a text adds to chrF with one reference, for each order: its n-grams, the reference's, and those in both. White space does not count. */
function chrfCountsOf(reference: string, predicted: string): number[] {
  const [expected, actual] = [reference, predicted].map((text) => Array.from(text.replace(/\s+/gu, "")));
  const counts: number[] = [];
  for (let n = 1; n <= CHARACTER_ORDER; n++) {
    const known = countNgrams(expected, n);
    const ofReference = Math.max(0, expected.length - n + 1);
    let hits = 0;
    for (const [ngram, count] of countNgrams(actual, n)) hits += Math.min(count, known.get(ngram) ?? 0);
    counts.push(ofReference === 0 ? 0 : Math.max(0, actual.length - n + 1), ofReference, hits);
  }
  return counts;
}

/** chrF (Popović, 2015): F2 of precision and recall, each the mean over the orders that occur in both texts. */
function chrfOf(counts: readonly number[]): number {
  let [precision, recall, orders] = [0, 0, 0];
  for (let at = 0; at < 3 * CHARACTER_ORDER; at += 3) {
    const [actual, expected, hits] = counts.slice(at, at + 3);
    if (actual === 0 || expected === 0) continue;
    precision += hits / actual;
    recall += hits / expected;
    orders++;
  }
  if (precision + recall === 0) return 0;
  return (1 + BETA ** 2) * precision * recall / (BETA ** 2 * precision + recall) / orders;
}

/** What a text adds to chrF: the counts with the reference that gives most. */
function chrfCounts(references: readonly string[], predicted: string): number[] {
  return references.map((reference) => chrfCountsOf(reference, predicted))
    .reduce((best, counts) => chrfOf(counts) > chrfOf(best) ? counts : best);
}

/** The table of longest common subsequences: in row i and column j, the length of that of the first i and j tokens. */
function commonLengths(a: readonly string[], b: readonly string[]): number[][] {
  const rows = [Array<number>(b.length + 1).fill(0)];
  for (const token of a) {
    const above = rows.at(-1)!;
    const row = [0];
    for (const [at, other] of b.entries()) row.push(token === other ? above[at] + 1 : Math.max(above[at + 1], row[at]));
    rows.push(row);
  }
  return rows;
}

/** Tokens of ROUGE: runs of a–z and 0–9. */
function rougeTokens(text: string): string[] {
  return text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
}

/** F1 of hits in two texts with so many parts together; 0 without parts. */
function f1(hits: number, parts: number): number {
  return parts === 0 ? 0 : 2 * hits / parts;
}

/** ROUGE-N (Lin, 2004) without stemming: F1 of the n-grams. */
function rougeN(n: number): (reference: string, predicted: string) => number {
  const sizeOf = (counts: ReadonlyMap<string, number>) => counts.values().reduce((sum, count) => sum + count, 0);
  return (reference, predicted) => {
    const [expected, actual] = [reference, predicted].map((text) => countNgrams(rougeTokens(text), n));
    const hits = actual.entries().reduce((sum, [ngram, count]) => sum + Math.min(count, expected.get(ngram) ?? 0), 0);
    return f1(hits, sizeOf(expected) + sizeOf(actual));
  };
}

/** ROUGE-L (Lin, 2004) without stemming: F1 of the longest common subsequence. */
function rougeL(reference: string, predicted: string): number {
  const [expected, actual] = [reference, predicted].map(rougeTokens);
  return f1(commonLengths(expected, actual).at(-1)!.at(-1)!, expected.length + actual.length);
}

/** Where the tokens of `a` are that a longest common subsequence with `b` has; of several, the one that rouge_score takes. */
function commonPlaces(a: readonly string[], b: readonly string[]): number[] {
  const lengths = commonLengths(a, b);
  const places: number[] = [];
  for (let [i, j] = [a.length, b.length]; i > 0 && j > 0;) {
    if (a[i - 1] === b[j - 1]) {
      places.push(--i);
      j--;
    } else if (lengths[i][j - 1] > lengths[i - 1][j]) j--;
    else i--;
  }
  return places;
}

/**
 * ROUGE-Lsum (Lin, 2004, section 3.2) without stemming, of texts with a sentence a line: each sentence of the reference is compared with
 * all of the text, and a token counts as often as it is in both texts.
 */
function rougeLsum(reference: string, predicted: string): number {
  const [expected, actual] = [reference, predicted].map((text) => text.split("\n").map(rougeTokens));
  const [left, leftOfText] = [expected, actual].map((sentences) => countNgrams(sentences.flat(), 1));
  let hits = 0;
  for (const sentence of expected) {
    const union = new Set(actual.flatMap((other) => commonPlaces(sentence, other)));
    for (const place of union) {
      const token = sentence[place];
      const [inReference, inText] = [left.get(token) ?? 0, leftOfText.get(token) ?? 0];
      if (inReference === 0 || inText === 0) continue;
      hits++;
      left.set(token, inReference - 1);
      leftOfText.set(token, inText - 1);
    }
  }
  return f1(hits, expected.flat().length + actual.flat().length);
}

/** An answer as SQuAD compares answers: small letters, without punctuation of ASCII, articles and white space at the ends. */
function normalised(answer: string): string {
  return answer.toLowerCase().replace(/[!-/:-@[-`{-~]/g, "").replace(/\b(a|an|the)\b/g, " ").replace(/\s+/g, " ")
    .trim();
}

/** F1 of the words of two answers, as SQuAD computes it. */
function answerF1(reference: string, predicted: string): number {
  const [expected, actual] = [reference, predicted].map((answer) => normalised(answer).split(" ").filter(Boolean));
  if (expected.length === 0 || actual.length === 0) return Number(expected.length === actual.length);
  const known = countNgrams(expected, 1);
  const hits = countNgrams(actual, 1).entries()
    .reduce((sum, [word, count]) => sum + Math.min(count, known.get(word) ?? 0), 0);
  return f1(hits, expected.length + actual.length);
}

/** The number that a text ends with: the last one in it; undefined if it has none. */
function finalNumber(text: string): number | undefined {
  const last = text.replace(/(\d),(?=\d{3})/g, "$1").match(/-?\d+(?:\.\d+)?/g)?.at(-1);
  return last === undefined ? undefined : Number(last);
}

function sameNumber(reference: string, predicted: string): number {
  const number = finalNumber(predicted);
  return Number(number !== undefined && number === finalNumber(reference));
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

/** A metric that is a mean over the texts, each with the reference that gives most. */
function meanMetric(
  name: string,
  description: string,
  ofPair: (reference: string, predicted: string) => number,
): TextMetric {
  return metricOfSums({
    name,
    description: `mean over the texts of ${description}, with the reference that gives most`,
    ofText: (references, predicted) => [Math.max(...references.map((reference) => ofPair(reference, predicted)))],
    ofSums: ([sum], count) => sum / count,
  });
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
  rouge_l: meanMetric(
    "rouge_l",
    "ROUGE-L (Lin, 2004), the F1 of the longest common subsequence without stemming",
    rougeL,
  ),
  rouge_1: meanMetric("rouge_1", "ROUGE-1 (Lin, 2004), the F1 of the words without stemming", rougeN(1)),
  rouge_2: meanMetric("rouge_2", "ROUGE-2 (Lin, 2004), the F1 of neighbouring words without stemming", rougeN(2)),
  rouge_lsum: meanMetric("rouge_lsum", "ROUGE-Lsum, ROUGE-L by sentences, which are lines", rougeLsum),
  chrf: metricOfSums({
    name: "chrf",
    description:
      "chrF of all texts together (Popović, 2015), as sacrebleu computes it: F2 of n-grams of 1 to 6 characters",
    ofText: chrfCounts,
    ofSums: chrfOf,
  }),
  answer_match: meanMetric(
    "answer_match",
    "exact match as SQuAD defines it: without case, punctuation and articles",
    (reference, predicted) => Number(normalised(reference) === normalised(predicted)),
  ),
  answer_f1: meanMetric("answer_f1", "the F1 of the words as SQuAD defines it", answerF1),
  final_number: meanMetric("final_number", "whether the last number is the reference's last number", sameNumber),
};
