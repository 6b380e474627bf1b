/**
 * The examples of a run: stratified splits, the same for every method of a seed, with no text in two of them.
 * @module
 */
import { Random } from "../../base/random.ts";
import { textHash, textKey } from "../../tasks/examples.ts";
import type { TaskData, TextInput } from "../../tasks/types.ts";
import { hashExamples } from "../study/check-record.ts";
import type { SplitRecord } from "../study/record.ts";
import type { DataSpec, RunSpec } from "../study/spec.ts";

/** The examples of a run. */
export interface Splits<E extends TextInput = AnyExample> {
  /** To train on. */
  train: E[];
  /** To choose the epoch. */
  validation: E[];
  /** To score the kept epoch. */
  test: E[];
}

/** An example of any kind of task. Those without a label count as one class, and each set of labels as one. */
export type AnyExample = TextInput & {
  label?: number;
  target?: number;
  labels?: readonly number[];
  right?: readonly number[];
};

/** The class of an example. */
function classOf({ label, labels }: AnyExample): number | string | undefined {
  return label ?? labels?.join();
}

/** Changes the examples of a run with that seed. */
export type AlterSplits = <E extends AnyExample>(splits: Splits<E>, seed: number) => Splits<E>;

/**
 * Draws a run's examples. A published split is sampled from; one that was not published is drawn from the pool, or from
 * the published training examples. Texts that differ only in case and white space count once, and no two splits share a group.
 * Test is drawn first and train last: where there are enough data, runs with more training examples are scored on the same test examples.
 * Few examples (`perClass`) are drawn class by class; test then has what is left of a pool, or the published split (as Gao et al., 2021,
 * LM-BFF, have it: training and validation examples are both of the published training split where test is the published validation split).
 * @param sizes numbers of examples; of `test` there may be fewer
 * @param seen hashes of texts that are passed over for test and validation, as what training starts from knows them
 * @param labels names of the classes, for messages
 * @throws {Error} if there are too few examples
 */
export function splitExamples<E extends AnyExample>(
  data: TaskData<E>,
  sizes: DataSpec,
  seed: number,
  seen: ReadonlySet<string> = new Set(),
  labels: readonly string[] = [],
): Splits<E> {
  const isNew = (example: E) => seen.size === 0 || !seen.has(textHash(example));
  const taken = new Set<string>();
  const takenGroups = new Set<string>();
  const freeOf = (name: keyof Splits) => {
    const { examples, keys } = firstOfEachText(sourceOf(data, name));
    return examples.filter(({ group }, at) => !taken.has(keys[at]) && !(group !== undefined && takenGroups.has(group)));
  };
  const draw = (name: keyof Splits, size: number, isUsable = (_: E) => true, perClass?: number): E[] => {
    const free = freeOf(name);
    if (perClass !== undefined) {
      const classes = size / perClass;
      requirePerClass(name, { perClass, classes, labels }, sourceOf(data, name), free.filter(isUsable));
    }
    const usable = countOf(free, isUsable);
    if (usable < size) {
      const known = usable < free.length ? `, as what training starts from knows ${free.length - usable} more` : "";
      throw new Error(
        `Cannot split the data: ${name} must have ${size} examples, only ${usable} are left for it${known}`,
      );
    }
    const shuffled = new Random(seed, `split/${name}`).shuffle(free);
    const isGrouped = free.some(({ group }) => group !== undefined);
    const drawn = stratified(isGrouped ? byGroup(shuffled) : shuffled, size, isUsable, perClass);
    for (const example of drawn) {
      taken.add(textKey(example));
      if (example.group !== undefined) takenGroups.add(example.group);
    }
    return drawn;
  };
  const drawOthers = () => {
    const validation = draw("validation", sizes.validation, isNew, sizes.perClass);
    return { train: draw("train", sizes.train, undefined, sizes.perClass), validation };
  };
  // What is left of a pool has not the shares of its classes, so that each would still have enough: it is tested last.
  if (sizes.perClass !== undefined && !data.test) {
    const others = drawOthers();
    const room = freeOf("test").filter(isNew).length;
    if (room === 0) throw new Error("Cannot split the data: train and validation must leave an example for test");
    return { ...others, test: draw("test", Math.min(sizes.test, room), isNew) };
  }
  const test = draw("test", Math.min(sizes.test, roomForTest(data, sizes, isNew)), isNew);
  return { ...drawOthers(), test };
}

