/**
 * Mean, spread and intervals of a few seeds' scores.
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

/** Arithmetic mean; NaN of no values. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Sample standard deviation (n − 1 degrees of freedom), or null of fewer than two values. */
export function standardDeviation(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
}

/**
 * 95 % interval of the mean by Student's t: x̄ ± t₀.₉₇₅,ₙ₋₁ · s / √n, or null of fewer than two values. For a paired
 * comparison give the differences.
 */
export function meanInterval(values: readonly number[]): Interval | null {
  const deviation = standardDeviation(values);
  if (deviation === null) return null;
  const half = studentQuantile(0.975, values.length - 1) * deviation / Math.sqrt(values.length);
  return { low: mean(values) - half, high: mean(values) + half };
}

/** jstat's inverse is good to 8 digits; a Newton step on its distribution function adds one or more. */
function studentQuantile(probability: number, degrees: number): number {
  const { inv, cdf, pdf } = jstat.studentt;
  const start = inv(probability, degrees);
  return start - (cdf(start, degrees) - probability) / pdf(start, degrees);
}
