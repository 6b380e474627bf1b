/**
 * Predictions and scores.
 * @module
 */
import type { Executable } from "../../engine/types.ts";
import type { Metric } from "../../tasks/types.ts";
import { microBatches } from "./batches.ts";
import type { EncodedExamples } from "./examples.ts";
import type { Scores } from "../study/record.ts";

/**
 * The class of greatest logit for each example, the first of equals.
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
  for (const indices of microBatches([...examples.lengths.keys()], examples.positions, microBatchRows)) {
    const { logits } = await executable.run({ parameters, inputs: examples.collate(indices) });
    if (logits.some(Number.isNaN)) throw new Error("Cannot evaluate: a logit is not a number");
    const classes = logits.length / indices.length;
    indices.forEach((index, row) => {
      const own = logits.subarray(row * classes, (row + 1) * classes);
      predicted[index] = own.indexOf(Math.max(...own));
    });
  }
  return predicted;
}

/** Every metric of these predictions. */
export function score<T, P>(metrics: readonly Metric<T, P>[], truth: readonly T[], predicted: readonly P[]): Scores {
  return Object.fromEntries(metrics.map((metric) => [metric.name, metric.compute(truth, predicted)]));
}
