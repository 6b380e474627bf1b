/**
 * The table of a protocol, the same in every report for people.
 * @module
 */
import { formatBytes } from "../base/bytes.ts";
import { type Cost, middleCost } from "./costs/costs.ts";
import { formatCount, formatEstimate, formatPercent, formatScore, formatSeconds, MISSING } from "./format.ts";
import type { Overview } from "./overview.ts";
import type { Protocol, Setting } from "./results.ts";
import { differenceInWords, validationScore } from "./words.ts";

/** How a report writes cells. */
export interface CellStyle {
  /** Makes any text safe inside a cell. */
  text(text: string): string;
  /** Marks the score of a setting that is among the best. */
  best(score: string): string;
}

/** A table of finished cells. */
export interface Table {
  /** Titles of the columns. */
  header: string[];
  /** One row for each setting. */
  rows: string[][];
  /** One alignment for each column. */
  align: ("left" | "right")[];
}

/** A column: its title, and its cell for a setting. */
export type Column = [title: string, cell: (setting: Setting) => string];

/**
 * The table of a protocol's settings. The column of flags is left out if none was raised.
 * @param validation whether the validation score stands beside the test score
 */
export function tableOf({ settings }: Protocol, style: CellStyle, validation = false): Table {
  const [{ metric: { unit } }] = settings;
  const columns: Column[] = [
    ["method", ({ label }) => style.text(label)],
    [
      style.text(scoreTitle(settings[0].metric)),
      (setting) => setting.best ? style.best(scoreOf(setting)) : scoreOf(setting),
    ],
    ...validation ? [["validation", (setting) => formatScore(validationScore(setting), unit)] as Column] : [],
    ...settings.some(({ difference }) => difference !== null)
      ? [["Δ best", (setting: Setting) => differenceInWords(setting) ?? MISSING] as Column]
      : [],
    ["seeds", ({ runs }) => String(runs.length)],
    ["trained", costCell("trainable_params", formatCount)],
    ["% of model", costCell("trainable_percent", formatPercent)],
    ["stored", costCell("stored_bytes", formatBytes)],
    ["planned", costCell("planned_memory_bytes", formatBytes)],
    ["training", costCell("training_memory_bytes", formatBytes)],
    ["peak", costCell("peak_memory_bytes", formatBytes)],
    ["time", costCell("train_seconds", formatSeconds)],
  ];
  if (settings.some(({ runs }) => raisedFlags(runs).length > 0)) {
    columns.push(["flags", ({ runs }) => style.text(raisedFlags(runs).join(", "))]);
  }
  return columnTable(columns, settings);
}

/** The title of a column of scores. */
export function scoreTitle({ name, unit, direction }: Setting["metric"]): string {
  return `${name}${unit === "fraction" ? " %" : ""}${direction === "lower" ? " (lower is better)" : ""}`;
}

/** A table with a row for each setting. */
export function columnTable(columns: readonly Column[], settings: readonly Setting[]): Table {
  return {
    header: columns.map(([title]) => title),
    rows: settings.map((setting) => columns.map(([, cell]) => cell(setting))),
    align: columns.map(([title]) => title === "method" || title === "flags" ? "left" : "right"),
  };
}

function scoreOf({ mean, estimate, metric: { unit } }: Setting): string {
  return formatEstimate(mean, estimate, unit);
}

/** The table of methods over tasks or models: scores, their average, and mean ranks. */
export function overviewTableOf(overview: Overview, style: CellStyle): Table {
  const { columns, rows, units, averaged } = overview;
  const scored = (score: string, best: boolean) => best ? style.best(score) : score;
  return {
    header: [
      "method",
      ...columns.map(style.text),
      ...averaged ? ["average"] : [],
      ...overview.critical === null ? [] : ["mean rank"],
    ],
    rows: rows.map(({ label, settings, average, best, rank }) => [
      style.text(label),
      ...settings.map((setting) => setting === null ? MISSING : scored(scoreOf(setting), setting.best)),
      ...averaged ? [average === null ? MISSING : scored(formatEstimate(average.mean, average, units[0]), best)] : [],
      ...overview.critical === null ? [] : [rank === null ? MISSING : rank.toFixed(2)],
    ]),
    align: [
      "left",
      ...Array<"right">(columns.length + Number(averaged) + Number(overview.critical !== null)).fill("right"),
    ],
  };
}

function costCell(cost: Cost, format: (value: number) => string): (setting: Setting) => string {
  return ({ runs }) => {
    const value = middleCost(runs, cost);
    return value === null ? MISSING : format(value);
  };
}

/** Names of the flags that were raised, each with the number of runs that raised it: "at majority 2/3". */
function raisedFlags(runs: Setting["runs"]): string[] {
  const names = runs.flatMap(({ checks }) => checks.flags.filter(({ raised }) => raised).map(({ name }) => name));
  return [...Map.groupBy(names, (name) => name)].map(([name, { length }]) => `${name} ${length}/${runs.length}`).sort();
}