/** What a split is drawn from. */
function sourceOf<E extends TextInput>(data: TaskData<E>, name: keyof Splits): readonly E[] {
  return data[name] ?? data.pool ?? data.train ?? [];
}

/** @throws {Error} if a class has fewer usable examples than a split is to have of each */
function requirePerClass(
  split: keyof Splits,
  { perClass, classes, labels }: { perClass: number; classes: number; labels: readonly string[] },
  source: readonly AnyExample[],
  usable: readonly AnyExample[],
): void {
  for (let label = 0; label < classes; label++) {
    const count = (examples: readonly AnyExample[]) => examples.filter((example) => example.label === label).length;
    if (count(usable) >= perClass) continue;
    throw new Error(
      `Cannot split the data: ${split} must have ${perClass} examples of each class, ${labels[label] ?? label} has ` +
        `${count(firstOfEachText(source).examples)}, of which ${count(usable)} are left beside the other splits`,
    );
  }
}

/**
 * The examples of a run, as {@linkcode splitExamples}. A trial goes on without those of test: nothing behind this can read one.
 * @throws {Error} if there are too few examples
 */
export function splitsOf<E extends AnyExample>(
  data: TaskData<E>,
  { data: sizes, seed, trial }: RunSpec,
  seen: ReadonlySet<string>,
  labels: readonly string[],
): Splits<E> {
  const splits = splitExamples(data, sizes, seed, seen, labels);
  return trial ? { ...splits, test: [] } : splits;
}

/** The most examples that test may have. @throws {Error} if that is none */
function roomForTest<E extends AnyExample>(
  data: TaskData<E>,
  sizes: DataSpec,
  isNew: (example: E) => boolean,
): number {
  const { examples: texts } = firstOfEachText(sourceOf(data, "test"));
  const fresh = countOf(texts, isNew);
  const sizeBeside = (name: "train" | "validation") =>
    sourceOf(data, name) === sourceOf(data, "test") ? sizes[name] : 0;
  const room = texts.length - sizeBeside("validation") - sizeBeside("train");
  if (room < 1) {
    throw new Error(
      `Cannot split the data: train and validation must leave an example for test, ` +
        `${sizes.train} and ${sizes.validation} are asked for and the data have ${texts.length}`,
    );
  }
  const freshRoom = fresh - sizeBeside("validation");
  if (freshRoom < 1) {
    throw new Error(
      `Cannot split the data: validation must leave an example for test, ${sizeBeside("validation")} are asked for ` +
        `and of ${texts.length} what training starts from knows ${texts.length - fresh}`,
    );
  }
  return Math.min(room, freshRoom);
}

/**
 * Sizes for which data have enough: splits that are there are used whole, those that are not get a fifth each.
 * @returns train, validation and test; undefined if the data have too few examples for any
 */
export function fittingSizes(
  data: TaskData<AnyExample>,
): [train: number, validation: number, test: number] | undefined {
  const textsOf = (examples: readonly AnyExample[] = []) => firstOfEachText(examples).keys.length;
  const shared = textsOf(data.pool ?? data.train);
  const fifth = Math.floor(shared / 5);
  const validation = data.validation ? textsOf(data.validation) : fifth;
  const test = data.test ? textsOf(data.test) : fifth;
  const train = shared - (data.validation ? 0 : fifth) - (data.test ? 0 : fifth);
  try {
    splitExamples(data, { train, validation, test }, 0);
  } catch {
    return undefined; // texts that are in two of the splits, or next to none at all
  }
  return train > 0 && validation > 0 ? [train, validation, test] : undefined;
}

