/**
 * How all figures look: colours and symbols of the methods, names, axes.
 * @module
 */
import { shorten } from "../../base/errors.ts";
import { formatScore } from "../format.ts";
import type { Results, RunMetric, Setting } from "../results.ts";

/** Colour and symbol of a method. */
export interface MethodStyle {
  /** A colour that can be seen on white and on black. */
  colour: string;
  /** Name of a symbol of Plot, so that colour is never the only difference. */
  symbol: "circle" | "square" | "triangle" | "diamond" | "star" | "wye" | "cross";
}

/** Colours that can be told apart without red, green or blue cones, after Okabe and Ito (2008), without black and yellow. */
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#56a0d9", "#8a5fbf", "#8c8c8c"];

const SYMBOLS = ["circle", "square", "triangle", "diamond", "star", "wye", "cross"] as const;

/** Colours of the parts of memory, from dark to light (viridis), so that their order can be seen without colours too. */
export const PART_COLOURS = ["#46327e", "#365c8d", "#277f8e", "#1fa187", "#7ad151", "#fde725"];

/** Width of a figure in pixels. */
export const WIDTH = 720;

/** Height of a row that has a name. */
export const ROW = 24;

/** Most settings that a figure shows: the best ones. */
export const MOST_ROWS = 40;

/** The styles of all methods in the results, by name: the same in every figure. */
export function methodStyles({ runs, protocols }: Pick<Results, "runs" | "protocols">): Map<string, MethodStyle> {
  if (runs.length === 0) return new Map();
  const methods = new Set(protocols.flatMap(({ settings }) => settings.map(({ method }) => method)));
  return new Map(
    [...methods].sort().map((method, index) => [
      method,
      { colour: COLOURS[index % COLOURS.length], symbol: SYMBOLS[index % SYMBOLS.length] },
    ]),
  );
}

/** A name as figures show it: one line that XML can hold, cut where it is long. */
export function showName(text: string, limit = 36): string {
  return shorten(text.toWellFormed().replace(/[\uFFFE\uFFFF]/g, "\uFFFD"), limit);
}

/** Pixels that names need at the font size of the figures: an estimate, as nothing is rendered here. */
export function widthOf(names: readonly string[]): number {
  const cells = (name: string) => [...name].reduce((sum, letter) => sum + (letter > "\u2E80" ? 2 : 1), 0);
  return 6.6 * Math.max(0, ...names.map(cells));
}

/** Names of rows, each of its own even where two settings are called the same. */
export function rowNames(settings: readonly Pick<Setting, "label">[]): string[] {
  const counts = new Map<string, number>();
  return settings.map(({ label }) => {
    const name = showName(label);
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return count === 1 ? name : `${name} [${count}]`;
  });
}

/** The end of a caption where a figure does not show all settings: " Shown are the best 40 of 100." */
export function bestOf(shown: { length: number }, all: { length: number }): string {
  return shown.length === all.length ? "" : ` Shown are the best ${shown.length} of ${all.length}.`;
}

/** A score as axes show it: fractions in per cent. */
export function axisScore(value: number, { unit }: Pick<RunMetric, "unit">): number {
  return unit === "fraction" ? 100 * value : value;
}

/** Ends of an interval as axes show them: cut where no score can be. */
export function axisInterval(
  { interval, metric }: Pick<Setting, "interval" | "metric">,
): { low: number; high: number } | null {
  if (interval === null) return null;
  const [least, most] = { fraction: [0, 1], correlation: [-1, 1], error: [0, Infinity] }[metric.unit];
  return {
    low: axisScore(Math.max(least, interval.low), metric),
    high: axisScore(Math.min(most, interval.high), metric),
  };
}

/** Values of a logarithmic axis: powers of ten, or where these are few, 1, 2 and 5 times them. */
export function logTicks(values: readonly number[]): number[] {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const leads = most / least > 100 ? [1] : [1, 2, 5];
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(least)); power <= Math.log10(most); power++) {
    ticks.push(...leads.map((lead) => Number(`${lead}e${power}`)));
  }
  return ticks.filter((tick) => tick >= 0.8 * least && tick <= 1.25 * most);
}

/** "accuracy (%)". */
export function axisLabel({ name, unit }: RunMetric, what = ""): string {
  return `${what}${showName(name)}${unit === "fraction" ? " (%)" : ""}`;
}

/** "87.3 %", in descriptions. */
export function scoreInWords(value: number, { unit }: Pick<RunMetric, "unit">): string {
  return `${formatScore(value, unit)}${unit === "fraction" ? " %" : ""}`;
}

/** Numbers of a logarithmic axis: 1,000 → "1k". */
export function shortNumber(value: number): string {
  for (const [unit, size] of [["G", 1e9], ["M", 1e6], ["k", 1e3]] as const) {
    if (value >= size) return `${Number((value / size).toPrecision(3))}${unit}`;
  }
  return String(Number(value.toPrecision(3)));
}
