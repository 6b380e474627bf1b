/**
 * Runs grouped for comparison: runs that differ in nothing but the seed are a setting, settings that differ in nothing
 * but the method share a protocol.
 * @module
 */
import { canonical, knownScores, methodName, type RunRecord, type UnreadableRecord } from "../runs/study/record.ts";
import { bestOf } from "./best.ts";
import { type Interval, mean, meanInterval, standardDeviation } from "./statistics.ts";

/** The runs of one setting, scored on the test set by the task's first metric. */
export interface Setting {
  /** Hash of the spec without its seed. */
  id: string;
  /** Name of the backbone. */
  model: string;
  /** Name of the task. */
  task: string;
  /** "lora+prompt-tuning". */
  method: string;
  /** The method, with the options that tell it from others of its name in the same protocol: "lora (rank 4)". */
  label: string;
  /** Everything that was chosen for the method: "rank 4". */
  options: string[];
  /** The task's first. */
  metric: RunRecord["metrics"][number];
  /** By seed. */
  runs: RunRecord[];
  /** Over the runs. */
  mean: number;
  /** Null of one seed. */
  deviation: number | null;
  /** 95 % t interval of the mean; null of one seed. */
  interval: Interval | null;
  /** Mean test score of always answering the class most frequent in training; null where there are no classes. */
  majority: number | null;
  /** Whether it has the best mean of its protocol, or cannot be told from the one that has. */
  best: boolean;
}

/** Settings that may be compared. */
export interface Protocol {
  /** What the settings have in common: the spec without method, seed and what is tuned for each method. */
  spec: Record<string, unknown>;
  /** The best mean first; one at least. */
  settings: Setting[];
}

/** What reports are made from. */
export interface Results {
  /** By id. */
  runs: RunRecord[];
  /** By task and model. */
  protocols: Protocol[];
  /** By path. */
  unreadable: UnreadableRecord[];
}

/** Groups runs by setting and settings by protocol; the order of the arguments does not matter. */
export function groupResults(runs: readonly RunRecord[], unreadable: readonly UnreadableRecord[]): Results {
  const sorted = runs.toSorted(byKeys((run) => run.id));
  const protocols = [...Map.groupBy(sorted, (run) => canonical(protocolSpec(run)))]
    .sort(byKeys(([, [run]]) => run.spec.task.name, ([, [run]]) => run.spec.model.name, ([key]) => key))
    .map(([, runs]) => ({ spec: protocolSpec(runs[0]), settings: settingsOf(runs) }));
  return { runs: sorted, protocols, unreadable: unreadable.toSorted(byKeys(({ path }) => path)) };
}

/** Orders by the first key that differs, texts by code unit, so that no locale decides. */
export function byKeys<T>(...keys: ((item: T) => string | number)[]): (a: T, b: T) => number {
  return (a, b) => {
    const key = keys.find((key) => key(a) !== key(b));
    return key === undefined ? 0 : key(a) < key(b) ? -1 : 1;
  };
}

/** Epochs and the classifier's step size are tuned for each method, as its own options are. */
function protocolSpec({ spec }: RunRecord): Record<string, unknown> {
  const { method: _method, seed: _seed, training, ...rest } = spec;
  const { epochs: _epochs, headLearningRate: _headLearningRate, ...common } = training;
  return { ...rest, training: common };
}

function optionsOf({ spec }: RunRecord): string[] {
  const parts = spec.method.flatMap(({ name, options }) =>
    Object.entries(options).map(([key, value]) =>
      `${spec.method.length > 1 ? `${name}.` : ""}${key} ${canonical(value)}`
    )
  );
  const { epochs, headLearningRate } = spec.training;
  const ofHead = headLearningRate === undefined ? [] : [`headLearningRate ${headLearningRate}`];
  return [...new Set([...parts, `epochs ${epochs}`, ...ofHead])].sort();
}

function majorityOf(runs: readonly RunRecord[], metric: string): number | null {
  const known = runs.map((run) => knownScores(run.scores.majority)).filter((scores) => scores !== null);
  return known.length === 0 ? null : mean(known.map((scores) => scores[metric]));
}

function settingsOf(runs: readonly RunRecord[]): Setting[] {
  const groups = [...Map.groupBy(runs, (run) => run.setting)].map(([id, runs]) => {
    const sorted = runs.toSorted(byKeys((run) => run.spec.seed));
    const [{ spec, metrics: [metric] }] = sorted;
    return {
      id,
      runs: sorted,
      metric,
      model: spec.model.name,
      task: spec.task.name,
      method: methodName(spec),
      options: optionsOf(sorted[0]),
      scores: new Map(sorted.map((run) => [run.spec.seed, run.scores.test[metric.name]])),
    };
  });
  const { direction } = groups[0].metric;
  const best = bestOf(groups, direction);
  return groups.map(({ scores, ...group }) => {
    const values = [...scores.values()];
    const namesakes = groups.filter(({ method }) => method === group.method);
    const own = group.options.filter((option) => !namesakes.every(({ options }) => options.includes(option)));
    return {
      ...group,
      label: own.length > 0 ? `${group.method} (${own.join(", ")})` : group.method,
      mean: mean(values),
      deviation: standardDeviation(values),
      interval: meanInterval(values),
      majority: majorityOf(group.runs, group.metric.name),
      best: best.has(group.id),
    };
  }).sort(byKeys(({ mean }) => direction === "higher" ? -mean : mean, ({ method }) => method, ({ id }) => id));
}
