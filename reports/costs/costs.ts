/**
 * The costs of runs, which all reports show: parameters, bytes, FLOPs, seconds.
 * @module
 */
import type { Run } from "../runs/run.ts";
import { median } from "../statistics/basics.ts";

/** Name of a cost, and of its column. */
export type Cost =
  | "trainable_params"
  | "trainable_percent"
  | "method_params"
  | "head_params"
  | "frozen_params"
  | "stored_bytes"
  | "peak_memory_bytes"
  | "training_memory_bytes"
  | "planned_memory_bytes"
  | "planned_weights_bytes"
  | "planned_parameters_bytes"
  | "planned_gradients_bytes"
  | "planned_optimiser_bytes"
  | "planned_activations_bytes"
  | "planned_runtime_bytes"
  | "flops_tokens"
  | "inference_flops"
  | "backbone_flops"
  | "train_step_flops"
  | "train_seconds"
  | "step_seconds"
  | "seconds_to_best"
  | "examples_per_second";

/** Reads a cost from a record, in the order of the CSV columns; null where it was not measured. */
export const costs: Record<Cost, (run: Run) => number | null> = {
  trainable_params: (run) => run.parameters.trainable,
  trainable_percent: (run) => 100 * run.parameters.trainable / run.model.parameters,
  method_params: (run) => run.parameters.method,
  head_params: (run) => run.parameters.head,
  frozen_params: (run) => run.parameters.frozen ?? 0,
  stored_bytes: (run) => run.parameters.storedBytes,
  peak_memory_bytes: (run) => run.memory.peak.value,
  training_memory_bytes: (run) => run.memory.training.value,
  planned_memory_bytes: (run) => run.memory.planned.total,
  planned_weights_bytes: (run) => run.memory.planned.weights,
  planned_parameters_bytes: (run) => run.memory.planned.parameters,
  planned_gradients_bytes: (run) => run.memory.planned.gradients,
  planned_optimiser_bytes: (run) => run.memory.planned.optimiser,
  planned_activations_bytes: (run) => run.memory.planned.activations,
  planned_runtime_bytes: (run) => run.memory.planned.runtime,
  flops_tokens: (run) => run.flops ? run.spec.training.maxLength : null,
  inference_flops: (run) => flopsOf(run, "inference"),
  backbone_flops: (run) => flopsOf(run, "backbone"),
  train_step_flops: (run) => flopsOf(run, "training"),
  train_seconds: (run) => run.time.trainSeconds,
  step_seconds: (run) => run.curve.stepLoss.length === 0 ? null : run.time.trainSeconds / run.curve.stepLoss.length,
  seconds_to_best: (run) =>
    run.bestEpoch === 0 ? null : run.time.trainSeconds * run.bestEpoch / run.curve.validation.length,
  examples_per_second: (run) => run.time.examplesPerSecond,
};

/** FLOPs for texts of the most tokens that the run may read; null where they were not recorded. */
function flopsOf(
  { flops, spec: { training: { maxLength: n } } }: Run,
  kind: keyof NonNullable<Run["flops"]>,
): number | null {
  if (!flops) return null;
  const [constant, linear, square] = flops[kind];
  return constant + n * (linear + n * square);
}

/**
 * Median of a cost over the runs in which it was measured, so that a cold first run or a disturbed one does not move it;
 * null if there are none. Bytes are rounded.
 */
export function middleCost(runs: readonly Run[], cost: Cost): number | null {
  const values = runs.map(costs[cost]).filter((value) => value !== null);
  if (values.length === 0) return null;
  return cost.endsWith("_bytes") ? Math.round(median(values)) : median(values);
}

/** The largest less the smallest time that is still taken for the same: a share of the median. */
const STEADY = 0.15;

/** Whether a setting's runs differ by more in their time than runs of one machine with nothing beside them do. */
export function isTimeUnsteady(runs: readonly Run[]): boolean {
  const seconds = runs.map(({ time }) => time.trainSeconds);
  return Math.max(...seconds) - Math.min(...seconds) > STEADY * median(seconds);
}

/** When a run ran, as far as its record tells: from the start of each of its parts, for as long as its phases took. In milliseconds. */
function spansOf({ environment, time }: Run): [from: number, to: number][] {
  const whole = {
    started: environment.started,
    seconds: time.trainSeconds + time.compileSeconds + time.evaluateSeconds,
  };
  return (time.parts ?? [whole]).map(({ started, seconds }) => {
    const from = Date.parse(started);
    return [from, from + 1000 * seconds];
  });
}

/** Runs that ran while another ran on a machine of the same description: their times are those of a shared machine. */
export function sideBySide(runs: readonly Run[]): Set<Run> {
  const shared = new Set<Run>();
  const machines = Map.groupBy(
    runs,
    ({ environment: { processor, cores, memoryBytes } }) => JSON.stringify([processor, cores, memoryBytes]),
  );
  for (const group of machines.values()) {
    const spans = group.flatMap((run) => spansOf(run).map((span) => ({ run, span })))
      .sort((a, b) => a.span[0] - b.span[0]);
    let latest = spans[0];
    for (const next of spans.slice(1)) {
      if (next.span[0] < latest.span[1] && next.run !== latest.run) shared.add(latest.run).add(next.run);
      if (next.span[1] > latest.span[1]) latest = next;
    }
  }
  return shared;
}
