/**
 * Tests of two methods, by seed and by example.
 * @module
 */
import jstat from "jstat";
import { Random } from "../../base/random.ts";
import type { Interval } from "./basics.ts";

/** Most seeds whose signs are all tried: 2²⁰ sums. */
const MOST_SIGNS = 20;

/** Result of a sign-flip test. */
export interface SignFlip {
  /** Two-sided probability of a mean so far from 0 if every difference's sign were a coin's. */
  p: number;
  /** The least that any differences of as many seeds could give: 2 / 2^seeds. */
  least: number;
}

/**
 * Exact sign-flip test (Fisher, 1935) of differences, one a seed: the share of all 2^n choices of signs whose mean is at
 * least as far from 0.
 * @returns null for more than 20 differences
 */
export function signFlipTest(differences: readonly number[]): SignFlip | null {
  const count = differences.length;
  if (count > MOST_SIGNS) return null;
  const sumOf = (signs: number) =>
    differences.reduce((sum, value, index) => sum + (signs >> index & 1 ? -value : value), 0);
  // Sums of the same numbers in another order of signs may differ in their last bits.
  const threshold = Math.abs(sumOf(0)) * (1 - 1e-12) - 1e-15;
  let extreme = 0;
  for (let signs = 0; signs < 2 ** count; signs++) if (Math.abs(sumOf(signs)) >= threshold) extreme++;
  return { p: extreme / 2 ** count, least: Math.min(1, 2 / 2 ** count) };
}

/**
 * Exact McNemar test (1947): two-sided binomial probability that of the examples on which two runs disagree, the one is
 * right on so many and the other on so few.
 * @param first examples that only the first run has right
 * @param second examples that only the second run has right
 */
export function mcNemarTest(first: number, second: number): number {
  const count = first + second;
  if (count === 0) return 1;
  return Math.min(1, 2 * jstat.binomial.cdf(Math.min(first, second), count, 0.5));
}

/** Resamples of a bootstrap. */
const RESAMPLES = 2000;

/**
 * 95 % percentile interval (Efron, 1979) of a statistic of examples, over 2,000 seeded resamples of them.
 * @param statistic of the examples at these places, which repeat
 */
export function bootstrapInterval(size: number, seed: number, statistic: (places: Int32Array) => number): Interval {
  const random = new Random(seed, "report/bootstrap");
  const places = new Int32Array(size);
  const values = Float64Array.from({ length: RESAMPLES }, () => {
    for (let index = 0; index < size; index++) places[index] = random.integer(size);
    return statistic(places);
  }).sort();
  return { low: values[Math.floor(0.025 * RESAMPLES)], high: values[Math.ceil(0.975 * RESAMPLES) - 1] };
}
