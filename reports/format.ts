/**
 * Numbers and texts as reports for people show them.
 * @module
 */
import type { MetricUnit } from "../runs/study/record.ts";
import { type Estimate, halfWidth } from "./statistics/estimate.ts";

/** Shown in place of what was not measured. */
export const MISSING = "–";

/** A score: fractions in per cent with one decimal, others with three, small errors with three digits. */
export function formatScore(value: number, unit: MetricUnit): string {
  if (unit === "fraction") return (100 * value).toFixed(1);
  const isSmall = unit === "error" && value !== 0 && Math.abs(value) < 0.1;
  return isSmall ? String(Number(value.toPrecision(3))) : value.toFixed(3);
}

/** A score ± half its 95 % interval, if there is one: "87.5 ± 1.2". */
export function formatEstimate(mean: number, estimate: Estimate | null, unit: MetricUnit): string {
  const score = formatScore(mean, unit);
  return estimate === null ? score : `${score} ± ${formatScore(halfWidth(estimate), unit)}`;
}

/** A difference of scores ± half its 95 % interval: "−2.4 ± 1.9". */
export function formatDifference(estimate: Estimate, unit: MetricUnit): string {
  const shown = formatScore(estimate.mean, unit).replace("-", "−");
  const signed = Number(formatScore(estimate.mean, unit)) > 0 ? `+${shown}` : shown.replace(/^−(0\.0+)$/, "$1");
  return `${signed} ± ${formatScore(halfWidth(estimate), unit)}`;
}

/** A probability with two digits: "0.021", "< 0.001". */
export function formatProbability(p: number): string {
  return p < 0.001 ? "< 0.001" : p.toPrecision(2);
}

const wholeNumbers = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** A whole number with separators: 24576 → "24,576". */
export function formatCount(value: number): string {
  return wholeNumbers.format(Math.round(value));
}

/** A percentage with three significant digits, without an exponent from 0.000001 on. */
export function formatPercent(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** An amount with three digits and a decimal prefix: 1,350,000,000 → "1.35 G". */
export function formatAmount(value: number): string {
  const power = Math.min(5, Math.max(0, Math.floor(Math.log10(Math.max(1, value)) / 3)));
  const amount = String(Number((value / 1000 ** power).toPrecision(3)));
  return power === 0 ? amount : `${amount} ${["k", "M", "G", "T", "P"][power - 1]}`;
}

/** Seconds, with one decimal below 100. */
export function formatSeconds(value: number): string {
  return `${value < 100 ? value.toFixed(1) : Math.round(value)} s`;
}
