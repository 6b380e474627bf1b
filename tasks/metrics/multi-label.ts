/**
 * Metrics of several labels at once. All are functions of sums over the examples.
 * @module
 */
import type { LabelSetMetric, MetricUnit } from "../types.ts";

/** Labels of an example that are right and predicted: indices in ascending order. */
type LabelSet = readonly number[];

/** F1 of hits among right and predicted labels; 0 where there is neither, as in scikit-learn. */
function f1(hits: number, truth: number, predicted: number): number {
  return truth + predicted === 0 ? 0 : 2 * hits / (truth + predicted);
}

/** What a metric is made of. */
interface OfSums {
  name: string;
  description: string;
  /** Adds what an example has to the sums, or with −1 takes it away. */
  add(sums: number[], truth: LabelSet, predicted: LabelSet, sign: 1 | -1): void;
  /** The score of `count` examples. */
  score(sums: readonly number[], count: number): number;
}

function metricOfSums({ add, score, ...description }: OfSums, size: number): LabelSetMetric {
  const sumsOf = (truth: readonly LabelSet[], predicted: readonly LabelSet[]) => {
    if (truth.length === 0 || truth.length !== predicted.length) {
      throw new Error(
        `Cannot score predictions: there must be one for each of at least one set of labels, ` +
          `current value is ${predicted.length} for ${truth.length}`,
      );
    }
    const sums = Array<number>(size).fill(0);
    truth.forEach((labels, at) => add(sums, labels, predicted[at], 1));
    return sums;
  };
  const unit: MetricUnit = "fraction";
  return {
    ...description,
    unit,
    direction: "higher",
    compute: (truth, predicted) => score(sumsOf(truth, predicted), truth.length),
    leaveOneOut(truth, predicted) {
      const sums = sumsOf(truth, predicted);
      return truth.map((labels, at) => {
        add(sums, labels, predicted[at], -1);
        const without = score(sums, truth.length - 1);
        add(sums, labels, predicted[at], 1);
        return without;
      });
    },
  };
}

/** Whether two sets have the same labels. */
function areEqual(a: LabelSet, b: LabelSet): boolean {
  return a.length === b.length && a.every((label, at) => label === b[at]);
}

/**
 * Every metric of several labels at once by its name.
 * @param labels number of the task's labels
 */
export function multiLabelMetrics(labels: number): Record<string, LabelSetMetric> {
  /** Hits, right and predicted labels: of all labels together, or three sums for each label. */
  const count = (place: (label: number) => number): OfSums["add"] => (sums, truth, predicted, sign) => {
    for (const label of truth) sums[place(label) + 1] += sign;
    for (const label of predicted) {
      sums[place(label) + 2] += sign;
      if (truth.includes(label)) sums[place(label)] += sign;
    }
  };
  const f1At = (sums: readonly number[], at: number) => f1(sums[at], sums[at + 1], sums[at + 2]);
  return {
    micro_f1: metricOfSums({
      name: "micro_f1",
      description: "F1 of the labels of all examples together, 2·hits ÷ (right + predicted); 0 where there are none",
      add: count(() => 0),
      score: (sums) => f1At(sums, 0),
    }, 3),
    macro_f1: metricOfSums({
      name: "macro_f1",
      description: "mean over all labels of a label's F1; 0 for one that is neither right nor predicted anywhere",
      add: count((label) => 3 * label),
      score: (sums) => sums.reduce((sum, _, at) => at % 3 === 0 ? sum + f1At(sums, at) : sum, 0) / labels,
    }, 3 * labels),
    exact_match: metricOfSums({
      name: "exact_match",
      description: "share of examples of which all labels are right and none is missing (subset accuracy)",
      add: (sums, truth, predicted, sign) => {
        if (areEqual(truth, predicted)) sums[0] += sign;
      },
      score: ([hits], count) => hits / count,
    }, 1),
  };
}