/**
 * Numbers of examples of which few are of each class.
 * @param data what they are drawn from
 * @param classes number of the task's classes
 * @param most examples to test on; left out: all that are left
 */
export function fewSizes(data: TaskData<AnyExample>, classes: number, perClass: number, most?: number): DataSpec {
  const size = classes * perClass;
  const source = sourceOf(data, "test");
  const beside = (["train", "validation"] as const).filter((name) => sourceOf(data, name) === source).length;
  const left = firstOfEachText(source).keys.length - beside * size;
  return { train: size, validation: size, test: most ?? Math.max(1, left), perClass };
}

function countOf<E>(examples: readonly E[], isCounted: (example: E) => boolean): number {
  let count = 0;
  for (const example of examples) if (isCounted(example)) count++;
  return count;
}

/** Examples of a group one after the other, where the first of them stood: few groups have examples that are drawn. */
function byGroup<E extends TextInput>(examples: readonly E[]): readonly E[] {
  return [
    ...Map.groupBy(examples, ({ id, group }) => group === undefined ? `example ${id}` : `group ${group}`).values(),
  ]
    .flat();
}

/** Examples of different texts. */
interface DifferentTexts<E> {
  examples: readonly E[];
  /** {@linkcode textKey} of each. */
  keys: readonly string[];
}

/** Those that were found, by the examples that they are of: every split and seed asks for them, and there may be millions. */
const found = new WeakMap<readonly TextInput[], DifferentTexts<TextInput>>();

/** One example of each text: of those with equal keys the first, in the order of the last ones. */
function firstOfEachText<E extends TextInput>(examples: readonly E[]): DifferentTexts<E> {
  const known = found.get(examples);
  if (known) return known as DifferentTexts<E>;
  const firsts = new Map<string, E>();
  for (const example of examples) {
    const key = textKey(example);
    const first = firsts.get(key);
    if (first) firsts.delete(key);
    firsts.set(key, first ?? example);
  }
  const different = { examples: [...firsts.values()], keys: [...firsts.keys()] };
  found.set(examples, different);
  return different;
}

/**
 * The first `size` usable examples, with each class in proportion to all examples (largest remainder method). Where too few
 * of a class are usable, the first of the others take their place.
 * @param perClass so many of each class instead, which there must be
 */
function stratified<E extends AnyExample>(
  examples: readonly E[],
  size: number,
  isUsable: (example: E) => boolean,
  perClass?: number,
): E[] {
  const counts = new Map<number | string | undefined, number>();
  for (const example of examples) {
    const label = classOf(example);
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  // Sets of labels stay in the order of the examples, which is random: rare ones do not get their share by their labels.
  const order = (key: number | string | undefined) => typeof key === "number" ? key : 0;
  const shares = [...counts].sort(([a], [b]) => order(a) - order(b)).map(([label, count]) => {
    const exact = perClass ?? (size * count) / examples.length;
    return { label, quota: Math.floor(exact), remainder: exact - Math.floor(exact) };
  });
  const missing = size - shares.reduce((sum, { quota }) => sum + quota, 0);
  for (const share of shares.toSorted((a, b) => b.remainder - a.remainder).slice(0, missing)) share.quota++;
  const left = new Map(shares.map(({ label, quota }) => [label, quota]));
  const chosen: E[] = [];
  const others: E[] = [];
  for (const example of examples) {
    if (chosen.length === size) break;
    if (!isUsable(example)) continue;
    const label = classOf(example);
    const open = left.get(label)!;
    left.set(label, open - 1);
    if (open > 0) chosen.push(example);
    else if (others.length < size) others.push(example);
  }
  return [...chosen, ...others.slice(0, size - chosen.length)];
}

/** Number of examples, and the SHA-256 over their ids and right answers, as `hashExamples` has them. */
export function splitRecord(examples: readonly AnyExample[]): SplitRecord {
  return { size: examples.length, sha256: hashExamples(examples) };
}
