/**
 * Methods over several tasks of a model, or over several models on a task: what the tables of single protocols show, side by
 * side.
 * @module
 */
import { canonical, type MetricUnit } from "../runs/study/record.ts";
import { byKeys } from "./by-keys.ts";
import type { Protocol, Setting } from "./results.ts";
import { LEVEL, probabilityOf } from "./statistics/comparison.ts";
import { averageEstimates, type Estimate } from "./statistics/estimate.ts";
import { rankMethods } from "./statistics/ranks.ts";
import { labelOf, type NamedMethod } from "../runs/study/labels.ts";
import { optionsOfRun } from "./runs/run.ts";
import type { DataSpec } from "../runs/study/spec.ts";

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

/** What differs between the columns of an overview: the task, the model, or the number of training examples. */
export type Axis = "task" | "model" | "size";

/** Methods over tasks, models, or numbers of training examples. */
export interface Overview {
  /** What the columns are. */
  axis: Axis;
  /** What they have in common: the model, the task, or both. */
  title: string;
  /** Names of the tasks or models, or the numbers. */
  columns: string[];
  /** Unit of each column's scores. */
  units: MetricUnit[];
  /** The methods, the best average first. */
  rows: OverviewRow[];
  /** Whether scores are averaged: over tasks or models, in one unit, where higher is better everywhere or nowhere. */
  averaged: boolean;
  /** Critical difference of mean ranks; null if fewer than two methods have all columns. */
  critical: number | null;
}

/** Number of training examples of a protocol. */
function trainSize({ settings: [{ runs: [{ spec }] }] }: Protocol): number {
  return spec.data.train;
}

/** What a protocol would have in common with those that differ from it along an axis alone. */
function withoutAxis({ spec }: Protocol, axis: Axis): string {
  if (axis !== "size") return canonical({ ...spec, [axis]: null });
  const data = spec.data as DataSpec;
  // With few examples of each class, those to validate and those that are left to test follow from their number.
  return canonical({ ...spec, data: data.perClass === undefined ? { ...data, train: null } : "few" });
}

/** The overviews of protocols that differ in nothing but the task, the model, or the number of training examples. */
export function overviewsOf(protocols: readonly Protocol[]): Overview[] {
  return (["task", "model", "size"] as const).flatMap((axis) => {
    const groups = Map.groupBy(protocols, (protocol) => withoutAxis(protocol, axis));
    return [...groups.values()].filter(({ length }) => length > 1).map((group) =>
      overviewOf(axis, axis === "size" ? group.toSorted((a, b) => trainSize(a) - trainSize(b)) : group)
    );
  });
}

function titleOf(axis: Axis, { settings: [{ task, model }] }: Protocol): string {
  return { task: model, model: task, size: `${task}, ${model}` }[axis];
}

/**
 * The settings of a protocol as overviews name them: without what a language model's head is asked, which each task words in its own
 * way, where they are told from each other without it.
 */
function namesIn({ settings }: Protocol): Map<Setting, NamedMethod> {
  const withoutHead = ({ method, runs: [run] }: Setting): NamedMethod => {
    const { head: _, ...spec } = run.spec;
    return { method, options: optionsOfRun({ ...run, spec }) };
  };
  const same = Map.groupBy(settings, (setting) => canonical(withoutHead(setting)));
  return new Map([...same.values()].flatMap((settings) =>
    settings.map((setting): [Setting, NamedMethod] => {
      const { method, options } = setting;
      return [setting, settings.length > 1 ? { method, options } : withoutHead(setting)];
    })
  ));
}

function overviewOf(axis: Axis, protocols: readonly Protocol[]): Overview {
  const columns = protocols.map((protocol) =>
    axis === "size" ? String(trainSize(protocol)) : protocol.settings[0][axis]
  );
  const metrics = protocols.map(({ settings: [{ metric }] }) => metric);
  const names = new Map(protocols.flatMap((protocol) => [...namesIn(protocol)]));
  const keyOf = (setting: Setting) => canonical(names.get(setting));
  const byMethod = Map.groupBy(protocols.flatMap(({ settings }) => settings), keyOf);
  const all = [...byMethod.values()].map(([setting]) => names.get(setting)!);
  const rows = [...byMethod].map(([key, [setting]]): OverviewRow => {
    const settings = protocols.map(({ settings }) => settings.find((setting) => keyOf(setting) === key) ?? null);
    return { label: labelOf(names.get(setting)!, all), settings, average: null, best: false, rank: null };
  });
  // More examples are not another case of the same: their scores are neither averaged nor ranked.
  const cases = axis !== "size";
  // Errors are in the unit of what is predicted, which another task does not share.
  const averaged = cases && !(axis === "task" && metrics[0].unit === "error") &&
    metrics.every(({ unit, direction }) => unit === metrics[0].unit && direction === metrics[0].direction);
  const sign = metrics[0].direction === "higher" ? 1 : -1;
  const complete = rows.filter(({ settings }) => settings.every((setting) => setting?.estimate));
  let critical: number | null = null;
  if (averaged && complete.length > 0) {
    for (const row of complete) row.average = averageEstimates(row.settings.map((setting) => setting!.estimate!));
    markBest(complete, protocols, sign);
  }
  if (cases && complete.length > 1) {
    // Ranks count from the best of every column, whatever its metric's direction.
    const scores = protocols.map((_, column) =>
      complete.map(({ settings }) => settings[column]!.mean * (metrics[column].direction === "higher" ? 1 : -1))
    );
    const ranking = rankMethods(scores, "higher");
    critical = ranking.critical;
    complete.forEach((row, index) => row.rank = ranking.ranks[index]);
  }
  const order = ({ average, rank, settings }: OverviewRow) =>
    average ? -sign * average.mean : rank ?? -sign * (settings.at(-1)?.mean ?? -sign * Infinity);
  return {
    axis,
    title: titleOf(axis, protocols[0]),
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
