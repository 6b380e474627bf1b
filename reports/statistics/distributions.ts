/**
 * Quantiles and tails of the distributions that intervals and comparisons use.
 * @module
 */
import jstat from "jstat";
import { type Interval, mean, standardDeviation } from "./basics.ts";

/** Quantile of Student's t. jstat's is exact to 8 digits; a Newton step on its distribution function adds at least one. */
export function studentQuantile(probability: number, degrees: number): number {
  const { inv, cdf, pdf } = jstat.studentt;
  const start = inv(probability, degrees);
  return start - (cdf(start, degrees) - probability) / pdf(start, degrees);
}

/** Two-sided tail of Student's t: the probability of a value further from 0 than `t`. */
export function studentTail(t: number, degrees: number): number {
  return 2 * jstat.studentt.cdf(-Math.abs(t), degrees);
}

/**
 * 95 % interval of the mean of independent values by Student's t: x̄ ± t₀.₉₇₅,ₙ₋₁ · s / √n; null if there are fewer than two.
 * Runs of several seeds are not independent: see estimate.ts.
 */
export function meanInterval(values: readonly number[]): Interval | null {
  const deviation = standardDeviation(values);
  if (deviation === null) return null;
  const half = studentQuantile(0.975, values.length - 1) * deviation / Math.sqrt(values.length);
  return { low: mean(values) - half, high: mean(values) + half };
}

/** Distribution function of the standard normal. */
function normalCdf(z: number): number {
  return 0.5 * jstat.erfc(-z / Math.SQRT2);
}

/** Points of the trapezoidal rule over a standard normal variable, with its density times the step and its distribution. */
const normalGrid = Array.from({ length: 49 }, (_, index) => {
  const z = (index - 24) / 3;
  return { z, weight: Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI) / 3, below: normalCdf(z) };
});

/** Probability that the range of `count` independent standard normal variables is at most `range`. */
function rangeCdf(range: number, count: number): number {
  let sum = 0;
  for (const { z, weight, below } of normalGrid) sum += weight * (below - normalCdf(z - range)) ** (count - 1);
  return Math.min(1, count * sum);
}

/** Values of {@linkcode rangeCdf} in a unit of the range, and the range from which on it is 1 to the last digit. */
const [TABLE_DENSITY, TABLE_END] = [64, 14];

/** Values of {@linkcode rangeCdf} by count, as a table's comparisons ask for thousands. */
const rangeTables = new Map<number, Float64Array>();

/** {@linkcode rangeCdf} from a table by cubic interpolation; absolute error below 1e-8 up to 100 variables. */
function tabulatedRangeCdf(range: number, count: number): number {
  if (range >= TABLE_END) return 1;
  let table = rangeTables.get(count);
  if (table === undefined) {
    // Two values more than the end, for the interpolation.
    const length = TABLE_END * TABLE_DENSITY + 3;
    table = Float64Array.from({ length }, (_, index) => rangeCdf(index / TABLE_DENSITY, count));
    rangeTables.set(count, table);
  }
  const first = Math.max(0, Math.floor(range * TABLE_DENSITY) - 1);
  const t = range * TABLE_DENSITY - first;
  const [a, b, c, d] = table.subarray(first, first + 4);
  return (-a * (t - 1) * (t - 2) * (t - 3) + 3 * b * t * (t - 2) * (t - 3) - 3 * c * t * (t - 1) * (t - 3) +
    d * t * (t - 1) * (t - 2)) / 6;
}

/**
 * Upper tail of the studentised range: the probability that the largest and the smallest of `count` independent normal
 * variables differ by more than `q` estimated standard deviations, whose estimate has `degrees` degrees of freedom (any
 * positive number). Integrated by the trapezoidal rule over the logarithm of the estimate, which converges exponentially;
 * absolute error below 1e-7. jstat's `tukey` is exact to three digits at 2 degrees only.
 */
export function studentizedRangeTail(q: number, count: number, degrees: number): number {
  const step = Math.min(0.2, 0.5 / Math.sqrt(degrees));
  const normalise = degrees / 2 * Math.log(degrees / 2) - jstat.gammaln(degrees / 2) + Math.LN2;
  let sum = 0;
  // The density of the estimate's logarithm u is exp(normalise + ν(u − e^2u / 2)), greatest at u = 0.
  for (const direction of [-1, 1]) {
    for (let index = direction > 0 ? 0 : 1;; index++) {
      const u = direction * index * step;
      const density = Math.exp(normalise + degrees * (u - Math.exp(2 * u) / 2));
      if (density < 1e-13) break;
      sum += step * density * (1 - tabulatedRangeCdf(q * Math.exp(u), count));
    }
  }
  return Math.min(1, sum);
}
