/**
 * Predicted classes, and scores of predictions.
 * @module
 */
import { lookUp } from "../../base/errors.ts";
import type { Executable } from "../../engine/types.ts";
import type { Metric } from "../../tasks/types.ts";
import { type EncodedExamples, forEachOutputRow } from "./examples.ts";
import type { Scores } from "../study/record.ts";

/**
 * The class with the greatest logit for each example; of equal logits, the first.
 * @param executable a program that gives `logits` [batch, classes]
 * @param microBatchRows most rows of a micro-batch
 * @throws {Error} if a logit is not a number
 */
export async function predict(
  executable: Executable,
  parameters: Record<string, Float32Array>,
  examples: EncodedExamples,
  microBatchRows: number,
): Promise<number[]> {
  const predicted: number[] = [];
  await forEachOutputRow(executable, parameters, examples, "logits", microBatchRows, (index, logits) => {
    if (logits.some(Number.isNaN)) throw new Error("Cannot evaluate: a logit is not a number");
    predicted[index] = logits.indexOf(Math.max(...logits));
  });
  return predicted;
}

/** The metrics that a task names, in its order: the first decides. */
export function lookUpMetrics<M>(table: Readonly<Record<string, M>>, names: readonly string[]): M[] {
  return names.map((name) => lookUp("metric", table, name));
}

/** The score of the predictions by each metric. */
export function score<T, P>(metrics: readonly Metric<T, P>[], truth: readonly T[], predicted: readonly P[]): Scores {
  return Object.fromEntries(metrics.map((metric) => [metric.name, metric.compute(truth, predicted)]));
}
