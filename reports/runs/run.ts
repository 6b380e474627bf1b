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
}

/** Makes runs of records. */
export class RunReader {
  /** Test sets by their checksum. */
  readonly #sets = new Map<string, TestSet>();

  /** The run of a record. */
  read({ predictions, ...record }: RunRecord): Run {
    const { sha256 } = record.task.splits.test;
    const test = this.#sets.get(sha256) ?? new TestSet(predictions.map(({ id }) => id));
    this.#sets.set(sha256, test);
    return { ...record, test, answers: answersOf(predictions, record.task.labels.length) };
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
export function sampleOf({ spec: { seed }, scores, test, answers }: Run, metric: string): Sample | null {
  const leftOut = leaveOneOut(answers, metric);
  return leftOut && jackknifeSample(seed, test, scores.test[metric], (example) => leftOut[example]);
}

/** Samples of the runs; those of which it is not known what their examples say are left out. */
export function samplesOf(runs: readonly Run[], metric: string): Sample[] {
  return runs.map((run) => sampleOf(run, metric)).filter((sample) => sample !== null);
}

function leaveOneOut(answers: Answers, metric: string): number[] | null {
  if (answers.truth.length < 2) return null;
  const known = metricsOf(answers);
  return Object.hasOwn(known, metric) ? known[metric].leaveOneOut() : null;
}
