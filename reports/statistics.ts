/**
 * Mean, standard deviation and interval of a few scores, one a seed.
 * @module
 */
import jstat from "jstat";

/** A confidence interval. */
export interface Interval {
  /** Lower end. */
  low: number;
  /** Upper end. */
  high: number;
}

/** Arithmetic mean; NaN if there are no values. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Sample standard deviation (n − 1 degrees of freedom); null if there are fewer than two values. */
export function standardDeviation(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
}

/**
 * 95 % interval of the mean by Student's t: x̄ ± t₀.₉₇₅,ₙ₋₁ · s / √n; null if there are fewer than two values. For a paired
 * comparison, the values are the differences.
 */
export function meanInterval(values: readonly number[]): Interval | null {
  const deviation = standardDeviation(values);
  if (deviation === null) return null;
  const half = studentQuantile(0.975, values.length - 1) * deviation / Math.sqrt(values.length);
  return { low: mean(values) - half, high: mean(values) + half };
}

/** Quantile of Student's t. jstat's is exact to 8 digits; a Newton step on its distribution function adds at least one. */
function studentQuantile(probability: number, degrees: number): number {
  const { inv, cdf, pdf } = jstat.studentt;
  const start = inv(probability, degrees);
  return start - (cdf(start, degrees) - probability) / pdf(start, degrees);
}
