/**
 * What the columns of the CSV files mean.
 * @module
 */
import type { Cost } from "../reports/costs.ts";

/** Columns of costs, in both files. */
const costs: Record<Cost, string> = {
  trainable_params: "trained values, classifier included",
  trainable_percent: "100 × trainable_params ÷ parameters of the backbone",
  method_params: "trained values of the method alone",
  head_params: "trained values of the classifier",
  stored_bytes: "bytes that have to be kept to use what was trained, classifier included",
  peak_memory_bytes: "greatest resident memory of the process that ran the cell",
  training_memory_bytes: "the peak, less what was resident before the training step was compiled",
  planned_memory_bytes: "memory of a training step, computed from the traced program before it runs",
  train_seconds: "seconds in training steps; compilation and evaluation are not counted",
  examples_per_second: "training examples a second of `train_seconds`",
};

/** Columns of results.csv, in their order. */
export const resultColumns: Record<string, string> = {
  model: "name of the model",
  task: "name of the task",
  method: "name of the method, joined methods with `+`",
  setting: "what the runs of all seeds have in common: the hash of their spec without the seed",
  metric: "name of the task's first metric, which the next columns are about",
  n: "number of runs (seeds)",
  mean: "mean of the test score over the runs",
  sd: "standard deviation of the test score; empty for one run",
  ci_low: "lower end of the 95 % t interval of the mean; empty for one run",
  ci_high: "upper end of that interval",
  majority: "mean test score of always answering the class most frequent in training; empty where there are no classes",
  ...costs,
  run_ids: "ids of the runs, by seed, separated by spaces",
};

/** Columns of runs.csv, in their order; METRIC stands for every metric of the runs. */
export const runColumns: Record<string, string> = {
  id: "id of the run",
  model: resultColumns.model,
  task: resultColumns.task,
  method: resultColumns.method,
  setting: resultColumns.setting,
  seed: "seed of the run",
  validation_METRIC: "score on the validation set of the epoch that was kept",
  test_METRIC: "score on the test set of that epoch",
  ...costs,
};
