/**
 * Options and protocols in words, and what a reader should know of a table before trusting it.
 * @module
 */
import { counted } from "../base/errors.ts";
import { inWords, valueInWords } from "../runs/study/labels.ts";
import { isTimeUnsteady } from "./costs/costs.ts";
import type { Run } from "./runs/run.ts";
import type { Conflict, FailedCells } from "./runs/collect.ts";
import { formatDifference, formatScore } from "./format.ts";
import type { Overview } from "./overview.ts";
import type { Protocol, Setting } from "./results.ts";
import { mean, median } from "./statistics/basics.ts";
import { seedsFor } from "./statistics/estimate.ts";

/** A remark, and remarks below it. */
export type Remark = [text: string, ...children: string[]];

/** Values of an object and of those inside it, by their paths: "data.train". */
function leaves(value: unknown, path = ""): [path: string, value: string][] {
  return value !== null && typeof value === "object" && !Array.isArray(value)
    ? Object.entries(value).flatMap(([key, inner]) => leaves(inner, path === "" ? key : `${path}.${key}`))
    : [[path, valueInWords(value)]];
}

/** "task, model"; where several protocols are of the same, with what tells this one from the others. */
export function titleOf(protocol: Protocol, all: readonly Protocol[]): string {
  const [{ task, model }] = protocol.settings;
  const namesakes = all.filter(({ settings: [other] }) => other.task === task && other.model === model);
  const known = namesakes.map(({ spec }) => new Map(leaves(spec)));
  const distinguishing = leaves(protocol.spec).filter(([path, value]) =>
    known.some((others) => others.get(path) !== value)
  );
  const suffix = distinguishing.map(([path, value]) => `${path} ${value}`).join(", ");
  return suffix === "" ? `${task}, ${model}` : `${task}, ${model} (${suffix})`;
}

/** "All tasks, use-lite"; "By training examples, sentiment/amazon, use-lite". */
export function overviewTitle({ axis, title }: Overview): string {
  return axis === "size" ? `By training examples, ${title}` : `All ${axis}s, ${title}`;
}

/** What a reader should know of an overview's table, whatever shows it. */
export function overviewRemarks({ axis, averaged, critical }: Overview): Remark[] {
  const remarks: Remark[] = [];
  if (averaged) {
    remarks.push([
      `Average: over these ${axis}s, with an interval for new seeds and new examples of each, not for other ${axis}s`,
    ]);
  }
  if (critical !== null) {
    remarks.push([
      `Mean rank: 1 is the best of every ${axis}. Two methods whose mean ranks differ by less than ${
        critical.toFixed(2)
      } ` +
      "are not told from each other by Nemenyi's test (5 % over all pairs)",
    ]);
  }
  return remarks;
}

/** The answer that the majority score always gives. */
export function majorityInWords({ baseline, metrics: [{ unit }] }: Pick<Run, "baseline" | "metrics">): string {
  if (baseline === undefined) return "the class most frequent in training";
  if (typeof baseline === "object") return "the set of labels most frequent in training";
  // No metric of regression is a fraction.
  return unit === "fraction" ? `choice ${baseline + 1}, most often right in training` : "the mean in training";
}

/** What a reader should know of a protocol's table, whatever shows it. */
export function protocolRemarks(protocol: Protocol): Remark[] {
  const [{ majority, metric, runs: [run] }] = protocol.settings;
  const chance: Remark[] = majority === null
    ? []
    : [[`Majority: ${formatScore(majority, metric.unit)}, always answering ${majorityInWords(run)}`]];
  return [
    ...chance,
    [`Protocol: ${inWords(protocol.spec)}`],
    ...protocol.settings.every(({ runs: [{ tuning }] }) => tuning === undefined)
      ? [["Not tuned: every option has its default, or what the study states"] as Remark]
      : [],
    ...comparisonRemarks(protocol),
    ...failureRemarks(protocol),
  ];
}

/**
 * What a reader should know of a table's times.
 * @param beside the runs that ran beside others
 */
export function timeRemarks({ settings }: Protocol, beside: ReadonlySet<Run>): Remark[] {
  const runs = settings.flatMap(({ runs }) => runs);
  const remarks: Remark[] = [];
  const extentOf = (some: Run[]) =>
    some.length === runs.length ? "The runs" : `${some.length} of ${counted(runs.length, "run")}`;
  const shared = runs.filter((run) => beside.has(run));
  if (shared.length > 0) {
    remarks.push([`${extentOf(shared)} ran side by side with others: their times are those of a shared machine`]);
  }
  const interrupted = runs.filter(({ time }) => time.parts);
  if (interrupted.length > 0) {
    remarks.push([
      `${
        extentOf(interrupted)
      } went on from a checkpoint: their times are sums over the parts, their memory is that of the last`,
    ]);
  }
  const unsteady = settings.filter(({ runs }) => isTimeUnsteady(runs)).map(({ label }) => label);
  if (unsteady.length > 0) remarks.push([`Times of the seeds differ by more than 15 %: ${unsteady.join(", ")}`]);
  return remarks;
}

