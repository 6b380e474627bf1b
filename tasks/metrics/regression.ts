/**
 * Metrics of regression.
 * @module
 */
import type { Metric, NumberMetric } from "../types.ts";

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Pearson's correlation; 0 where one side is constant, as it is undefined there. */
function correlation(x: readonly number[], y: readonly number[]): number {
  // Of equal numbers the mean may be another one by rounding, and the quotient then any number.
  if ([x, y].some((side) => side.every((value) => value === side[0]))) return 0;
  const [meanX, meanY] = [mean(x), mean(y)];
  let [covariance, varianceX, varianceY] = [0, 0, 0];
  for (let at = 0; at < x.length; at++) {
    const [dx, dy] = [x[at] - meanX, y[at] - meanY];
    covariance += dx * dy;
    varianceX += dx * dx;
    varianceY += dy * dy;
  }
  return Math.max(-1, Math.min(1, covariance / (Math.sqrt(varianceX) * Math.sqrt(varianceY))));
}

/** Ranks from 1; equal values share the mean of theirs. */
function ranksOf(values: readonly number[]): number[] {
  const order = [...values.keys()].sort((a, b) => values[a] - values[b]);
  const ranks = Array<number>(values.length);
  for (let from = 0, to = 0; from < order.length; from = to) {
    while (to < order.length && values[order[to]] === values[order[from]]) to++;
    for (const index of order.slice(from, to)) ranks[index] = (from + 1 + to) / 2;
  }
  return ranks;
}

/** The ranks of the values but one, from those of all: greater values lose a whole rank, equal ones half of it. */
function ranksWithout(ranks: readonly number[], left: number): number[] {
  return ranks.map((rank) => rank - (rank > ranks[left] ? 1 : rank === ranks[left] ? 0.5 : 0)).toSpliced(left, 1);
}

function meanSquaredError(truth: readonly number[], predicted: readonly number[]): number {
  return mean(truth.map((value, at) => (value - predicted[at]) ** 2));
}

function requirePairs(truth: readonly number[], predicted: readonly number[]): void {
  if (truth.length > 0 && truth.length === predicted.length) return;
  throw new Error(
    `Cannot score predictions: there must be one for each of at least one number, ` +
      `current value is ${predicted.length} for ${truth.length}`,
  );
}

/** A metric whose scores without an example are computed from scratch, unless there is a shorter way. */
function metric(
  { compute, leaveOneOut, ...rest }: Omit<NumberMetric, "leaveOneOut"> & Partial<Pick<Metric, "leaveOneOut">>,
): NumberMetric {
  return {
    ...rest,
    compute(truth, predicted) {
      requirePairs(truth, predicted);
      return compute(truth, predicted);
    },
    leaveOneOut: leaveOneOut ??
      ((truth, predicted) => truth.map((_, at) => compute(truth.toSpliced(at, 1), predicted.toSpliced(at, 1)))),
  };
}

/** Every metric of regression by its name. */
export const regressionMetrics: Record<string, NumberMetric> = {
  pearson: metric({
    name: "pearson",
    description: "Pearson's correlation of right and predicted numbers; 0 where all of one side are equal",
    unit: "correlation",
    direction: "higher",
    compute: correlation,
  }),
  spearman: metric({
    name: "spearman",
    description: "Spearman's correlation: Pearson's of the ranks, of which equal numbers share the mean",
    unit: "correlation",
    direction: "higher",
    compute: (truth, predicted) => correlation(ranksOf(truth), ranksOf(predicted)),
    leaveOneOut(truth, predicted) {
      const [a, b] = [ranksOf(truth), ranksOf(predicted)];
      return truth.map((_, at) => correlation(ranksWithout(a, at), ranksWithout(b, at)));
    },
  }),
  mse: metric({
    name: "mse",
    description: "mean squared error",
    unit: "error",
    direction: "lower",
    compute: meanSquaredError,
  }),
};
