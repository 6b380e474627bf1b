/**
 * What a task's files hold, in numbers: what its user should see before anything is trained.
 * @module
 */
import { byHash, textKey } from "../examples.ts";
import { placeMostOftenRight } from "../metrics/choices.ts";
import { type Overlap, overlapsOf } from "./overlaps.ts";
import type { ReadTask } from "./read.ts";
import { answerKey, type RightAnswer } from "./right-answers.ts";
import type { DescribedExample } from "./example.ts";

/** Examples that are shown. */
const SHOWN = 5;

/** Numbers of a described task. */
export interface Summary {
  /** Number of examples of each class or label, in each split. */
  counts: { split: string; classes: number[] }[];
  /** Of regression, the numbers: least, median, most. */
  numbers?: [least: number, median: number, most: number];
  /** Of multiple choice, how many choices there are: fewest, median, most; and the share that is right of those drawn at random. */
  choices?: { counts: [least: number, median: number, most: number]; chance: number };
  /** Words of a text, both of a pair and choices together: fewest, median, most. */
  words: [least: number, median: number, most: number];
  /** Number of texts that occur more than once in a split. */
  duplicates: number;
  /** Texts that occur with different labels: how many, and the first. */
  conflicts: { count: number; first?: DescribedExample };
  /** Texts that are in two splits. */
  overlaps: Overlap[];
  /**
   * The most frequent answer of the last split (test, if there is one), and its share: the score of always giving it. Of regression the
   * mean, and its mean squared error. Of multiple choice the place that is right most often, and its share.
   */
  constant: { answer: RightAnswer; score: number };
  /** Some examples, of as many different answers as possible. */
  examples: DescribedExample[];
}

/** Computes the numbers. Texts that differ only in case and white space are the same. */
export function summarise(task: ReadTask): Summary {
  const { kind, labels, splits } = task;
  const counts = splits.map(({ name, examples }) => ({ split: name, classes: countClasses(examples, labels.length) }));
  const last = splits.at(-1)!.examples;
  return {
    counts,
    ...kind === "regression" &&
      { numbers: spanOf(splits.map(({ examples }) => examples.map(({ target }) => target!))) },
    ...kind === "multiple choice" && { choices: choicesOf(splits.flatMap(({ examples }) => examples)) },
    words: spanOf(splits.map(({ words }) => words)),
    ...repetitionsIn(splits),
    overlaps: overlapsOf(task),
    constant: kind === "regression"
      ? meanOf(last)
      : kind === "multiple choice"
      ? placeMostOftenRightOf(last)
      : mostFrequentOf(last),
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
  const counts = new Map<string, { answer: RightAnswer; count: number }>();
  for (const answer of examples) {
    const key = answerKey(answer);
    const counted = counts.get(key);
    if (counted) counted.count++;
    else counts.set(key, { answer, count: 1 });
  }
  const [{ answer, count }] = [...counts.values()].sort((a, b) =>
    b.count - a.count || (a.answer.label ?? 0) - (b.answer.label ?? 0)
  );
  return { answer, score: count / examples.length };
}

function meanOf(examples: readonly DescribedExample[]): Summary["constant"] {
  const targets = examples.map(({ target }) => target!);
  const mean = targets.reduce((sum, target) => sum + target, 0) / targets.length;
  return {
    answer: { target: mean },
    score: targets.reduce((sum, target) => sum + (target - mean) ** 2, 0) / targets.length,
  };
}

function placeMostOftenRightOf(examples: readonly DescribedExample[]): Summary["constant"] {
  const rights = examples.map(({ right }) => ({ right: right! }));
  const place = placeMostOftenRight(rights);
  const hits = rights.filter(({ right }) => right.includes(place)).length;
  return { answer: { right: [place] }, score: hits / examples.length };
}

/** Of examples whose choices are in memory. */
function choicesOf(examples: readonly DescribedExample[]): Summary["choices"] {
  const known = examples.filter(({ choices = [] }) => choices.length > 0);
  const shares = known.map(({ choices, right }) => right!.length / choices!.length);
  return {
    counts: spanOf([known.map(({ choices }) => choices!.length)]),
    chance: shares.reduce((sum, share) => sum + share, 0) / known.length,
  };
}

function spanOf(lists: readonly ArrayLike<number>[]): [number, number, number] {
  const sorted = new Float64Array(lists.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const list of lists) {
    sorted.set(list, at);
    at += list.length;
  }
  sorted.sort();
  return [sorted[0], sorted[Math.floor(sorted.length / 2)], sorted.at(-1)!];
}

/** Texts that occur more than once in a split, and texts that occur with different answers. */
function repetitionsIn(splits: ReadTask["splits"]): Pick<Summary, "duplicates" | "conflicts"> {
  const firsts = new Map<string, DescribedExample>();
  const conflicting = new Set<DescribedExample>();
  let duplicates = 0;
  for (const { examples } of splits) {
    // Of a single split, the texts of all are its own: there may be millions.
    const seen = splits.length === 1 ? undefined : new Set<string>();
    const repeated = new Set<string>();
    for (const example of examples) {
      const key = textKey(example);
      const first = firsts.get(key);
      if (seen ? seen.has(key) : first) repeated.add(key);
      if (!first) firsts.set(key, example);
      else if (answerKey(first) !== answerKey(example)) conflicting.add(first);
      seen?.add(key);
    }
    duplicates += repeated.size;
  }
  const first = [...firsts.values().filter((example) => conflicting.has(example)).take(1)][0];
  return { duplicates, conflicts: { count: conflicting.size, ...first && { first } } };
}

/** Examples that look drawn at random, answer by answer in turn, among those whose texts are in memory. */
export function someOf(examples: readonly DescribedExample[]): DescribedExample[] {
  const classes = [...Map.groupBy(byHash(examples.filter(({ text }) => text !== "")), answerKey).values()];
  const rounds = Array.from({ length: SHOWN }, (_, round) => classes.flatMap((members) => members[round] ?? []));
  return rounds.flat().slice(0, SHOWN);
}
