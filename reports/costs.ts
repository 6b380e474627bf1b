/**
 * The costs of runs, which all reports show: parameters, bytes, seconds.
 * @module
 */
import type { Run } from "./run.ts";
import { mean } from "./statistics/basics.ts";

/** Name of a cost, and of its column. */
export type Cost =
  | "trainable_params"
  | "trainable_percent"
  | "method_params"
  | "head_params"
  | "stored_bytes"
  | "peak_memory_bytes"
  | "training_memory_bytes"
  | "planned_memory_bytes"
  | "train_seconds"
  | "examples_per_second";

/** Reads a cost from a record, in the order of the CSV columns; null where it was not measured. */
export const costs: Record<Cost, (run: Run) => number | null> = {
  trainable_params: (run) => run.parameters.trainable,
  trainable_percent: (run) => 100 * run.parameters.trainable / run.model.parameters,
  method_params: (run) => run.parameters.method,
  head_params: (run) => run.parameters.head,
  stored_bytes: (run) => run.parameters.storedBytes,
  peak_memory_bytes: (run) => run.memory.peak.value,
  training_memory_bytes: (run) => run.memory.training.value,
  planned_memory_bytes: (run) => run.memory.planned.total,
  train_seconds: (run) => run.time.trainSeconds,
  examples_per_second: (run) => run.time.examplesPerSecond,
};

/** Mean of a cost over the runs in which it was measured; null if there are none. Bytes are rounded. */
export function meanCost(runs: readonly Run[], cost: Cost): number | null {
  const values = runs.map(costs[cost]).filter((value) => value !== null);
  if (values.length === 0) return null;
  return cost.endsWith("_bytes") ? Math.round(mean(values)) : mean(values);
}
