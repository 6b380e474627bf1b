/**
 * The record of a trial: a run whose test examples were never read.
 * @module
 */
import { z } from "zod";
import { describeFault } from "../../../base/schema.ts";
import { knownScores, type Measured, type NoScores, type RunRecord, type Scores } from "../record.ts";
import { measured, recordShape, scoresOrNone } from "../schemas/record-schema.ts";
import { requireBestEpoch } from "../check-record.ts";
import type { RunSpec } from "../spec.ts";
import { bestTrial, type TrialOutcome, type TunedRecord } from "./tuned-record.ts";

/** The record of a trial. */
export interface TrialRecord
  extends Omit<RunRecord, "spec" | "tuning" | "task" | "scores" | "predictions" | "baseline" | "threshold"> {
  /** Everything that determined the result. */
  spec: RunSpec & { trial: true };
  /** The task, as it was then. */
  task: Omit<RunRecord["task"], "splits"> & { splits: Omit<RunRecord["task"]["splits"], "test"> };
  /** Scores of the kept epoch; none if training diverged. */
  scores: { validation: Scores | NoScores };
  /** Mean loss of the validation examples in the kept epoch. */
  loss: Measured;
}

const { tuning: _tuning, task, predictions: _predictions, baseline: _baseline, threshold: _threshold, ...shared } =
  recordShape;
const { splits, ...ofTask } = (task as z.ZodObject).shape;
const { test: _test, ...ofSplits } = (splits as z.ZodObject).shape;

const trialSchema = z.strictObject({
  ...shared,
  task: z.strictObject({ ...ofTask, splits: z.strictObject(ofSplits) }),
  scores: z.strictObject({ validation: scoresOrNone }),
  loss: measured,
}) as unknown as z.ZodType<TrialRecord>;

/** Whether a spec is that of a trial. */
export function isTrialSpec(spec: RunSpec): spec is TrialRecord["spec"] {
  return spec.trial === true;
}

/** Whether a value says that it is the record of a trial. */
export function isTrial(value: unknown): boolean {
  return (value as { spec?: { trial?: unknown } } | null)?.spec?.trial !== undefined;
}

/** A value that holds the record of a trial. @throws {Error} what is wrong, if it holds none */
export function parseTrial(value: unknown): TrialRecord {
  const result = trialSchema.safeParse(value);
  if (!result.success) throw new Error(describeFault(result.error, value));
  const { spec, scores, curve, bestEpoch, metrics } = result.data;
  const validation = knownScores(scores.validation);
  if (validation === null) return result.data;
  requireBestEpoch(spec, curve, bestEpoch, validation);
  if (!metrics.every(({ name }) => Object.hasOwn(validation, name))) {
    throw new Error("every metric must have a validation score");
  }
  return result.data;
}

/** What a trial reached. */
export function outcomeOf({ id, scores, metrics: [{ name }], loss }: TrialRecord): TrialOutcome {
  return { id, score: knownScores(scores.validation)?.[name] ?? null, loss: loss.value };
}

/** Chooses among the trials of a run, which are given in their order. @throws {Error} if all diverged */
export function chooseTrial(trials: readonly TrialRecord[]): TunedRecord {
  const outcomes = trials.map(outcomeOf);
  const trial = bestTrial(outcomes, trials[0].metrics[0].direction);
  if (trial === undefined) {
    throw new Error(`Cannot choose a trial: one of the ${trials.length} must end with a score, all diverged`);
  }
  const { method, training } = trials[trial].spec;
  return { trial, method, training, trials: outcomes };
}
