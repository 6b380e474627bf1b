/**
 * Metrics of classification.
 * @module
 */
import type { Metric } from "./types.ts";

/** How often a class is the true label, the predicted one, and both. */
interface Counts {
  label: number;
  truth: number;
  predicted: number;
  hits: number;
}

/** Counts of every class that occurs among the true or the predicted labels. */
function countClasses(truth: readonly number[], predicted: readonly number[]): Map<number, Counts> {
  if (truth.length === 0 || truth.length !== predicted.length) {
    throw new Error(
      `Cannot score predictions: there must be one for each of at least one label, ` +
        `current value is ${predicted.length} for ${truth.length}`,
    );
  }
  const classes = new Map<number, Counts>();
  const countsOf = (label: number) => {
    let counts = classes.get(label);
    if (!counts) classes.set(label, counts = { label, truth: 0, predicted: 0, hits: 0 });
    return counts;
  };
  // A plain loop: reports score hundreds of thousands of test sets.
  for (let index = 0; index < truth.length; index++) {
    const counts = countsOf(truth[index]);
    counts.truth++;
    countsOf(predicted[index]).predicted++;
    if (truth[index] === predicted[index]) counts.hits++;
  }
  return classes;
}

function sum(classes: readonly Counts[], value: (counts: Counts) => number): number {
  return classes.reduce((total, counts) => total + value(counts), 0);
}

/** A score of so many examples, from the counts of the classes that occur. */
type Score = (classes: readonly Counts[], size: number) => number;

const accuracy: Score = (classes, size) => sum(classes, (counts) => counts.hits) / size;

const f1Of = ({ hits, truth, predicted }: Counts) => 2 * hits / (truth + predicted);

const macroF1: Score = (classes) => sum(classes, f1Of) / classes.length;

const f1: Score = (classes) => sum(classes.filter(({ label }) => label === 1), f1Of);

const macroF1OfOthers: Score = (classes) => {
  const others = classes.filter(({ label }) => label !== 0);
  return others.length === 0 ? 0 : macroF1(others, 0);
};

const macroRecall: Score = (classes) => {
  const known = classes.filter(({ truth }) => truth > 0);
  return sum(known, ({ hits, truth }) => hits / truth) / known.length;
};

const matthews: Score = (classes, size) => {
  const covariance = size * sum(classes, (counts) => counts.hits) -
    sum(classes, (counts) => counts.truth * counts.predicted);
  const truthVariance = size ** 2 - sum(classes, (counts) => counts.truth ** 2);
  const predictedVariance = size ** 2 - sum(classes, (counts) => counts.predicted ** 2);
  const scale = Math.sqrt(truthVariance) * Math.sqrt(predictedVariance);
  return scale === 0 ? 0 : covariance / scale;
};

/** Classes have numbers below this. */
const MOST_CLASSES = 2 ** 20;

/** Both computations of a metric, by its score. Examples with the same truth and the same prediction leave the same score behind. */
function computedBy(score: Score): Pick<Metric, "compute" | "leaveOneOut"> {
  return {
    compute: (truth, predicted) => score([...countClasses(truth, predicted).values()], truth.length),
    leaveOneOut(truth, predicted, groups) {
      const classes = countClasses(truth, predicted);
      const without = (examples: readonly number[]) => {
        const change = (by: number) => {
          for (const index of examples) {
            const [label, answer] = [truth[index], predicted[index]];
            classes.get(label)!.truth += by;
            classes.get(answer)!.predicted += by;
            if (label === answer) classes.get(label)!.hits += by;
          }
        };
        change(-1);
        const left = [...classes.values()].filter((counts) => counts.truth + counts.predicted > 0);
        const value = score(left, truth.length - examples.length);
        change(1);
        return value;
      };
      if (groups) return membersOf(groups).map(without);
      const scores = new Map<number, number>();
      return truth.map((label, index) => {
        const kind = MOST_CLASSES * label + predicted[index];
        let value = scores.get(kind);
        if (value === undefined) scores.set(kind, value = without([index]));
        return value;
      });
    },
  };
}

/** The indices of the examples of each group, in the order of their first ones. */
function membersOf(groups: readonly string[]): number[][] {
  return [...Map.groupBy(groups.keys(), (index) => groups[index]).values()];
}

/** Whether all examples of each group are right. */
function areRight(truth: readonly number[], predicted: readonly number[], groups?: readonly string[]): boolean[] {
  if (!groups) throw new Error("Cannot score exact_match: each example must be in a group, none is");
  return membersOf(groups).map((members) => members.every((index) => truth[index] === predicted[index]));
}

const exactMatch: Pick<Metric, "compute" | "leaveOneOut"> = {
  compute(truth, predicted, groups) {
    const right = areRight(truth, predicted, groups);
    return right.filter(Boolean).length / right.length;
  },
  leaveOneOut(truth, predicted, groups) {
    const right = areRight(truth, predicted, groups);
    const hits = right.filter(Boolean).length;
    return right.map((isRight) => (hits - Number(isRight)) / (right.length - 1));
  },
};

/** Every metric by its name. */
export const metrics: Record<string, Metric> = {
  accuracy: {
    name: "accuracy",
    description: "share of correct predictions",
    unit: "fraction",
    direction: "higher",
    ...computedBy(accuracy),
  },
  macro_f1: {
    name: "macro_f1",
    description: "mean F1 of the classes that occur in truth or prediction; F1 = 2·hits ÷ (truth + predicted)",
    unit: "fraction",
    direction: "higher",
    ...computedBy(macroF1),
  },
  matthews: {
    name: "matthews",
    description: "Matthews correlation of any number of classes, R_K (Gorodkin, 2004); 0 where it is undefined",
    unit: "correlation",
    direction: "higher",
    ...computedBy(matthews),
  },
  f1: {
    name: "f1",
    description: "F1 of the second class; 0 where it does not occur",
    unit: "fraction",
    direction: "higher",
    ...computedBy(f1),
  },
  macro_f1_of_others: {
    name: "macro_f1_of_others",
    description: "mean F1 of the classes but the first, which stands for none of them",
    unit: "fraction",
    direction: "higher",
    ...computedBy(macroF1OfOthers),
  },
  macro_recall: {
    name: "macro_recall",
    description: "mean recall of the classes that occur in truth, hits ÷ truth",
    unit: "fraction",
    direction: "higher",
    ...computedBy(macroRecall),
  },
  exact_match: {
    name: "exact_match",
    description: "share of groups of examples, such as the answers to a question, of which all are right",
    unit: "fraction",
    direction: "higher",
    ofGroups: true,
    ...exactMatch,
  },
};

/** The metrics of a task of a user's that names none. */
export const defaultMetrics: readonly string[] = ["accuracy", "macro_f1", "matthews"];
