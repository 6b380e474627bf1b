/**
 * What a run costs: parameters, bytes, seconds. One table for every report.
 * @module
 */
import type { RunRecord } from "../runs/study/record.ts";
import { mean } from "./statistics.ts";

/** A column of costs. */
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

/** A run's costs in the order of the CSV columns; null where it was not measured. */
export const costs: Record<Cost, (run: RunRecord) => number | null> = {
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

/** Mean of a cost over the runs in which it was measured (bytes are rounded), or null if it was in none. */
export function meanCost(runs: readonly RunRecord[], cost: Cost): number | null {
  const values = runs.map(costs[cost]).filter((value) => value !== null);
  if (values.length === 0) return null;
  return cost.endsWith("_bytes") ? Math.round(mean(values)) : mean(values);
}
