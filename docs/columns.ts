/**
 * What the columns of the CSV files mean.
 * @module
 */
import type { Cost } from "../reports/costs/costs.ts";

/** Columns of costs, in both files. */
const costs: Record<Cost, string> = {
  trainable_params: "trained values, classifier included",
  trainable_percent: "100 × trainable_params ÷ parameters of the backbone",
  method_params: "trained values of the method alone",
  head_params: "trained values of the classifier",
  frozen_params: "values that the method adds, draws from a seed and does not train",
  stored_bytes: "bytes that have to be kept to use what was trained, classifier included",
  peak_memory_bytes: "greatest resident memory of the process that ran the cell",
  training_memory_bytes: "the peak, less what was resident before the training step was compiled",
  planned_memory_bytes:
    "memory of a training step, computed from the traced program before it runs: the sum of the next six",
  planned_weights_bytes: "of it, the backbone's weights",
  planned_parameters_bytes: "of it, trained parameters",
  planned_gradients_bytes: "of it, gradients",
  planned_optimiser_bytes: "of it, the optimiser's state",
  planned_activations_bytes: "of it, the most that activations hold at once",
  planned_runtime_bytes: "of it, the traced program",
  flops_tokens: "tokens of a text, for the FLOPs in the next columns: the most that the run may read (`maxLength`)",
  inference_flops:
    "floating-point operations of the matrix products that answer such a text, what can be folded into the weights folded; a language model reads it and scores the next token; empty in records of earlier versions",
  backbone_flops: "the same without the method",
  train_step_flops:
    "of a training step: a batch of such texts, forward and backward; of `linear-probe` on computed features",
  train_seconds: "seconds in training steps; compilation and evaluation are not counted",
  step_seconds: "`train_seconds` ÷ steps",
  seconds_to_best: "seconds in training steps up to the epoch that was kept",
  examples_per_second: "training examples a second of `train_seconds`",
};

/** Columns of results.csv, in their order; METRIC stands for every metric but the first of a task. */
export const resultColumns: Record<string, string> = {
  model: "name of the model",
  task: "name of the task",
  method: "name of the method, joined methods with `+`",
  options: "options of the method and of its training, in words",
  setting: "what the runs of all seeds have in common: the hash of their spec without the seed",
  table: "title of the table: the task and the model, and what tells it from other tables of the same",
  metric: "name of the task's first metric, which the next columns are about",
  n: "number of runs (seeds)",
  mean: "mean of the test score over the runs",
  sd: "standard deviation of the test score; empty for one run",
  ci_low:
    "lower end of the 95 % interval of the mean, for new seeds and new examples; for one run, that of the test sample alone",
  ci_high: "upper end of that interval",
  scores: "test score of each run: `seed:score`, separated by spaces",
  failed_seeds: "seeds of runs that failed to learn, as their flags say",
  best: "1: not shown to be below the best mean of its table; 0: shown to be below it, or not compared",
  difference:
    "mean less that of the best, on the seeds that all have; empty for the best, and where nothing is compared",
  difference_ci_low: "lower end of the 95 % interval of `difference`, paired by seed and example",
  difference_ci_high: "upper end of that interval",
  difference_p: "probability of so large a difference between any two of the table's settings if all are equal",
  validation_mean: "mean score on the validation examples, which chose the epoch: no estimate for new examples",
  majority:
    "mean test score of always answering the class or set of labels most frequent in training, or the mean; empty for texts",
  METRIC_mean: "mean of the test score by another metric of the task",
  METRIC_ci_low: "lower end of its 95 % interval",
  METRIC_ci_high: "upper end of that interval",
  ...costs,
  stored_10_tasks_bytes:
    "bytes for ten tasks: the backbone once and ten times `stored_bytes`; trained in full, ten models",
  pscp:
    "score of PEFT-Bench that weighs trained parameters, FLOPs beyond the backbone's and planned memory; see [costs](#costs)",
  run_ids: "ids of the runs, by seed, separated by spaces",
};

/** Columns of runs.csv, in their order; METRIC stands for every metric of the runs. */
export const runColumns: Record<string, string> = {
  id: "id of the run",
  model: resultColumns.model,
  task: resultColumns.task,
  method: resultColumns.method,
  options: resultColumns.options,
  setting: resultColumns.setting,
  seed: "seed of the run",
  validation_METRIC: "score on the validation set of the epoch that was kept",
  test_METRIC: "score on the test set of that epoch",
  ...costs,
  side_by_side: "1: it ran while another run did, and its times are those of a shared machine; 0: it did not",
};

/** Columns of differences.csv, in their order. */
export const differenceColumns: Record<string, string> = {
  model: resultColumns.model,
  task: resultColumns.task,
  table: resultColumns.table,
  first: "the setting with the better mean: its method, with the options in which it differs from others of its name",
  second: "the other setting",
  first_setting: "hash of the first setting, as in results.csv",
  second_setting: "hash of the second",
  metric: "name of the task's first metric",
  seeds: "the seeds that are compared, separated by spaces",
  difference: "mean of the first less that of the second, over these seeds",
  ci_low: "lower end of its 95 % interval for new seeds and new examples, paired by seed and example",
  ci_high: "upper end of that interval",
  p: "probability of so large a difference between any two of the table's settings if all are equal; empty for one seed",
  seeds_for_one_point: "seeds with which the interval would be ± 0.01; empty where no number is enough",
};

/** Columns of prompts.csv, in their order. */
export const promptColumns: Record<string, string> = {
  model: resultColumns.model,
  task: resultColumns.task,
  method: "the method, with the options in which it differs from others of its name, the template aside",
  table: resultColumns.table,
  metric: resultColumns.metric,
  templates: "number of templates",
  mean: "mean over the templates, of each its mean over the seeds",
  sd: "standard deviation over the templates",
  least: "the least of these scores",
  least_template: "the template that has it",
  greatest: "the greatest of these scores",
  greatest_template: "the template that has it",
  settings: "hashes of the settings, as in results.csv, the least score first, separated by spaces",
};

/** Columns of trials.csv, in their order. */
export const trialColumns: Record<string, string> = {
  model: resultColumns.model,
  task: resultColumns.task,
  method: resultColumns.method,
  setting: resultColumns.setting,
  seed: "seed of the run",
  run: "id of the run that was tuned, or was not",
  trials: "number of its trials; 0 where it was not tuned, in a row of its own",
  metric: resultColumns.metric,
  trial: "number of the trial, from 0: the defaults, or what the study states",
  trial_run: "id of the trial's run",
  chosen: "1 if it was chosen, else 0",
  validation: "its score by `metric` on the validation examples; empty if training diverged",
  loss: "its mean loss on them in the kept epoch; empty where it has none",
  values: "values of the tuned options; where nothing was tuned, all options",
  at_edge: "those of them at the edge of their space, separated by spaces",
  space: "the space",
};
