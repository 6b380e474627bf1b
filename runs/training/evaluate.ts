/**
 * A classifier's outputs, and scores of predictions.
 * @module
 */
import { lookUp } from "../../base/errors.ts";
import type { Executable } from "../../engine/types.ts";
import type { Metric } from "../../tasks/types.ts";
import { type EncodedExamples, forEachOutputRow } from "./examples.ts";
import type { Scores } from "../study/record.ts";

/** Training that has led to numbers that are none: for want of a smaller step size, most likely. */
export class Diverged extends Error {}

/**
 * The outputs of a classifier for each example.
 * @param executable a program that gives `logits` [batch, outputs]
 * @param microBatchRows most rows of a micro-batch
 * @throws {Diverged} if one is not a number
 */
export async function outputsOf(
  executable: Executable,
  parameters: Record<string, Float32Array>,
  examples: EncodedExamples,
  microBatchRows: number,
): Promise<Float32Array[]> {
  const outputs: Float32Array[] = [];
  await forEachOutputRow(executable, parameters, examples, "logits", microBatchRows, (index, logits) => {
    if (logits.some(Number.isNaN)) throw new Diverged("Cannot evaluate: a logit is not a number");
    outputs[index] = logits.slice();
  });
  return outputs;
}

/** The metrics that a task names, in its order: the first decides. */
export function lookUpMetrics<M>(table: Readonly<Record<string, M>>, names: readonly string[]): M[] {
  return names.map((name) => lookUp("metric", table, name));
}

/** Whether a score is better than another. */
export function isBetter({ direction }: Pick<Metric, "direction">, score: number, than: number): boolean {
  return direction === "higher" ? score > than : score < than;
}

/** The score of the predictions by each metric. @param groups names the group of each, where a metric scores groups */
export function score<T, P>(
  metrics: readonly Metric<T, P>[],
  truth: readonly T[],
  predicted: readonly P[],
  groups?: readonly string[],
): Scores {
  return Object.fromEntries(metrics.map((metric) => [metric.name, metric.compute(truth, predicted, groups)]));
}
