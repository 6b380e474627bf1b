/**
 * The examples of a run: stratified splits, the same for every method of a seed, with no text in two of them.
 * @module
 */
import { createHash } from "node:crypto";
import { Random } from "../../base/random.ts";
import type { TaskData, TextInput } from "../../tasks/types.ts";
import type { SplitRecord } from "../study/record.ts";
import type { DataSpec } from "../study/spec.ts";

/** The examples of a run. */
export interface Splits<E extends TextInput = AnyExample> {
  /** To train on. */
  train: E[];
  /** To choose the epoch. */
  validation: E[];
  /** To score the kept epoch. */
  test: E[];
}

/** An example of any kind of task. Those without a label count as one class. */
export type AnyExample = TextInput & { label?: number };

/**
 * Draws a run's examples. A published split is sampled from; one that was not published is drawn from the pool, or from
 * the published training examples. Texts that differ only in case and white space count once. Test is drawn first and
 * train last: where there are enough data, runs with more training examples are scored on the same test examples.
 * @param sizes numbers of examples; of `test` there may be fewer
 * @throws {Error} if there are too few examples
 */
export function splitExamples<E extends AnyExample>(data: TaskData<E>, sizes: DataSpec, seed: number): Splits<E> {
  const sourceOf = (name: keyof Splits) => data[name] ?? data.pool ?? data.train ?? [];
  const taken = new Set<string>();
  const draw = (name: keyof Splits, size: number): E[] => {
    const free = firstOfEachText(sourceOf(name)).filter((example) => !taken.has(textKey(example)));
    if (free.length < size) {
      throw new Error(`Cannot split the data: ${name} must have ${size} examples, only ${free.length} are left for it`);
    }
    const drawn = stratified(new Random(seed, `split/${name}`).shuffle(free), size);
    for (const example of drawn) taken.add(textKey(example));
    return drawn;
  };
  const available = firstOfEachText(sourceOf("test")).length;
  const rest = (["validation", "train"] as const)
    .filter((name) => sourceOf(name) === sourceOf("test"))
    .reduce((left, name) => left - sizes[name], available);
  if (rest < 1) {
    throw new Error(
      `Cannot split the data: train and validation must leave an example for test, ` +
        `${sizes.train} and ${sizes.validation} are asked for and the data have ${available}`,
    );
  }
  const test = draw("test", Math.min(sizes.test, rest));
  const validation = draw("validation", sizes.validation);
  return { train: draw("train", sizes.train), validation, test };
}

/** A key that is equal for texts, or pairs, that differ only in case and white space. */
export function textKey(example: TextInput): string {
  return [example.text, example.pair ?? ""].map((text) => text.toLowerCase().replace(/\s+/g, " ").trim()).join("\n");
}

/** One example of each text: of those that {@linkcode textKey} takes for equal, the first. */
function firstOfEachText<E extends TextInput>(examples: readonly E[]): E[] {
  return [...new Map(examples.toReversed().map((example) => [textKey(example), example])).values()].reverse();
}

/** The first `size` examples, with each class in proportion to all examples (largest remainder method). */
function stratified<E extends AnyExample>(examples: readonly E[], size: number): E[] {
  const counts = new Map<number | undefined, number>();
  for (const { label } of examples) counts.set(label, (counts.get(label) ?? 0) + 1);
  const shares = [...counts].sort(([a = 0], [b = 0]) => a - b).map(([label, count]) => {
    const exact = (size * count) / examples.length;
    return { label, quota: Math.floor(exact), remainder: exact - Math.floor(exact) };
  });
  const missing = size - shares.reduce((sum, { quota }) => sum + quota, 0);
  for (const share of shares.toSorted((a, b) => b.remainder - a.remainder).slice(0, missing)) share.quota++;
  const left = new Map(shares.map(({ label, quota }) => [label, quota]));
  return examples.filter(({ label }) => {
    const open = left.get(label)!;
    left.set(label, open - 1);
    return open > 0;
  });
}

/** Number of examples, and the SHA-256 over their ids and labels (empty where there is none) in order. */
export function splitRecord(examples: readonly AnyExample[]): SplitRecord {
  const hash = createHash("sha256");
  for (const { id, label } of examples) hash.update(`${id}\t${label ?? ""}\n`);
  return { size: examples.length, sha256: hash.digest("hex") };
}
