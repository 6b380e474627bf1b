/**
 * Several labels at once: an answer is any number of labels.
 * @module
 */
import { multiLabelMetrics } from "../../../tasks/metrics/multi-label.ts";
import type { MultiLabelExample, MultiLabelTask } from "../../../tasks/types.ts";
import { objectiveOf } from "../../programs/objective.ts";
import { lookUpMetrics } from "../evaluate.ts";
import type { HeadKind } from "./types.ts";

/** Hundredths from 0.01 to 0.99, those next to a half first: of equally good ones, the first is chosen. */
const THRESHOLDS: readonly number[] = Array.from({ length: 99 }, (_, at) => (at + 1) / 100)
  .sort((a, b) => Math.abs(a - 0.5) - Math.abs(b - 0.5));

/** The kind of a task of several labels at once. */
export function labelSets(
  { labels, metrics }: Pick<MultiLabelTask, "labels" | "metrics">,
): HeadKind<MultiLabelExample, readonly number[]> {
  const every = [...labels.keys()];
  return {
    objective: objectiveOf("multi-label", labels.length),
    metrics: lookUpMetrics(multiLabelMetrics(labels.length), metrics),
    thresholds: THRESHOLDS,
    rightOf: (example) => example.labels,
    collate: (answers) => ({
      data: Float32Array.from(answers.flatMap((set) => every.map((label) => Number(set.includes(label))))),
      shape: [answers.length, labels.length],
    }),
    read: (logits, threshold) => every.filter((label) => sigmoid(logits[label]) >= threshold),
    lossOf: (logits, set) =>
      every.reduce((sum, label) => sum + softplus(logits[label]) - (set.includes(label) ? logits[label] : 0), 0) /
      labels.length,
    constantOf: mostFrequentSet,
    constantName: "most frequent labels",
    namesConstant: true,
    predictionOf: (example, predicted) => ({ id: example.id, labels: [...example.labels], predicted: [...predicted] }),
  };
}

/** The most frequent set of labels; of equally frequent ones, the first. */
function mostFrequentSet(sets: readonly (readonly number[])[]): readonly number[] {
  const groups = [...Map.groupBy(sets, String).values()];
  return groups.reduce((most, group) => group.length > most.length ? group : most)[0];
}

/** The probability that a logit stands for. */
export function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}

/** log(1 + eˣ). */
function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}
