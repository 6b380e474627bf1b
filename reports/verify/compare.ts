/**
 * Compares the record of a run with that of the same run made again.
 * @module
 */
import { counted } from "../../base/errors.ts";
import { canonical, type Environment, knownScores, type RunRecord } from "../../runs/study/record.ts";
import type { TrialRecord } from "../../runs/study/tuning/trial-record.ts";
import { valueInWords } from "../../runs/study/labels.ts";
import { formatScore } from "../format.ts";
import { sampleVariance } from "../statistics/basics.ts";
import { studentQuantile } from "../statistics/distributions.ts";

/** The record of a run, which may be a trial. */
export type AnyRecord = RunRecord | TrialRecord;

/**
 * How near a repeated run came:
 *
 * - `identical`: the same losses, scores and predictions, to the last bit
 * - `within rounding`: losses of all steps within 1e-3 of themselves, as where sums are added in another order
 * - `within noise`: test scores (of trials: validation scores) no further apart than two seeds of the setting are in 95 % of the cases
 * - `different`: none of these
 */
export type Verdict = "identical" | "within rounding" | "within noise" | "different";

/** What comparing told. */
export interface Comparison {
  /** How near they are. */
  verdict: Verdict;
  /** The numbers that differ, in words; none if nothing does. */
  details: string[];
}

/** Share of itself that a loss may differ by for want of a fixed order of additions. */
const ROUNDING = 1e-3;

/**
 * Compares a run with itself made again.
 * @param siblings all recorded runs of its setting, itself among them: their spread is the noise of seeds
 */
export function compareRuns(recorded: AnyRecord, repeated: AnyRecord, siblings: readonly AnyRecord[]): Comparison {
  const result = (record: AnyRecord) => {
    const { scores, bestEpoch, curve, parameters } = record;
    const { tuning, predictions, baseline, threshold, loss } = record as Partial<RunRecord & TrialRecord>;
    return canonical({ scores, bestEpoch, curve, predictions, baseline, threshold, parameters, tuning, loss });
  };
  if (result(recorded) === result(repeated)) return { verdict: "identical", details: [] };
  const losses = recorded.curve.stepLoss;
  const again = repeated.curve.stepLoss;
  // Without a step nothing says how near they are but the predictions.
  const apart = losses.length === again.length && losses.length > 0
    ? losses.reduce((most, loss, step) => Math.max(most, Math.abs(again[step] / loss - 1)), 0)
    : Infinity;
  const [{ name, unit }] = recorded.metrics;
  const noise = noiseOf(siblings.map(scoreOf).filter((score) => score !== null));
  const scores = [recorded, repeated].map(scoreOf);
  const shown = scores.map((score) => score === null ? "none, as it diverged" : formatScore(score, unit));
  const [before, after] = [recorded, repeated].map((record) => "predictions" in record ? record.predictions : []);
  const others = before.filter((one, at) => canonical(one) !== canonical(after[at] ?? null));
  const details = [
    `${"predictions" in recorded ? "test" : "validation"} ${name} ${shown.join(", again ")}`,
    ..."predictions" in recorded ? [`${others.length} of ${counted(before.length, "prediction")} differ`] : [],
    ...chosenTrials(recorded, repeated),
    ...losses.length !== again.length
      ? [`${losses.length} steps, again ${again.length}`]
      : losses.length > 0
      ? [`losses differ by up to ${apart.toExponential(1)} of themselves`]
      : [],
  ];
  if (apart <= ROUNDING) return { verdict: "within rounding", details };
  const [first, second] = scores;
  if (first === null || second === null) return { verdict: "different", details };
  if (noise === null) return { verdict: "different", details: [...details, "the noise of one seed is not known"] };
  details.push(`two seeds differ by up to ${formatScore(noise, unit)}`);
  return { verdict: Math.abs(first - second) <= noise ? "within noise" : "different", details };
}

/** The score of a run by its first metric: of a trial on the validation examples, null if it diverged. */
function scoreOf(record: AnyRecord): number | null {
  const [{ name }] = record.metrics;
  return "predictions" in record ? record.scores.test[name] : knownScores(record.scores.validation)?.[name] ?? null;
}

/** That another trial was chosen, where it was. */
function chosenTrials(...records: [AnyRecord, AnyRecord]): string[] {
  const [before, after] = records.map((record) => "tuning" in record ? record.tuning?.trial : undefined);
  return before === after ? [] : [`trial ${before}, again ${after}`];
}

/** How far the scores of two seeds are apart in 95 % of the cases, by the spread of these; null where it is not known. */
function noiseOf(scores: readonly number[]): number | null {
  const variance = sampleVariance(scores);
  return variance === null ? null : studentQuantile(0.975, scores.length - 1) * Math.sqrt(2 * variance);
}

/** In what two environments differ, in words: "deno 2.9.6, here 2.9.7". */
export function environmentDifferences(recorded: Environment, here: Environment): string[] {
  const facts = ({ started: _started, versions, ...rest }: Environment) =>
    new Map<string, unknown>([...Object.entries(rest), ...Object.entries(versions)]);
  const [before, now] = [facts(recorded), facts(here)];
  return [...new Set([...before.keys(), ...now.keys()])]
    .filter((key) => canonical(before.get(key) ?? null) !== canonical(now.get(key) ?? null))
    .map((key) => `${key} ${valueInWords(before.get(key) ?? null)}, here ${valueInWords(now.get(key) ?? null)}`);
}
