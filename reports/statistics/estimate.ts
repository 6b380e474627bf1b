/**
 * The mean of a method's runs, or of the differences of two methods, and how far it may be from the truth: the expected
 * score for new seeds and new examples of the same source. Seeds share test examples, and so more seeds do not
 * make up for few examples: the variance has a part that shrinks with the number of seeds and one that does not.
 * @module
 */
import { type Interval, mean, sampleVariance } from "./basics.ts";
import { studentQuantile } from "./distributions.ts";
import { countDistinct, type Sample } from "./sample.ts";

/** Degrees of freedom that are as good as infinitely many. */
const MANY = 1e6;

/** A mean with its variance. */
export interface Estimate {
  /** Seeds of the runs. */
  seeds: number[];
  /** Mean over the runs. */
  mean: number;
  /** Variance of the mean; for one run, that of the test sample alone: what other seeds would give is not in it. */
  variance: number;
  /** Degrees of freedom of the variance, by Satterthwaite's approximation (1946). */
  degrees: number;
  /** Variance of a run that has no example in common with the others: the part that more seeds make smaller. */
  perSeed: number;
  /** Covariance of two runs, from the examples that both were scored on: the part that stays. */
  shared: number;
}

/**
 * Estimates the mean of samples. With A_s the score of run s of k, e_si the deviation of example i of its m_s, and u
 * different examples:
 *
 * - S² = Σ (A_s − Ā)² / (k − 1), the variance between runs
 * - v = the mean over s of Σ e_si² / (m_s − 1), the variance between examples
 * - C = the mean over pairs of runs of Σ e_si·e_ti / (m_s·m_t), over the examples of both, in [0, v·(examples of both) / (m_s·m_t)]:
 *   the covariance of two runs. A published test set and a pool that every seed splits anew differ in the overlap alone.
 * - V = max(S², v/m − C) / k + C, with ν = V² / [(S²/k)² / (k − 1) + C² / (u − 1)] degrees of freedom
 *
 * `tests/reports/statistics/coverage_test.ts` simulates what the intervals cover.
 * @param samples at least one
 */
export function estimateMean(samples: readonly Sample[]): Estimate {
  const count = samples.length;
  const scores = samples.map(({ score }) => score);
  const spreads = samples.map(spreadOf);
  const perExample = mean(samples.map(({ test }, index) => spreads[index] / test.size));
  const distinct = countDistinct(samples.map(({ test }) => test));
  const seeds = samples.map(({ seed }) => seed);
  const between = sampleVariance(scores);
  const shared = between === null ? 0 : covarianceOf(samples, spreads);
  const perSeed = Math.max(between ?? 0, perExample - shared);
  const variance = perSeed / count + shared;
  // Where no example differs from another, the data know no spread: as though one of all examples differed.
  if (variance === 0) {
    return { seeds, mean: mean(scores), variance: 1 / distinct ** 2, degrees: MANY, perSeed, shared };
  }
  const doubt =
    (between === null ? perExample ** 2 / Math.max(1, distinct - 1) : (between / count) ** 2 / (count - 1)) +
    shared ** 2 / Math.max(1, distinct - 1);
  return { seeds, mean: mean(scores), variance, degrees: Math.min(MANY, variance ** 2 / doubt), perSeed, shared };
}

/** Variance between the examples of a sample. */
function spreadOf({ deviations, test }: Sample): number {
  // A plain loop: a large report comes here a hundred thousand times.
  let sum = 0;
  for (let at = 0; at < deviations.length; at++) sum += deviations[at] * deviations[at];
  return sum / Math.max(1, test.size - 1);
}

/** Mean covariance of two runs' scores, from the examples that both have. */
function covarianceOf(samples: readonly Sample[], spreads: readonly number[]): number {
  let sum = 0;
  let bound = 0;
  let pairs = 0;
  samples.forEach((a, index) => {
    for (let other = index + 1; other < samples.length; other++) {
      const b = samples[other];
      const { first, second } = a.test.overlap(b.test);
      const size = a.test.size * b.test.size;
      for (let at = 0; at < first.length; at++) sum += a.deviations[first[at]] * b.deviations[second[at]] / size;
      bound += mean([spreads[index], spreads[other]]) * first.length / size;
      pairs++;
    }
  });
  return Math.min(Math.max(0, sum / pairs), bound / pairs);
}

/**
 * Mean of estimates that share no examples, as those of several tasks: their variances add up. It is for these tasks, not for
 * tasks at large.
 */
export function averageEstimates(estimates: readonly Estimate[]): Estimate {
  const count = estimates.length;
  const add = (value: (estimate: Estimate) => number) => estimates.reduce((sum, each) => sum + value(each), 0);
  const variance = add((each) => each.variance);
  return {
    seeds: estimates[0].seeds.filter((seed) => estimates.every(({ seeds }) => seeds.includes(seed))),
    mean: add((each) => each.mean) / count,
    variance: variance / count ** 2,
    degrees: variance ** 2 / add((each) => each.variance ** 2 / each.degrees),
    perSeed: add((each) => each.perSeed) / count ** 2,
    shared: add((each) => each.shared) / count ** 2,
  };
}

/** Half of the 95 % interval: t₀.₉₇₅,ν · √V. */
export function halfWidth({ variance, degrees }: Pick<Estimate, "variance" | "degrees">): number {
  return studentQuantile(0.975, degrees) * Math.sqrt(variance);
}

/** The 95 % interval. */
export function intervalOf(estimate: Estimate): Interval {
  const half = halfWidth(estimate);
  return { low: estimate.mean - half, high: estimate.mean + half };
}

/** Most seeds that {@linkcode seedsFor} counts up to. */
const MOST_SEEDS = 1000;

/**
 * The number of seeds with which the interval would be ± `half`, if the variances stay as estimated; null if no number is
 * enough, as the test examples are too few, or if it is over 1,000, or if one run tells nothing of seeds.
 */
export function seedsFor(half: number, { seeds, perSeed, shared }: Estimate): number | null {
  const isEnough = (count: number) => {
    const variance = perSeed / count + shared;
    const degrees = perSeed === 0 ? MANY : Math.min(MANY, variance ** 2 / ((perSeed / count) ** 2 / (count - 1)));
    return halfWidth({ variance, degrees }) <= half;
  };
  if (seeds.length < 2 || !isEnough(MOST_SEEDS)) return null;
  // More seeds make it narrower: halved until one number is left.
  let [few, enough] = [1, MOST_SEEDS];
  while (enough - few > 1) {
    const middle = (few + enough) >> 1;
    if (isEnough(middle)) enough = middle;
    else few = middle;
  }
  return enough;
}
