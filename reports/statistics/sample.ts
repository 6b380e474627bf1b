/**
 * What a run's test set says about its method, example by example: the unit that intervals and comparisons are made of.
 * @module
 */

/** The examples that two test sets have: their places in the one and, at the same index, in the other. */
export interface Overlap {
  /** Places in the one. */
  first: Int32Array;
  /** Places in the other. */
  second: Int32Array;
}

/** The examples of a test set. Runs on the same examples share one, so that overlaps are found once. */
export class TestSet {
  /** Ids of the examples, in the order of a run's predictions. */
  readonly ids: readonly string[];
  /** The last answer of {@linkcode countDistinct}: all settings of a table are asked for the same sets. */
  distinct?: { others: readonly TestSet[]; count: number };
  readonly #overlaps = new WeakMap<TestSet, Overlap>();

  /**
   * A test set of these examples.
   * @param ids as in the order of a run's predictions
   */
  constructor(ids: readonly string[]) {
    this.ids = ids;
  }

  /** Number of examples. */
  get size(): number {
    return this.ids.length;
  }

  /** Whether the other set has the same examples in the same order. */
  equals(other: TestSet): boolean {
    return this === other || this.size === other.size && this.ids.every((id, place) => id === other.ids[place]);
  }

  /** Places of the examples that both sets have: in this one, and in the other. */
  overlap(other: TestSet): Overlap {
    let overlap = this.#overlaps.get(other);
    if (overlap === undefined) {
      const places = new Map(other.ids.map((id, place) => [id, place]));
      const first = Int32Array.from(this.ids.keys()).filter((place) => places.has(this.ids[place]));
      overlap = { first, second: first.map((place) => places.get(this.ids[place])!) };
      this.#overlaps.set(other, overlap);
    }
    return overlap;
  }
}

/** Number of different examples of test sets. */
export function countDistinct(tests: readonly TestSet[]): number {
  const [first, ...others] = new Set(tests);
  if (others.length === 0) return first.size;
  const known = first.distinct;
  if (known && known.others.length === others.length && others.every((test, index) => test === known.others[index])) {
    return known.count;
  }
  const count = new Set([first, ...others].flatMap(({ ids }) => ids)).size;
  first.distinct = { others, count };
  return count;
}

/** The test score of a run, or the difference of two runs of the same seed and test set. */
export interface Sample {
  /** Seed of the run. */
  seed: number;
  /** The examples it was scored on. */
  test: TestSet;
  /** The score, or the difference of scores. */
  score: number;
  /** What each example adds to the score, less the mean: [test.size]; the sum is 0. */
  deviations: Float64Array;
}

/**
 * A sample of a score that is any function of the examples: their pseudo-values of the delete-one jackknife (Tukey, 1958),
 * m·θ − (m − 1)·θ₋ᵢ, which for a mean of examples are the examples' own scores.
 * @param score θ, of all examples
 * @param without θ₋ᵢ, of all examples but example i
 */
export function jackknifeSample(
  seed: number,
  test: TestSet,
  score: number,
  without: (example: number) => number,
): Sample {
  const deviations = new Float64Array(test.size);
  if (test.size > 1) {
    for (let example = 0; example < test.size; example++) {
      deviations[example] = (test.size - 1) * (score - without(example));
    }
  }
  const centre = deviations.reduce((sum, value) => sum + value, 0) / test.size;
  return { seed, test, score, deviations: deviations.map((value) => value - centre) };
}

/** Differences a − b of the runs that have the same seed and the same test set, ordered by seed. */
export function pairSamples(a: readonly Sample[], b: readonly Sample[]): Sample[] {
  const bySeed = new Map(b.map((sample) => [sample.seed, sample]));
  return a.flatMap((first) => {
    const second = bySeed.get(first.seed);
    if (second === undefined || !second.test.equals(first.test)) return [];
    const deviations = new Float64Array(first.deviations.length);
    for (let at = 0; at < deviations.length; at++) deviations[at] = first.deviations[at] - second.deviations[at];
    return [{ seed: first.seed, test: first.test, score: first.score - second.score, deviations }];
  }).sort((a, b) => a.seed - b.seed);
}
