/**
 * Whether a record agrees with itself: what follows from its spec and its predictions is computed again, so that an edited
 * figure is noticed.
 * @module
 */
import { createHash } from "node:crypto";
import { shorten } from "../../base/errors.ts";
import { metrics } from "../../tasks/metrics.ts";
import { textMetrics } from "../../tasks/text-metrics.ts";
import type { Prediction, RunRecord, Scores } from "./record.ts";
import { canonical, formerIds, type PartSpec, runId, type RunSpec, settingId } from "./spec.ts";
import type { TrialRecord } from "./tuning/trial-record.ts";
import { bestTrial } from "./tuning/tuned-record.ts";

/** Greatest difference between two computations of a score: logarithms may be rounded otherwise on another machine. */
const TOLERANCE = 1e-9;

/** Most pairs of characters, of a text and a reference, that are compared: reading a record takes seconds at most. */
const MOST_PAIRS = 4e9;

/** SHA-256 over the ids and labels (empty where there is none) of examples, in order. */
export function hashExamples(examples: Iterable<{ id: string; label?: number }>): string {
  // One text: a call for each example takes longer than the hash.
  let text = "";
  for (const { id, label } of examples) text += `${id}\t${label ?? ""}\n`;
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

function requireEqual(rule: string, expected: string | number, current: string | number): void {
  const equal = typeof expected === "number" ? Math.abs(expected - Number(current)) <= TOLERANCE : expected === current;
  if (!equal) throw new Error(`its ${rule}, ${expected}, current value is ${shorten(String(current))}`);
}

function checkSizes({ data }: RunSpec, splits: TrialRecord["task"]["splits"]): void {
  for (const name of ["train", "validation"] as const) {
    requireEqual(`split ${name} must have the size that its spec asks for`, data[name], splits[name].size);
  }
}

function checkSplits({ spec, task: { labels, splits }, predictions }: RunRecord): void {
  const { data } = spec;
  checkSizes(spec, splits);
  if (splits.test.size > data.test) {
    throw new Error(`its split test must have at most ${data.test} examples, current value is ${splits.test.size}`);
  }
  requireEqual("predictions must be one for each test example", splits.test.size, predictions.length);
  requireEqual("split test must have the SHA-256 of its predictions", hashExamples(predictions), splits.test.sha256);
  const isClass = (index: number) => index >= 0 && index < labels.length;
  const other = predictions.find((prediction) =>
    isOfClass(prediction) && !(isClass(prediction.label) && isClass(prediction.predicted))
  );
  if (other) {
    throw new Error(`its predictions must be of its ${labels.length} classes, that of ${shorten(other.id)} is not`);
  }
}

function checkScores({ metrics: stated, scores, task: { labels }, predictions, curve, bestEpoch }: RunRecord): void {
  for (const { name, unit, direction } of stated) {
    const known = Object.hasOwn(metrics, name) ? metrics[name] : textMetrics[name];
    if (known && (known.unit !== unit || known.direction !== direction)) {
      throw new Error(
        `its metric ${shorten(name)} must be a ${known.unit}, ${known.direction} is better, it says otherwise`,
      );
    }
  }
  for (const [name, value] of Object.entries(scoresOf(predictions, scores.test))) {
    requireEqual(`test score ${name} must be that of its predictions`, value, scores.test[name]);
  }
  if (canonical(curve.validation[bestEpoch - 1] ?? null) !== canonical(scores.validation)) {
    throw new Error(`its validation scores must be those of its best epoch, ${bestEpoch}, they are others`);
  }
  if (scores.majority.value === null) return;
  const majority = scores.majority as Scores;
  const classes = predictions.filter(isOfClass);
  const isOf = (label: number) =>
    Object.entries(scoresOf(classes.map((prediction) => ({ ...prediction, predicted: label })), majority))
      .every(([name, value]) => Math.abs(value - majority[name]) <= TOLERANCE);
  if (!labels.some((_, label) => isOf(label))) {
    throw new Error("its majority scores must be those of one class, they are others");
  }
}

function isOfClass(prediction: Prediction): prediction is Prediction & { label: number; predicted: number } {
  return "label" in prediction;
}

/** Those of the stated scores whose metrics are known, computed from predictions. */
function scoresOf(predictions: readonly Prediction[], stated: Scores): Scores {
  const names = Object.keys(stated);
  const classes = predictions.filter(isOfClass);
  if (classes.length > 0) {
    const truth = classes.map(({ label }) => label);
    const predicted = classes.map((prediction) => prediction.predicted);
    const known = names.filter((name) => Object.hasOwn(metrics, name));
    return Object.fromEntries(known.map((name) => [name, metrics[name].compute(truth, predicted)]));
  }
  const texts = predictions.filter((prediction) => "references" in prediction);
  const pairs = texts.reduce(
    (sum, { references, predicted }) => sum + references.join("").length * predicted.length,
    0,
  );
  if (texts.length === 0 || pairs > MOST_PAIRS) return {};
  const references = texts.map((prediction) => prediction.references);
  const predicted = texts.map((prediction) => prediction.predicted);
  const known = names.filter((name) => Object.hasOwn(textMetrics, name));
  return Object.fromEntries(known.map((name) => [name, textMetrics[name].compute(references, predicted)]));
}
