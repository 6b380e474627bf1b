/**
 * Texts that are in two splits of a described task.
 * @module
 */
import { textKey } from "../examples.ts";
import type { SplitName } from "./description.ts";
import type { ReadSplit, ReadTask } from "./read.ts";

/** A text that is in two splits. */
export interface Overlap {
  /** The splits. */
  between: [SplitName, SplitName];
  /** How many texts are in both. */
  count: number;
  /** Where the first of them stands: "line 3 of train.csv and line 9 of test.csv". */
  first: string;
}

/** The texts that are in two splits; those that differ only in case and white space are the same. */
export function overlapsOf({ splits }: ReadTask): Overlap[] {
  return splits.flatMap((split, at) =>
    splits.slice(at + 1).flatMap((other): Overlap[] => {
      const shared = sharedTexts(split, other);
      if (shared.length === 0) return [];
      const [first, second] = shared.reduce((least, pair) => pair[0] < least[0] ? pair : least);
      return [{
        between: [split.name, other.name],
        count: shared.length,
        first: `${split.placeOf(first)} and ${other.placeOf(second)}`,
      }];
    })
  );
}

/** Of each text that two splits have, where it stands first in each. */
function sharedTexts(a: ReadSplit, b: ReadSplit): [inA: number, inB: number][] {
  // The texts of the smaller one are in memory at once.
  if (b.examples.length < a.examples.length) return sharedTexts(b, a).map(([inB, inA]) => [inA, inB]);
  const firsts = new Map<string, number>();
  for (const [at, example] of a.examples.entries()) {
    const key = textKey(example);
    if (!firsts.has(key)) firsts.set(key, at);
  }
  const shared = new Map<string, [number, number]>();
  for (const [at, example] of b.examples.entries()) {
    const key = textKey(example);
    const first = firsts.get(key);
    if (first !== undefined && !shared.has(key)) shared.set(key, [first, at]);
  }
  return [...shared.values()];
}

/** Makes sure that no text is in two splits. @throws {Error} with the first that is */
export function requireApart(name: string, read: ReadTask): void {
  const [overlap] = overlapsOf(read);
  if (!overlap) return;
  const { between: [a, b], count, first } = overlap;
  throw new Error(
    `Cannot use the task ${name}: ${a} and ${b} must have no text in common, ` +
      `${
        count === 1 ? "one is" : `${count} are`
      } in both, the first in ${first}; "allowOverlap": true in a description lets them`,
  );
}
