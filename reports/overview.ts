/**
 * Methods over several tasks of a model, or over several models on a task: what the tables of single protocols show, side by
 * side.
 * @module
 */
import { canonical } from "../runs/study/record.ts";
import { byKeys } from "./by-keys.ts";
import type { Protocol, Setting } from "./results.ts";
import { LEVEL, probabilityOf } from "./statistics/comparison.ts";
import { averageEstimates, type Estimate } from "./statistics/estimate.ts";
import { rankMethods } from "./statistics/ranks.ts";
import { labelOf } from "../runs/study/labels.ts";

/** A method's settings. */
export interface OverviewRow {
  /** The method, with the options in which it differs from others of its name. */
  label: string;
  /** Its setting in each column; null where it has none. */
  settings: (Setting | null)[];
  /** Average over the columns; null if it lacks one. */
  average: Estimate | null;
  /** Whether the average is the best, or is not shown to be below the best. */
  best: boolean;
  /** Mean rank over the columns; null if there are no ranks, or it lacks a column. */
  rank: number | null;
}

/** Methods over tasks or models. */
export interface Overview {
  /** What the columns are. */
  axis: "task" | "model";
  /** What they have in common: the model, or the task. */
  title: string;
  /** Names of the tasks or models. */
  columns: string[];
  /** Unit of each column's scores. */
  units: ("fraction" | "correlation")[];
  /** The methods, the best average first. */
  rows: OverviewRow[];
  /** Whether scores are averaged: those of one unit, where higher is better everywhere or nowhere. */
  averaged: boolean;
  /** Critical difference of mean ranks; null if fewer than two methods have all columns. */
  critical: number | null;
}

/** The overviews of protocols that differ in nothing but the task, and of those that differ in nothing but the model. */
export function overviewsOf(protocols: readonly Protocol[]): Overview[] {
  return (["task", "model"] as const).flatMap((axis) => {
    const groups = Map.groupBy(protocols, ({ spec }) => {
      const { [axis]: _, ...rest } = spec;
      return canonical(rest);
    });
    return [...groups.values()].filter(({ length }) => length > 1).map((group) => overviewOf(axis, group));
  });
}

function overviewOf(axis: "task" | "model", protocols: readonly Protocol[]): Overview {
  const columns = protocols.map(({ settings: [setting] }) => setting[axis]);
  const metrics = protocols.map(({ settings: [{ metric }] }) => metric);
  const keyOf = ({ method, options }: Setting) => canonical([method, options]);
  const byMethod = Map.groupBy(protocols.flatMap(({ settings }) => settings), keyOf);
  const all = [...byMethod.values()].map(([setting]) => setting);
  const rows = [...byMethod].map(([key, [setting]]): OverviewRow => {
    const settings = protocols.map(({ settings }) => settings.find((setting) => keyOf(setting) === key) ?? null);
    return { label: labelOf(setting, all), settings, average: null, best: false, rank: null };
  });
  const averaged = metrics.every(({ unit, direction }) =>
    unit === metrics[0].unit && direction === metrics[0].direction
  );
  const sign = metrics[0].direction === "higher" ? 1 : -1;
  const complete = rows.filter(({ settings }) => settings.every((setting) => setting?.estimate));
  let critical: number | null = null;
  if (averaged && complete.length > 0) {
    for (const row of complete) row.average = averageEstimates(row.settings.map((setting) => setting!.estimate!));
    markBest(complete, protocols, sign);
  }
  if (complete.length > 1) {
    // Ranks count from the best of every column, whatever its metric's direction.
    const scores = protocols.map((_, column) =>
      complete.map(({ settings }) => settings[column]!.mean * (metrics[column].direction === "higher" ? 1 : -1))
    );
    const ranking = rankMethods(scores, "higher");
    critical = ranking.critical;
    complete.forEach((row, index) => row.rank = ranking.ranks[index]);
  }
  const title = protocols[0].settings[0][axis === "task" ? "model" : "task"];
  const order = ({ average, rank }: OverviewRow) => average ? -sign * average.mean : rank ?? Infinity;
  return {
    axis,
    title,
    columns,
    units: metrics.map(({ unit }) => unit),
    rows: rows.sort(byKeys(order, ({ label }) => label)),
    averaged: averaged && complete.length > 0,
    critical,
  };
}

/** Marks the best average and those that are not shown to be below it, where all are compared in every column. */
function markBest(rows: readonly OverviewRow[], protocols: readonly Protocol[], sign: number): void {
  const compared = rows.filter(({ settings }) =>
    settings.every((setting, column) => {
      const { comparison } = protocols[column];
      return comparison !== null && comparison.best.size > 0 && comparison.ranking.includes(setting!.id);
    })
  );
  if (compared.length < 2) return;
  const leader = compared.reduce((best, row) => sign * row.average!.mean > sign * best.average!.mean ? row : best);
  for (const row of compared) {
    if (row === leader) row.best = true;
    else {
      const difference = averageEstimates(
        protocols.map(({ comparison }, column) =>
          comparison!.difference(leader.settings[column]!.id, row.settings[column]!.id).estimate
        ),
      );
      row.best = probabilityOf(difference, compared.length) >= LEVEL;
    }
  }
}
