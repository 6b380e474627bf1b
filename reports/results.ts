/**
 * Runs grouped for comparison: runs that differ only in the seed are a setting, settings that differ only in the method
 * share a protocol.
 * @module
 */
import {
  canonical,
  identifyModel,
  identifyTask,
  knownScores,
  methodName,
  type RunRecord,
  settingId,
} from "../runs/study/record.ts";
import type { UnreadableRecord } from "../runs/study/read-records.ts";
import { labelOf } from "../runs/study/labels.ts";
import { byKeys } from "./by-keys.ts";
import type { Conflict, FailedCells } from "./runs/collect.ts";
import type { ControlRecord } from "../runs/study/controls/control-record.ts";
import type { ExternalResults } from "./external/peft.ts";
import { type Overview, overviewsOf } from "./overview.ts";
import type { Texts } from "./runs/texts.ts";
import { optionsOfRun, type Run, RunReader, samplesOf } from "./runs/run.ts";
import { type Interval, mean, standardDeviation } from "./statistics/basics.ts";
import { compareSettings, type Comparison, type Difference } from "./statistics/comparison.ts";
import { type Estimate, estimateMean, intervalOf } from "./statistics/estimate.ts";
import type { Sample } from "./statistics/sample.ts";

/** A metric of a task. */
export type RunMetric = RunRecord["metrics"][number];

/** Test scores of a setting by one metric. */
export interface Aggregate {
  /** The metric. */
  metric: RunMetric;
  /** Score of each run, in their order. */
  scores: number[];
  /** Mean of the scores. */
  mean: number;
  /** Standard deviation of the scores; null if there is one seed. */
  deviation: number | null;
  /** Mean with its variance for new seeds and new examples; null if the metric is not known to this version. */
  estimate: Estimate | null;
  /** 95 % interval of the mean; null as `estimate`. */
  interval: Interval | null;
}

/** The runs of one setting. */
export interface Setting extends Aggregate {
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
  /** The runs, ordered by seed. */
  runs: Run[];
  /** The other metrics of the task. */
  secondary: Aggregate[];
  /** Mean test score of always predicting the class most frequent in training; null where there are no classes. */
  majority: number | null;
  /** Whether it is the best of its protocol, or is not shown to be below the best. */
  best: boolean;
  /** Its mean less the best one's, on the seeds that are compared; null for the best, and where it is not compared. */
  difference: Difference | null;
}

/** Settings that may be compared: same model, task, data and training, other methods. */
export interface Protocol {
  /** What the settings have in common: the spec without the method, the seed and what is tuned for each method. */
  spec: Record<string, unknown>;
  /** The settings, the best mean first; at least one. */
  settings: Setting[];
  /** How they compare by the first metric; null where nothing can be compared. */
  comparison: Comparison | null;
}

/** A source to cite, in words, and its works. */
export type Source = [source: string, ...works: string[]];

/** What reports show. */
export interface Results {
  /** Whether tables show the validation score beside the test score. Left out: no. */
  validation?: boolean;
  /** Texts of test examples, which the page shows where methods disagree. */
  texts?: Texts;
  /** Results of others, which are shown beside and compared with nothing. */
  external?: ExternalResults;
  /** Cells without a record, by folder. Left out: none. */
  failed?: readonly FailedCells[];
  /** Negative controls, ordered by run. */
  controls?: readonly ControlRecord[];
  /** All runs, ordered by id. */
  runs: Run[];
  /** The protocols, ordered by task and model. */
  protocols: Protocol[];
  /** Methods over several tasks, and over several models. */
  overviews: Overview[];
  /** Runs of which two folders hold different results, ordered by path. */
  conflicts: Conflict[];
  /** Sources to cite, in words, each followed by its works. */
  sources: Source[];
  /** Records that could not be read, ordered by path. */
  unreadable: UnreadableRecord[];
}

/** Groups runs by setting and settings by protocol; the order of the records does not matter. */
export function groupResults(records: readonly RunRecord[], unreadable: readonly UnreadableRecord[]): Results {
  const reader = new RunReader();
  return groupRuns(records.map((record) => reader.read(record)), unreadable);
}

/** As {@linkcode groupResults}, of runs whose records were let go. */
export function groupRuns(
  runs: readonly Run[],
  unreadable: readonly UnreadableRecord[],
  conflicts: readonly Conflict[] = [],
  sources: Source[] = [],
): Results {
  const sorted = runs.toSorted(byKeys((run) => run.id));
  const protocols = groupByProtocol(sorted)
    .sort(
      byKeys(([{ spec }]) => spec.task.name, ([{ spec }]) => spec.model.name, ([run]) => canonical(protocolSpec(run))),
    )
    .map(protocolOf);
  return {
    runs: sorted,
    protocols,
    overviews: overviewsOf(protocols),
    conflicts: conflicts.toSorted(byKeys(({ path }) => path, ({ otherPath }) => otherPath)),
    sources,
    unreadable: unreadable.toSorted(byKeys(({ path }) => path)),
  };
}

