/**
 * A run as reports hold it: its record, with the predictions in a form that takes little memory.
 * @module
 */
import { optionsOf } from "../../runs/study/labels.ts";
import type { RunRecord, RunSummary } from "../../runs/study/record.ts";
import { metrics } from "../../tasks/metrics.ts";
import { textMetrics } from "../../tasks/text-metrics.ts";
import { jackknifeSample, type Sample, TestSet } from "../statistics/sample.ts";

/** Right and predicted answers by example, in the order of the test set: classes, or texts. */
export type Answers =
  | { kind: "classes"; truth: Int16Array; predicted: Int16Array }
  | { kind: "texts"; truth: (readonly string[])[]; predicted: string[] };

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
    const classes = predictions.filter((prediction) => "label" in prediction);
    const texts = predictions.filter((prediction) => "references" in prediction);
    const answers: Answers = texts.length > 0
      ? {
        kind: "texts",
        truth: texts.map(({ references }) => references),
        predicted: texts.map(({ predicted }) => predicted),
      }
      : {
        kind: "classes",
        truth: new Int16Array(classes.map(({ label }) => label)),
        predicted: new Int16Array(classes.map(({ predicted }) => predicted)),
      };
    return { ...record, test, answers };
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
  if (answers.kind === "texts") {
    return Object.hasOwn(textMetrics, metric)
      ? textMetrics[metric].leaveOneOut(answers.truth, answers.predicted)
      : null;
  }
  return Object.hasOwn(metrics, metric)
    ? metrics[metric].leaveOneOut(numbersOf(answers.truth), numbersOf(answers.predicted))
    : null;
}

/** The numbers as a list, by a plain loop: `Array.from` takes ten times as long, for each of thousands of runs. */
function numbersOf(values: Int16Array): number[] {
  const numbers: number[] = [];
  for (let at = 0; at < values.length; at++) numbers.push(values[at]);
  return numbers;
}