/** How the settings of a table were compared, or why they were not. */
export function comparisonRemarks({ settings, comparison }: Protocol): Remark[] {
  if (settings.length < 2) return [];
  if (comparison === null) {
    return [[
      "Nothing was compared, and nothing is marked as better or worse: no seed with the same test examples is common to all",
      ...settings.map(({ label, runs }) => `${label}: ${seedList(runs.map(({ spec }) => spec.seed))}`),
    ]];
  }
  const { seeds, ranking } = comparison;
  const aside = settings.filter(({ id }) => !ranking.includes(id)).map(({ label }) => label);
  const remarks: Remark[] = [];
  if (seeds.length === 1) {
    remarks.push([
      "One seed: the intervals are those of the test sample alone; what other seeds would give is not in them, and so nothing is marked as best",
    ]);
  } else if (settings.some(({ runs }) => runs.length !== seeds.length)) {
    remarks.push([`Compared on the ${counted(seeds.length, "seed")} that all have: ${seedList(seeds)}`]);
  }
  if (aside.length > 0) remarks.push([`Not compared, having one seed: ${aside.join(", ")}`]);
  return [...remarks, ...leaderRemarks(settings, seeds), ...seedsRemarks(settings)];
}

function seedList(seeds: readonly number[]): string {
  return `${seeds.length === 1 ? "seed" : "seeds"} ${seeds.join(", ")}`;
}

/** Whether the best mean is another without one of the seeds. */
function leaderRemarks(settings: readonly Setting[], seeds: readonly number[]): Remark[] {
  if (seeds.length < 3) return [];
  const compared = settings.filter(({ runs }) => runs.length > 1);
  const sign = settings[0].metric.direction === "higher" ? 1 : -1;
  const leaderWithout = (left: number | null) => {
    const means = compared.map(({ runs, scores }) =>
      sign * mean(scores.filter((_, index) => seeds.includes(runs[index].spec.seed) && runs[index].spec.seed !== left))
    );
    return compared[means.indexOf(Math.max(...means))].label;
  };
  const leader = leaderWithout(null);
  const others = seeds.map((seed) => [seed, leaderWithout(seed)] as const).filter(([, label]) => label !== leader);
  if (others.length === 0) return [];
  const list = others.map(([seed, label]) => `without seed ${seed} it is ${label}`).join("; ");
  return [[`One seed decides which mean is the best: ${list}`]];
}

/** How many seeds it would take to tell a difference of one point from the best. */
function seedsRemarks(settings: readonly Setting[]): Remark[] {
  const differences = settings.map(({ difference }) => difference).filter((difference) => difference !== null);
  if (differences.length === 0 || differences.every(({ p }) => p === null)) return [];
  const needed = differences.map(({ estimate }) => seedsFor(0.01, estimate));
  const enough = needed.filter((count) => count !== null);
  const missing = needed.length - enough.length;
  const unit = settings[0].metric.unit === "fraction" ? "one point" : "0.01";
  const range = enough.length === 0
    ? ""
    : Math.min(...enough) === Math.max(...enough)
    ? `${enough[0]} seeds`
    : `${Math.min(...enough)} to ${Math.max(...enough)} seeds (median ${Math.round(median(enough))})`;
  const none = missing === 0
    ? ""
    : `${
      range === "" ? "" : "; for "
    }${missing} of ${needed.length} comparisons no number of seeds, as the test examples are too few`;
  return [[`To know a difference to the best within ${unit}: ${range}${none}`]];
}

/** Seeds of runs that ended no better than they could without learning, as their flags say. */
export function failedSeeds({ runs }: Setting): number[] {
  return runs.filter(({ checks }) => checks.flags.some(({ name, raised }) => raised && FAILURES.includes(name)))
    .map(({ spec }) => spec.seed);
}

/** Flags of runs that did not learn. */
const FAILURES = ["score at majority", "loss did not fall"];

/** Settings in which some runs learned and others did not: their mean is that of two kinds of runs. */
export function failureRemarks({ settings }: Protocol): Remark[] {
  const mixed = settings.filter((setting) => {
    const failed = failedSeeds(setting).length;
    const isTrained = setting.runs[0].spec.training.epochs > 0;
    return isTrained && failed > 0 && failed < setting.runs.length;
  });
  if (mixed.length === 0) return [];
  return [[
    "Some runs failed to learn; the mean is then of two kinds of runs, and its interval may not hold",
    ...mixed.map((setting) => {
      const failed = failedSeeds(setting);
      const scores = setting.runs.map(({ spec: { seed } }, index) =>
        `${seed}: ${formatScore(setting.scores[index], setting.metric.unit)}${failed.includes(seed) ? " (failed)" : ""}`
      );
      return `${setting.label}, by seed ${scores.join(", ")}`;
    }),
  ]];
}

/** Both results of a run that two folders hold. */
export function conflictInWords({ run, path, other, otherPath }: Conflict): string {
  const [{ name, unit }] = run.metrics;
  const [score, otherScore] = [run, other].map(({ scores }) => formatScore(scores.test[name], unit));
  return `Run ${run.id}: ${name} ${score} in ${path}, ${otherScore} in ${otherPath}`;
}

/** Cells that are not in the tables, as they have failed. */
export function failedInWords({ folder, cells }: FailedCells): string {
  const have = cells === 1 ? "cell has" : "cells have";
  return `${cells} ${have} failed and ${
    cells === 1 ? "is" : "are"
  } not in the tables: deno task bench status ${folder} says why, ` +
    "and the command that trained the others tries them again, with --retry-failed them alone.";
}

/** Mean score of the epochs that were kept, on the validation examples that chose them. */
export function validationScore({ runs, metric: { name } }: Pick<Setting, "runs" | "metric">): number {
  return mean(runs.map(({ scores }) => scores.validation[name]));
}

/** "−2.4 ± 1.9", the difference to the best. */
export function differenceInWords({ difference, metric }: Setting): string | null {
  return difference && formatDifference(difference.estimate, metric.unit);
}