/** The spec without the method, its head, how it is tuned, the seed, and the epochs and the head's learning rate, which are tuned for each method. */
function protocolSpec({ spec }: Pick<Run, "spec">): Record<string, unknown> {
  const { method: _method, head: _head, seed: _seed, tuning: _tuning, training, ...rest } = spec;
  const { epochs: _epochs, headLearningRate: _headLearningRate, ...common } = training;
  return { ...rest, model: identifyModel(rest.model), task: identifyTask(rest.task), training: common };
}

/**
 * Runs by protocol. A spec leaves out a patience that could have ended none of its epochs: such runs join those with the least patience
 * that says the same of all of them.
 */
function groupByProtocol(runs: readonly Run[]): Run[][] {
  const groups = [...Map.groupBy(runs, (run) => canonical(protocolSpec(run))).values()];
  const patienceOf = ([{ spec }]: readonly Run[]) => spec.training.patience;
  const { without = [], others = [] } = Object.groupBy(
    groups,
    (group) => patienceOf(group) === undefined ? "without" : "others",
  );
  const keyOf = ([{ spec }]: readonly Run[]) => {
    const { patience: _, ...training } = spec.training;
    return canonical(protocolSpec({ spec: { ...spec, training } }));
  };
  const joined = new Map(others.map((group) => [group, [...group]]));
  const hosts = Map.groupBy(others, keyOf);
  const alone = without.filter((group) => {
    const epochs = group.reduce((most, { spec }) => Math.max(most, spec.training.epochs), 0);
    const [host] = (hosts.get(keyOf(group)) ?? []).filter((other) => patienceOf(other)! + 1 >= epochs)
      .sort(byKeys((other) => patienceOf(other)!));
    if (host) joined.get(host)!.push(...group);
    return host === undefined;
  });
  return [...joined.values(), ...alone];
}

function majorityOf(runs: readonly Run[], metric: string): number | null {
  const known = runs.map((run) => knownScores(run.scores.majority)).filter((scores) => scores !== null);
  return known.length === 0 ? null : mean(known.map((scores) => scores[metric]));
}

function aggregate(metric: RunMetric, runs: readonly Run[]): Aggregate & { samples: Sample[] } {
  const scores = runs.map((run) => run.scores.test[metric.name]);
  const samples = samplesOf(runs, metric.name);
  const estimate = samples.length < runs.length ? null : estimateMean(samples);
  return {
    metric,
    scores,
    mean: mean(scores),
    deviation: standardDeviation(scores),
    estimate,
    interval: estimate && intervalOf(estimate),
    samples,
  };
}

function protocolOf(runs: readonly Run[]): Protocol {
  const model = [...new Set(runs.map(({ spec }) => spec.model.name))].sort().join(" = ");
  const groups = [...Map.groupBy(runs, ({ spec }) => settingId(spec))].map(([id, runs]) => {
    const sorted = runs.toSorted(byKeys((run) => run.spec.seed));
    const [{ spec, metrics: [metric, ...others] }] = sorted;
    // A record of an earlier version may lack a metric that came later.
    const shared = others.filter(({ name }) => sorted.every(({ scores }) => Object.hasOwn(scores.test, name)));
    return {
      ...aggregate(metric, sorted),
      id,
      model,
      runs: sorted,
      task: spec.task.name,
      method: methodName(spec),
      options: optionsOfRun(sorted[0]),
      secondary: shared.map((metric) => {
        const { samples: _, ...other } = aggregate(metric, sorted);
        return other;
      }),
    };
  });
  const { direction } = groups[0].metric;
  const comparison = compareSettings(groups.filter(({ estimate }) => estimate !== null), direction);
  const settings = groups.map(({ samples: _, ...group }): Setting => ({
    ...group,
    label: labelOf(group, groups),
    majority: majorityOf(group.runs, group.metric.name),
    best: comparison?.best.has(group.id) ?? false,
    difference: differenceToBest(group.id, comparison),
  })).sort(byKeys(({ mean }) => direction === "higher" ? -mean : mean, ({ method }) => method, ({ id }) => id));
  return { spec: protocolSpec(runs[0]), settings, comparison };
}

function differenceToBest(id: string, comparison: Comparison | null): Difference | null {
  if (comparison === null || id === comparison.ranking[0] || !comparison.ranking.includes(id)) return null;
  return comparison.difference(id, comparison.ranking[0]);
}
