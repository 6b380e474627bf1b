/**
 * What a task's files hold, in numbers: what its user should see before anything is trained.
 * @module
 */
import { byHash, textKey } from "../examples.ts";
import type { Example } from "../types.ts";
import { type Overlap, overlapsOf, type ReadTask } from "./read.ts";

/** Examples that are shown. */
const SHOWN = 5;

/** Numbers of a described task. */
export interface Summary {
  /** Number of examples of each class, in each split. */
  counts: { split: string; classes: number[] }[];
  /** Words of a text, both of a pair together: fewest, median, most. */
  words: [least: number, median: number, most: number];
  /** Number of texts that occur more than once in a split. */
  duplicates: number;
  /** Texts that occur with different labels: how many, and the first. */
  conflicts: { count: number; first?: Example };
  /** Texts that are in two splits. */
  overlaps: Overlap[];
  /** The most frequent class of the last split (test, if there is one), and its share: the score of always answering it. */
  majority: { label: number; share: number };
  /** Some examples, of as many classes as possible. */
  examples: Example[];
}

/** Computes the numbers. Texts that differ only in case and white space are the same. */
export function summarise(task: ReadTask): Summary {
  const { labels, splits } = task;
  const counts = splits.map(({ name, examples }) => ({ split: name, classes: countClasses(examples, labels.length) }));
  const all = splits.flatMap(({ examples }) => examples);
  const conflicting = [...Map.groupBy(all, textKey).values()]
    .filter(([first, ...others]) => others.some(({ label }) => label !== first.label));
  const duplicates = splits.reduce(
    (sum, { examples }) => sum + [...Map.groupBy(examples, textKey).values()].filter(({ length }) => length > 1).length,
    0,
  );
  const { classes } = counts.at(-1)!;
  const most = Math.max(...classes);
  return {
    counts,
    words: lengthsOf(all),
    duplicates,
    conflicts: { count: conflicting.length, ...conflicting.length > 0 && { first: conflicting[0][0] } },
    overlaps: overlapsOf(task),
    majority: { label: classes.indexOf(most), share: most / classes.reduce((sum, count) => sum + count, 0) },
    examples: someOf(splits[0].examples),
  };
}

function countClasses(examples: readonly Example[], classes: number): number[] {
  const counts = Array<number>(classes).fill(0);
  for (const { label } of examples) counts[label]++;
  return counts;
}

function lengthsOf(examples: readonly Example[]): [number, number, number] {
  const lengths = examples.map(({ text, pair = "" }) => `${text} ${pair}`.trim().split(/\s+/).length)
    .sort((a, b) => a - b);
  return [lengths[0], lengths[Math.floor(lengths.length / 2)], lengths.at(-1)!];
}

/** Examples that look drawn at random, class by class in turn. */
function someOf(examples: readonly Example[]): Example[] {
  const classes = [...Map.groupBy(byHash(examples), ({ label }) => label).values()];
  const rounds = Array.from({ length: SHOWN }, (_, round) => classes.flatMap((members) => members[round] ?? []));
  return rounds.flat().slice(0, SHOWN);
}
