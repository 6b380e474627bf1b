/**
 * Methods over several tasks: mean ranks, and how far two must be apart to be told from each other.
 * @module
 */
import { mean } from "./basics.ts";
import { studentizedRangeTail } from "./distributions.ts";

/** Mean ranks of methods over tasks. */
export interface Ranks {
  /** Mean rank of each method, 1 for the best of all tasks; equal scores share the mean of their ranks. */
  ranks: number[];
  /**
   * Critical difference of Nemenyi's test (Demšar, 2006): q₀.₀₅,ₘ,∞ / √2 · √(m(m + 1) / 6n) for m methods and n tasks. Two
   * methods whose mean ranks differ by less are not told from each other, over all pairs.
   */
  critical: number;
}

/**
 * Ranks methods by their scores.
 * @param scores score of each method on each task: [tasks][methods], two of each at least
 */
export function rankMethods(scores: readonly (readonly number[])[], direction: "higher" | "lower"): Ranks {
  const sign = direction === "higher" ? 1 : -1;
  const byTask = scores.map((row) =>
    row.map((score) => {
      const better = row.filter((other) => sign * other > sign * score).length;
      const equal = row.filter((other) => other === score).length;
      return better + (equal + 1) / 2;
    })
  );
  const methods = scores[0].length;
  const ranks = scores[0].map((_, method) => mean(byTask.map((row) => row[method])));
  const scale = Math.sqrt(methods * (methods + 1) / (6 * scores.length) / 2);
  return { ranks, critical: rangeQuantile(methods) * scale };
}

/** The studentised range that is exceeded with a probability of 5 %, with unlimited degrees of freedom, by bisection. */
function rangeQuantile(count: number): number {
  let [low, high] = [0, 20];
  while (high - low > 1e-9) {
    const middle = (low + high) / 2;
    if (studentizedRangeTail(middle, count, 1e6) > 0.05) low = middle;
    else high = middle;
  }
  return low;
}
