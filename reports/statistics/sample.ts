/**
 * What a run's test set says about its method, example by example: the unit that intervals and comparisons are made of.
 * @module
 */

/** The examples of a test set. Runs on the same examples share one, so that overlaps are found once. */
export class TestSet {
  /** Ids of the examples, in the order of a run's predictions. */
  readonly ids: readonly string[];
  readonly #overlaps = new WeakMap<TestSet, [number, number][]>();

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
  overlap(other: TestSet): [number, number][] {
    let overlap = this.#overlaps.get(other);
    if (overlap === undefined) {
      const places = new Map(other.ids.map((id, place) => [id, place]));
      overlap = this.ids.flatMap((id, place) => {
        const match = places.get(id);
        return match === undefined ? [] : [[place, match] as [number, number]];
      });
      this.#overlaps.set(other, overlap);
    }
    return overlap;
  }
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
  const deviations = Float64Array.from(
    { length: test.size },
    (_, example) => test.size < 2 ? 0 : (test.size - 1) * (score - without(example)),
  );
  const centre = deviations.reduce((sum, value) => sum + value, 0) / test.size;
  return { seed, test, score, deviations: deviations.map((value) => value - centre) };
}

/** Differences a − b of the runs that have the same seed and the same test set, ordered by seed. */
export function pairSamples(a: readonly Sample[], b: readonly Sample[]): Sample[] {
  const bySeed = new Map(b.map((sample) => [sample.seed, sample]));
  return a.flatMap((first) => {
    const second = bySeed.get(first.seed);
    if (second === undefined || !second.test.equals(first.test)) return [];
    const deviations = first.deviations.map((value, example) => value - second.deviations[example]);
    return [{ seed: first.seed, test: first.test, score: first.score - second.score, deviations }];
  }).sort((a, b) => a.seed - b.seed);
}
