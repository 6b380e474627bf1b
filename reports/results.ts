/**
 * Runs grouped for comparison: runs that differ only in the seed are a setting, settings that differ only in the method
 * share a protocol.
 * @module
 */
import {
  canonical,
  identifyModel,
  knownScores,
  methodName,
  type RunRecord,
  settingId,
  type UnreadableRecord,
} from "../runs/study/record.ts";
import { bestOf } from "./best.ts";
import { type Interval, mean, meanInterval, standardDeviation } from "./statistics.ts";

/** The runs of one setting, scored on the test set by the task's first metric. */
export interface Setting {
  /** Hash of the spec without its seed. */
  id: string;
  /** Name of the backbone; of a folder that was trained under several names, all: "a = b". */
  model: string;
  /** Name of the task. */
  task: string;
  /** Name of the method: "lora+prompt-tuning". */
  method: string;
  /** The method, with the options in which it differs from others of its name in the protocol: "lora (rank 4)". */
  label: string;
  /** All options of the method and of its training: "rank 4". */
  options: string[];
  /** The task's first metric. */
  metric: RunRecord["metrics"][number];
  /** The runs, ordered by seed. */
  runs: RunRecord[];
  /** Mean score of the runs. */
  mean: number;
  /** Standard deviation of the scores; null if there is one seed. */
  deviation: number | null;
  /** 95 % t interval of the mean; null if there is one seed. */
  interval: Interval | null;
  /** Mean test score of always predicting the class most frequent in training; null where there are no classes. */
  majority: number | null;
  /** Whether it has the best mean of its protocol, or does not differ significantly from the one that has. */
  best: boolean;
}

/** Settings that may be compared: same model, task, data and training, other methods. */
export interface Protocol {
  /** What the settings have in common: the spec without the method, the seed and what is tuned for each method. */
  spec: Record<string, unknown>;
  /** The settings, the best mean first; at least one. */
  settings: Setting[];
}

/** What reports show. */
export interface Results {
  /** All runs, ordered by id. */
  runs: RunRecord[];
  /** The protocols, ordered by task and model. */
  protocols: Protocol[];
  /** Records that could not be read, ordered by path. */
  unreadable: UnreadableRecord[];
}

/** Groups runs by setting and settings by protocol; the order of the runs does not matter. */
export function groupResults(runs: readonly RunRecord[], unreadable: readonly UnreadableRecord[]): Results {
  const sorted = runs.toSorted(byKeys((run) => run.id));
  const protocols = [...Map.groupBy(sorted, (run) => canonical(protocolSpec(run)))]
    .sort(byKeys(([, [run]]) => run.spec.task.name, ([, [run]]) => run.spec.model.name, ([key]) => key))
    .map(([, runs]) => ({ spec: protocolSpec(runs[0]), settings: settingsOf(runs) }));
  return { runs: sorted, protocols, unreadable: unreadable.toSorted(byKeys(({ path }) => path)) };
}

/** A comparison by the first key that differs; texts are compared by code unit, so that the locale does not matter. */
export function byKeys<T>(...keys: ((item: T) => string | number)[]): (a: T, b: T) => number {
  return (a, b) => {
    const key = keys.find((key) => key(a) !== key(b));
    return key === undefined ? 0 : key(a) < key(b) ? -1 : 1;
  };
}

/** The spec without the method, the seed, and the epochs and the head's learning rate, which are tuned for each method. */
function protocolSpec({ spec }: RunRecord): Record<string, unknown> {
  const { method: _method, seed: _seed, training, ...rest } = spec;
  const { epochs: _epochs, headLearningRate: _headLearningRate, ...common } = training;
  return { ...rest, model: identifyModel(rest.model), training: common };
}

/** All options of a run's method and of its training, in words. */
function optionsOf({ spec }: RunRecord): string[] {
  const parts = spec.method.flatMap(({ name, options }) =>
    Object.entries(options).map(([key, value]) =>
      `${spec.method.length > 1 ? `${name}.` : ""}${key} ${canonical(value)}`
    )
  );
  const { epochs, headLearningRate } = spec.training;
  const headOptions = headLearningRate === undefined ? [] : [`headLearningRate ${headLearningRate}`];
  return [...new Set([...parts, `epochs ${epochs}`, ...headOptions])].sort();
}

function majorityOf(runs: readonly RunRecord[], metric: string): number | null {
  const known = runs.map((run) => knownScores(run.scores.majority)).filter((scores) => scores !== null);
  return known.length === 0 ? null : mean(known.map((scores) => scores[metric]));
}

function settingsOf(runs: readonly RunRecord[]): Setting[] {
  const model = [...new Set(runs.map(({ spec }) => spec.model.name))].sort().join(" = ");
  const groups = [...Map.groupBy(runs, ({ spec }) => settingId(spec))].map(([id, runs]) => {
    const sorted = runs.toSorted(byKeys((run) => run.spec.seed));
    const [{ spec, metrics: [metric] }] = sorted;
    return {
      id,
      runs: sorted,
      metric,
      model,
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
    const distinguishing = group.options.filter((option) =>
      !namesakes.every(({ options }) => options.includes(option))
    );
    return {
      ...group,
      label: distinguishing.length > 0 ? `${group.method} (${distinguishing.join(", ")})` : group.method,
      mean: mean(values),
      deviation: standardDeviation(values),
      interval: meanInterval(values),
      majority: majorityOf(group.runs, group.metric.name),
      best: best.has(group.id),
    };
  }).sort(byKeys(({ mean }) => direction === "higher" ? -mean : mean, ({ method }) => method, ({ id }) => id));
}
