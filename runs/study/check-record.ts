/**
 * Whether a record agrees with itself: what follows from its spec and its predictions is computed again, so that an edited
 * figure is noticed.
 * @module
 */
import { createHash } from "node:crypto";
import { shorten } from "../../base/errors.ts";
import { metrics } from "../../tasks/metrics.ts";
import { perplexity } from "../../tasks/metrics/generation.ts";
import { alwaysAnswering, type Answers, type AnswersMetric, answersOf, metricsOf } from "./predictions/answers.ts";
import type { Prediction, RunRecord, Scores } from "./record.ts";
import { canonical, formerIds, type PartSpec, runId, type RunSpec, settingId } from "./spec.ts";
import type { TrialRecord } from "./tuning/trial-record.ts";
import { bestTrial } from "./tuning/tuned-record.ts";

/** Greatest difference between two computations of a score, from 1 on relative: logarithms may be rounded otherwise on another machine. */
const TOLERANCE = 1e-9;

/** Most pairs of characters, of a text and a reference, that are compared: reading a record takes seconds at most. */
const MOST_PAIRS = 4e9;

/** SHA-256 over the ids and labels, numbers or places of right choices (empty where there is none of them) of examples, in order. */
export function hashExamples(
  examples: Iterable<
    { id: string; label?: number; target?: number; labels?: readonly number[]; right?: readonly number[] }
  >,
): string {
  // One text: a call for each example takes longer than the hash.
  let text = "";
  for (const { id, label, target, labels, right } of examples) {
    text += `${id}\t${label ?? target ?? labels ?? right ?? ""}\n`;
  }
  return createHash("sha256").update(text).digest("hex");
}

/**
 * Makes sure that a record agrees with itself.
 * @throws {Error} the rule that does not hold, if something in it contradicts its spec or its predictions
 */
export function checkRecord(record: RunRecord): void {
  checkIds(record);
  checkSplits(record);
  checkScores(record);
  checkTuning(record);
}

/**
 * Makes sure that the record of a trial agrees with itself.
 * @throws {Error} the rule that does not hold
 */
export function checkTrial(record: TrialRecord): void {
  checkIds(record);
  checkSizes(record.spec, record.task.splits);
}

function checkIds({ id, setting, spec }: Pick<RunRecord, "id" | "setting" | "spec">): void {
  const former = formerIds(spec);
  if (id === former.id && setting === former.setting) return;
  requireEqual("id must be the hash of its spec", runId(spec), id);
  requireEqual("setting must be the hash of its spec without the seed", settingId(spec), setting);
}

/** The trials of a tuned run are as many as its spec says, and the chosen one is the best of them. */
function checkTuning({ spec, tuning, metrics: [{ direction }] }: RunRecord): void {
  requireEqual("tuning must be in its spec and beside it", String(!!spec.tuning), String(!!tuning));
  if (!spec.tuning || !tuning) return;
  requireEqual("trials must be as many as its spec says", spec.tuning.trials, tuning.trials.length);
  requireEqual("chosen trial must be the best of them", bestTrial(tuning.trials, direction) ?? -1, tuning.trial);
  const names = ({ method }: { method: readonly PartSpec[] }) => method.map(({ name }) => name).join("+");
  requireEqual("chosen trial must have its method", names(spec), names(tuning));
}

/** Whether numbers are equal but for rounding. */
function isEqual(a: number, b: number): boolean {
  return Math.abs(a - b) <= TOLERANCE * Math.max(1, Math.abs(a));
}

function requireEqual(rule: string, expected: string | number, current: string | number): void {
  const equal = typeof expected === "number" ? isEqual(expected, Number(current)) : expected === current;
  if (!equal) throw new Error(`its ${rule}, ${expected}, current value is ${shorten(String(current))}`);
}

function checkSizes({ data }: RunSpec, splits: TrialRecord["task"]["splits"]): void {
  for (const name of ["train", "validation"] as const) {
    requireEqual(`split ${name} must have the size that its spec asks for`, data[name], splits[name].size);
  }
}

