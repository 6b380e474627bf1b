/**
 * What the record of a tuned run says of its trials, and the choice among them.
 * @module
 */
import type { PartSpec, RunSpec, TrainingSpec } from "../spec.ts";

/** What a trial reached on the validation examples. */
export interface TrialOutcome {
  /** Id of its run. */
  id: string;
  /** Its score by the first metric; null if it diverged. */
  score: number | null;
  /** Its mean loss in the kept epoch; null where it has none. */
  loss: number | null;
}

/** How a run was tuned. */
export interface TunedRecord {
  /** Number of the chosen trial, from 0. */
  trial: number;
  /** The method with the options of that trial: what was trained and tested. */
  method: PartSpec[];
  /** The training options of that trial. */
  training: TrainingSpec;
  /** All trials, in their order. */
  trials: TrialOutcome[];
}

/**
 * The trial with the best validation score; of equal scores, that with the least loss; of equal ones, the first.
 * @returns its number; undefined if all diverged
 */
export function bestTrial(trials: readonly TrialOutcome[], direction: "higher" | "lower"): number | undefined {
  const sign = direction === "higher" ? 1 : -1;
  let best: number | undefined;
  trials.forEach(({ score, loss }, trial) => {
    if (score === null) return;
    const than = best === undefined ? undefined : trials[best];
    const gain = than ? sign * (score - than.score!) : 1;
    if (gain > 0 || gain === 0 && (loss ?? Infinity) < (than!.loss ?? Infinity)) best = trial;
  });
  return best;
}

/** Warns of a run that was trained as its trial and did not come out so on the validation examples: on another machine, perhaps. */
export function flagOtherThanTrial(
  { trial, trials }: TunedRecord,
  metric: string,
  score: number,
): { name: string; raised: boolean; detail: string } {
  const expected = trials[trial].score!;
  return {
    name: "other than its trial",
    raised: score !== expected,
    detail: `validation ${metric} ${score.toFixed(4)}, of trial ${trial} ${expected.toFixed(4)}`,
  };
}

/** What is trained of a tuned run: the spec of its chosen trial, as if it were no trial. */
export function chosenSpec({ tuning: _, ...spec }: RunSpec, { method, training }: TunedRecord): RunSpec {
  return { ...spec, method, training };
}
