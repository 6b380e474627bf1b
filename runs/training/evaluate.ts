/**
 * Predicted classes, and scores of predictions.
 * @module
 */
import { lookUp } from "../../base/errors.ts";
import type { Executable } from "../../engine/types.ts";
import type { Metric } from "../../tasks/types.ts";
import { type EncodedExamples, forEachOutputRow } from "./examples.ts";
import type { Scores } from "../study/record.ts";

/** Training that has led to numbers that are none: for want of a smaller step size, most likely. */
export class Diverged extends Error {}

/** What a classifier says of examples. */
export interface Classes {
  /** The class with the greatest logit for each example; of equal logits, the first. */
  predicted: number[];
  /** Mean cross-entropy of the labels, in nats. */
  loss: number;
}

/**
 * Classifies examples.
 * @param executable a program that gives `logits` [batch, classes]
 * @param labels the right class of each example
 * @param microBatchRows most rows of a micro-batch
 * @throws {Diverged} if a logit is not a number
 */
export async function predict(
  executable: Executable,
  parameters: Record<string, Float32Array>,
  examples: EncodedExamples,
  labels: readonly number[],
  microBatchRows: number,
): Promise<Classes> {
  const predicted: number[] = [];
  const losses: number[] = [];
  await forEachOutputRow(executable, parameters, examples, "logits", microBatchRows, (index, logits) => {
    if (logits.some(Number.isNaN)) throw new Diverged("Cannot evaluate: a logit is not a number");
    const greatest = Math.max(...logits);
    predicted[index] = logits.indexOf(greatest);
    const sum = logits.reduce((total, logit) => total + Math.exp(logit - greatest), 0);
    losses[index] = Math.log(sum) + greatest - logits[labels[index]];
  });
  return { predicted, loss: losses.reduce((total, loss) => total + loss, 0) / losses.length };
}

/** The metrics that a task names, in its order: the first decides. */
export function lookUpMetrics<M>(table: Readonly<Record<string, M>>, names: readonly string[]): M[] {
  return names.map((name) => lookUp("metric", table, name));
}

/** The score of the predictions by each metric. */
export function score<T, P>(metrics: readonly Metric<T, P>[], truth: readonly T[], predicted: readonly P[]): Scores {
  return Object.fromEntries(metrics.map((metric) => [metric.name, metric.compute(truth, predicted)]));
}