function checkSplits({ spec, task: { labels, splits }, predictions, baseline }: RunRecord): void {
  const { data } = spec;
  checkSizes(spec, splits);
  if (splits.test.size > data.test) {
    throw new Error(`its split test must have at most ${data.test} examples, current value is ${splits.test.size}`);
  }
  requireEqual("predictions must be one for each test example", splits.test.size, predictions.length);
  requireEqual("split test must have the SHA-256 of its predictions", hashExamples(predictions), splits.test.sha256);
  const isLabel = (index: number) => index >= 0 && index < labels.length;
  const other = predictions.find((prediction) => !labelsOf(prediction).every(isLabel));
  if (other) {
    throw new Error(`its predictions must be of its ${labels.length} classes, that of ${shorten(other.id)} is not`);
  }
  const elsewhere = predictions.find((prediction) =>
    "choices" in prediction && [...prediction.right, prediction.predicted].some((at) => at >= prediction.choices.length)
  );
  if (elsewhere) {
    throw new Error(`its predictions must be of the choices of each example, that of ${shorten(elsewhere.id)} is not`);
  }
  if (typeof baseline === "object" && !baseline.every(isLabel)) {
    throw new Error(`its baseline must be of its ${labels.length} labels, current value is ${baseline}`);
  }
}

/** The indices of labels that a prediction has. */
function labelsOf(prediction: Prediction): readonly number[] {
  if ("label" in prediction) return [prediction.label, prediction.predicted];
  return "labels" in prediction ? [...prediction.labels, ...prediction.predicted] : [];
}

function checkScores(record: RunRecord): void {
  const { metrics: stated, scores, task: { labels }, predictions, curve, bestEpoch } = record;
  const answers = answersOf(predictions, labels.length);
  const known = metricsOf(answers);
  if (answers.kind === "texts" && !answers.ofReferences && stated.some(({ name }) => name === perplexity.name)) {
    throw new Error(
      "its predictions must have the loss of their references and the number of tokens, as its metrics have perplexity",
    );
  }
  const ofGroups = answers.kind === "classes" && !answers.groups
    ? stated.find(({ name }) => Object.hasOwn(metrics, name) && metrics[name].ofGroups)
    : undefined;
  if (ofGroups) throw new Error(`its predictions must have groups, as its metrics have ${ofGroups.name}`);
  for (const { name, unit, direction } of stated) {
    if (!Object.hasOwn(known, name) || known[name].unit === unit && known[name].direction === direction) continue;
    throw new Error(
      `its metric ${shorten(name)} must be ${known[name].unit === "error" ? "an" : "a"} ${known[name].unit}, ${
        known[name].direction
      } is better, it says otherwise`,
    );
  }
  if (!isLong(answers)) {
    for (const [name, score] of Object.entries(scores.test)) {
      if (!Object.hasOwn(known, name)) continue;
      requireEqual(`test score ${name} must be that of its predictions`, known[name].compute(), score);
    }
  }
  requireBestEpoch(record.spec, curve, bestEpoch, scores.validation);
  checkMajority(record, answers);
}

/** Where something is trained, the validation scores are those of the best epoch. @throws {Error} if they are others */
export function requireBestEpoch(
  { training }: RunSpec,
  { validation }: RunRecord["curve"],
  bestEpoch: number,
  scores: Scores,
): void {
  const isTrained = training.epochs > 0;
  if (!isTrained && validation.length === 0 && bestEpoch === 0) return;
  if (isTrained && canonical(validation[bestEpoch - 1] ?? null) === canonical(scores)) return;
  throw new Error(`its validation scores must be those of its best epoch, ${bestEpoch}, they are others`);
}

/** Whether answers are texts too long to be scored while a record is read. */
function isLong(answers: Answers): boolean {
  if (answers.kind !== "texts") return false;
  const { truth, predicted } = answers;
  return predicted.reduce((sum, text, at) => sum + truth[at].join("").length * text.length, 0) > MOST_PAIRS;
}

/** The majority scores are those of always giving one answer: one of the classes, or the baseline that the record names. */
function checkMajority(
  { task: { labels }, scores: { majority }, baseline, threshold }: RunRecord,
  answers: Answers,
): void {
  const sets = answers.kind === "label sets";
  requireEqual(
    "baseline must be in it for numbers, sets of labels and choices",
    String(sets || answers.kind === "numbers" || answers.kind === "choices"),
    String(baseline !== undefined),
  );
  requireEqual("threshold must be in it for sets of labels", String(sets), String(threshold !== undefined));
  if (majority.value === null || answers.kind === "texts") return;
  const isSame = (known: Record<string, AnswersMetric>) =>
    Object.entries(majority as Scores).every(([name, score]) =>
      !Object.hasOwn(known, name) || isEqual(known[name].compute(), score)
    );
  const constants = baseline === undefined ? [...labels.keys()] : [baseline];
  if (constants.some((constant) => isSame(metricsOf(alwaysAnswering(answers, constant))))) return;
  throw new Error(
    `its majority scores must be those of ${baseline === undefined ? "one class" : "its baseline"}, they are others`,
  );
}
