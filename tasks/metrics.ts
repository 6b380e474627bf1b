/**
 * Metrics of classification.
 * @module
 */
import type { Metric } from "./types.ts";

/** How often a class is the true label, the predicted one, and both. */
interface Counts {
  truth: number;
  predicted: number;
  hits: number;
}

/** Counts of every class that occurs among the true or the predicted labels. */
function countClasses(truth: readonly number[], predicted: readonly number[]): Counts[] {
  if (truth.length === 0 || truth.length !== predicted.length) {
    throw new Error(
      `Cannot score predictions: there must be one for each of at least one label, ` +
        `current value is ${predicted.length} for ${truth.length}`,
    );
  }
  const classes = new Map<number, Counts>();
  const countsOf = (label: number) => {
    let counts = classes.get(label);
    if (!counts) classes.set(label, counts = { truth: 0, predicted: 0, hits: 0 });
    return counts;
  };
  // A plain loop: reports score hundreds of thousands of test sets.
  for (let index = 0; index < truth.length; index++) {
    const counts = countsOf(truth[index]);
    counts.truth++;
    if (truth[index] !== predicted[index]) countsOf(predicted[index]).predicted++;
    else {
      counts.predicted++;
      counts.hits++;
    }
  }
  return [...classes.values()];
}

function sum(classes: readonly Counts[], value: (counts: Counts) => number): number {
  return classes.reduce((total, counts) => total + value(counts), 0);
}

/** Classes have numbers below this. */
const MOST_CLASSES = 2 ** 20;

/** Leaves one of each kind of example out: those with the same truth and the same prediction leave the same score behind. */
function leaveOneOutOf(
  compute: Metric["compute"],
): Metric["leaveOneOut"] {
  return (truth, predicted) => {
    const scores = new Map<number, number>();
    return truth.map((label, index) => {
      const kind = MOST_CLASSES * label + predicted[index];
      let score = scores.get(kind);
      if (score === undefined) {
        score = compute(truth.toSpliced(index, 1), predicted.toSpliced(index, 1));
        scores.set(kind, score);
      }
      return score;
    });
  };
}

function accuracy(truth: readonly number[], predicted: readonly number[]): number {
  return sum(countClasses(truth, predicted), (counts) => counts.hits) / truth.length;
}

function macroF1(truth: readonly number[], predicted: readonly number[]): number {
  const classes = countClasses(truth, predicted);
  return sum(classes, (counts) => 2 * counts.hits / (counts.truth + counts.predicted)) / classes.length;
}

function matthews(truth: readonly number[], predicted: readonly number[]): number {
  const classes = countClasses(truth, predicted);
  const size = truth.length;
  const covariance = size * sum(classes, (counts) => counts.hits) -
    sum(classes, (counts) => counts.truth * counts.predicted);
  const truthVariance = size ** 2 - sum(classes, (counts) => counts.truth ** 2);
  const predictedVariance = size ** 2 - sum(classes, (counts) => counts.predicted ** 2);
  const scale = Math.sqrt(truthVariance) * Math.sqrt(predictedVariance);
  return scale === 0 ? 0 : covariance / scale;
}

/** Every metric by its name. */
export const metrics: Record<string, Metric> = {
  accuracy: {
    name: "accuracy",
    description: "share of correct predictions",
    unit: "fraction",
    direction: "higher",
    compute: accuracy,
    leaveOneOut: leaveOneOutOf(accuracy),
  },
  macro_f1: {
    name: "macro_f1",
    description: "mean F1 of the classes that occur in truth or prediction; F1 = 2·hits ÷ (truth + predicted)",
    unit: "fraction",
    direction: "higher",
    compute: macroF1,
    leaveOneOut: leaveOneOutOf(macroF1),
  },
  matthews: {
    name: "matthews",
    description: "Matthews correlation of any number of classes, R_K (Gorodkin, 2004); 0 where it is undefined",
    unit: "correlation",
    direction: "higher",
    compute: matthews,
    leaveOneOut: leaveOneOutOf(matthews),
  },
};
