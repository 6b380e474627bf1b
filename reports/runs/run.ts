/**
 * A run as reports hold it: its record, with the predictions in a form that takes little memory.
 * @module
 */
import { optionsOf } from "../../runs/study/labels.ts";
import type { RunRecord, RunSummary } from "../../runs/study/record.ts";
import { type Answers, answersOf, metricsOf } from "../../runs/study/predictions/answers.ts";
import { jackknifeSample, type Sample, TestSet } from "../statistics/sample.ts";

/** A run. */
export interface Run extends RunSummary {
  /** The test examples; runs on the same examples share one. */
  test: TestSet;
  /** What was predicted. */
  answers: Answers;
  /** What is drawn anew where examples are: these, or where a metric scores groups of them the groups, as one depends on the other. */
  units: TestSet;
}

/** Makes runs of records. */
export class RunReader {
  /** Test sets, and their groups, by their checksum. */
  readonly #sets = { test: new Map<string, TestSet>(), units: new Map<string, TestSet>() };

  /** The run of a record. */
  read({ predictions, ...record }: RunRecord): Run {
    const { sha256 } = record.task.splits.test;
    const answers = answersOf(predictions, record.task.labels.length);
    const test = this.#setOf("test", sha256, () => predictions.map(({ id }) => id));
    const groups = answers.kind === "classes" ? answers.groups : undefined;
    const units = groups ? this.#setOf("units", sha256, () => [...new Set(groups)]) : test;
    return { ...record, test, answers, units };
  }

  #setOf(kind: "test" | "units", sha256: string, idsOf: () => string[]): TestSet {
    const sets = this.#sets[kind];
    const set = sets.get(sha256) ?? new TestSet(idsOf());
    sets.set(sha256, set);
    return set;
  }
}

/**
 * All options of a run's method and of its training, in words. Where a probe was tuned, its step size is the classifier's, which
 * the spec has as it was in the first trial: it is left out.
 */
export function optionsOfRun({ spec, parameters }: Run): string[] {
  const options = optionsOf(spec);
  const isTunedProbe = spec.tuning !== undefined && parameters.method === 0;
  return isTunedProbe ? options.filter((option) => !option.startsWith("headLearningRate ")) : options;
}

/** What a run's examples say of its score by a metric; null if this version does not know the metric. */
export function sampleOf({ spec: { seed }, scores, units, answers }: Run, metric: string): Sample | null {
  const leftOut = units.size < 2 ? null : leaveOneOut(answers, metric);
  return leftOut && jackknifeSample(seed, units, scores.test[metric], (unit) => leftOut[unit]);
}

/** Samples of the runs; those of which it is not known what their examples say are left out. */
export function samplesOf(runs: readonly Run[], metric: string): Sample[] {
  return runs.map((run) => sampleOf(run, metric)).filter((sample) => sample !== null);
}

function leaveOneOut(answers: Answers, metric: string): number[] | null {
  const known = metricsOf(answers);
  return Object.hasOwn(known, metric) ? known[metric].leaveOneOut() : null;
}
