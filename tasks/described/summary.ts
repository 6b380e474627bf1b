/**
 * What a task's files hold, in numbers: what its user should see before anything is trained.
 * @module
 */
import { byHash, textKey } from "../examples.ts";
import { type Overlap, overlapsOf } from "./overlaps.ts";
import type { DescribedExample, ReadTask } from "./read.ts";
import { answerKey, type RightAnswer } from "./right-answers.ts";

/** Examples that are shown. */
const SHOWN = 5;

/** Numbers of a described task. */
export interface Summary {
  /** Number of examples of each class or label, in each split. */
  counts: { split: string; classes: number[] }[];
  /** Of regression, the numbers: least, median, most. */
  numbers?: [least: number, median: number, most: number];
  /** Words of a text, both of a pair together: fewest, median, most. */
  words: [least: number, median: number, most: number];
  /** Number of texts that occur more than once in a split. */
  duplicates: number;
  /** Texts that occur with different labels: how many, and the first. */
  conflicts: { count: number; first?: DescribedExample };
  /** Texts that are in two splits. */
  overlaps: Overlap[];
  /**
   * The most frequent answer of the last split (test, if there is one), and its share: the score of always giving it. Of regression the
   * mean, and its mean squared error.
   */
  constant: { answer: RightAnswer; score: number };
  /** Some examples, of as many different answers as possible. */
  examples: DescribedExample[];
}

/** Computes the numbers. Texts that differ only in case and white space are the same. */
export function summarise(task: ReadTask): Summary {
  const { kind, labels, splits } = task;
  const counts = splits.map(({ name, examples }) => ({ split: name, classes: countClasses(examples, labels.length) }));
  const all = splits.flatMap(({ examples }) => examples);
  const last = splits.at(-1)!.examples;
  return {
    counts,
    ...kind === "regression" && { numbers: spanOf(all.map(({ target }) => target!)) },
    words: spanOf(splits.flatMap(({ words }) => [...words])),
    duplicates: splits.reduce((sum, { examples }) => sum + countRepeated(examples), 0),
    conflicts: conflictsIn(all),
    overlaps: overlapsOf(task),
    constant: kind === "regression" ? meanOf(last) : mostFrequentOf(last),
    examples: someOf(splits[0].examples),
  };
}

function countClasses(examples: readonly DescribedExample[], classes: number): number[] {
  const counts = Array<number>(classes).fill(0);
  for (const { label, labels = label === undefined ? [] : [label] } of examples) {
    for (const index of labels) counts[index]++;
  }
  return counts;
}

/** The most frequent answer; of equally frequent classes, the first. */
function mostFrequentOf(examples: readonly DescribedExample[]): Summary["constant"] {
  const groups = [...Map.groupBy(examples, answerKey).values()]
    .sort(([{ label: a = 0 }], [{ label: b = 0 }]) => a - b);
  const most = groups.reduce((most, group) => group.length > most.length ? group : most);
  return { answer: most[0], score: most.length / examples.length };
}

function meanOf(examples: readonly DescribedExample[]): Summary["constant"] {
  const targets = examples.map(({ target }) => target!);
  const mean = targets.reduce((sum, target) => sum + target, 0) / targets.length;
  return {
    answer: { target: mean },
    score: targets.reduce((sum, target) => sum + (target - mean) ** 2, 0) / targets.length,
  };
}

function spanOf(values: readonly number[]): [number, number, number] {
  const sorted = values.toSorted((a, b) => a - b);
  return [sorted[0], sorted[Math.floor(sorted.length / 2)], sorted.at(-1)!];
}

/** Number of texts that occur more than once. */
function countRepeated(examples: readonly DescribedExample[]): number {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const example of examples) {
    const key = textKey(example);
    if (seen.has(key)) repeated.add(key);
    seen.add(key);
  }
  return repeated.size;
}

/** Texts that occur with different labels. */
function conflictsIn(examples: readonly DescribedExample[]): Summary["conflicts"] {
  const firsts = new Map<string, DescribedExample>();
  const conflicting = new Set<DescribedExample>();
  for (const example of examples) {
    const key = textKey(example);
    const first = firsts.get(key);
    if (!first) firsts.set(key, example);
    else if (answerKey(first) !== answerKey(example)) conflicting.add(first);
  }
  const first = examples.find((example) => conflicting.has(example));
  return { count: conflicting.size, ...first && { first } };
}

/** Examples that look drawn at random, answer by answer in turn, among those whose texts are in memory. */
function someOf(examples: readonly DescribedExample[]): DescribedExample[] {
  const classes = [...Map.groupBy(byHash(examples.filter(({ text }) => text !== "")), answerKey).values()];
  const rounds = Array.from({ length: SHOWN }, (_, round) => classes.flatMap((members) => members[round] ?? []));
  return rounds.flat().slice(0, SHOWN);
}
