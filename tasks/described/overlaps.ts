/**
 * Texts that are in two splits of a described task.
 * @module
 */
import { textKey } from "../examples.ts";
import type { SplitName } from "./description.ts";
import { placeOf, type ReadTask } from "./read.ts";

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
  if (splits.length < 2) return [];
  const keys = splits.map(({ examples }) =>
    new Map(examples.map((example, at) => [textKey(example), at] as const).toReversed())
  );
  return splits.flatMap((split, a) =>
    splits.slice(a + 1).flatMap((other, offset): Overlap[] => {
      const shared = [...keys[a].keys()].filter((key) => keys[a + 1 + offset].has(key));
      if (shared.length === 0) return [];
      const key = shared.at(-1)!; // the first in the file, as keys are in reverse order
      const first = `${placeOf(split, keys[a].get(key)!)} and ${placeOf(other, keys[a + 1 + offset].get(key)!)}`;
      return [{ between: [split.name, other.name], count: shared.length, first }];
    })
  );
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
