/**
 * Right and predicted answers of a run, and the metrics that score them, whatever the kind of task.
 * @module
 */
import { metrics } from "../../../tasks/metrics.ts";
import { choiceMetrics } from "../../../tasks/metrics/choices.ts";
import { perplexity } from "../../../tasks/metrics/generation.ts";
import { multiLabelMetrics } from "../../../tasks/metrics/multi-label.ts";
import { regressionMetrics } from "../../../tasks/metrics/regression.ts";
import { textMetrics } from "../../../tasks/text-metrics.ts";
import type { ChoiceAnswer, Metric } from "../../../tasks/types.ts";
import type { Prediction } from "../record.ts";

/**
 * Right and predicted answers by example, in the order of the test set: classes, numbers, sets of so many labels, places of
 * choices, or texts. Where a metric scores groups, `groups` names that of each example.
 */
export type Answers =
  | { kind: "classes"; truth: Int16Array; predicted: Int16Array; groups?: readonly string[] }
  | { kind: "numbers"; truth: Float64Array; predicted: Float64Array }
  | { kind: "label sets"; labels: number; truth: (readonly number[])[]; predicted: (readonly number[])[] }
  | { kind: "choices"; truth: ChoiceAnswer[]; predicted: number[] }
  | {
    kind: "texts";
    truth: (readonly string[])[];
    predicted: string[];
    /** Of the references, the summed losses of each example and their numbers of tokens; absent in records of earlier versions. */
    ofReferences?: { losses: number[]; tokens: number[] };
  };

/** The answers of predictions. @param labels number of the task's labels */
export function answersOf(predictions: readonly Prediction[], labels: number): Answers {
  const texts = predictions.filter((prediction) => "references" in prediction);
  if (texts.length > 0) {
    const known = texts.flatMap(({ loss, tokens }) =>
      loss === undefined || tokens === undefined ? [] : { loss, tokens }
    );
    return {
      kind: "texts",
      truth: texts.map(({ references }) => references),
      predicted: texts.map(({ predicted }) => predicted),
      ...known.length === texts.length && {
        ofReferences: { losses: known.map(({ loss }) => loss), tokens: known.map(({ tokens }) => tokens) },
      },
    };
  }
  const numbers = predictions.filter((prediction) => "target" in prediction);
  if (numbers.length > 0) {
    return {
      kind: "numbers",
      truth: new Float64Array(numbers.map(({ target }) => target)),
      predicted: new Float64Array(numbers.map(({ predicted }) => predicted)),
    };
  }
  const sets = predictions.filter((prediction) => "labels" in prediction);
  if (sets.length > 0) {
    return {
      kind: "label sets",
      labels,
      truth: sets.map(({ labels }) => labels),
      predicted: sets.map(({ predicted }) => predicted),
    };
  }
  const chosen = predictions.filter((prediction) => "choices" in prediction);
  if (chosen.length > 0) {
    return { kind: "choices", truth: chosen, predicted: chosen.map(({ predicted }) => predicted) };
  }
  const classes = predictions.filter((prediction) => "label" in prediction);
  const groups = classes.flatMap(({ group }) => group ?? []);
  return {
    kind: "classes",
    truth: new Int16Array(classes.map(({ label }) => label)),
    predicted: new Int16Array(classes.map(({ predicted }) => predicted)),
    ...groups.length === classes.length && groups.length > 0 && { groups },
  };
}

/** The answers as if each prediction were the same. @throws {Error} if that is none of their kind */
export function alwaysAnswering(answers: Answers, constant: number | readonly number[]): Answers {
  if (answers.kind === "label sets" && typeof constant !== "number") {
    return { ...answers, predicted: answers.truth.map(() => constant) };
  }
  if (answers.kind === "numbers" && typeof constant === "number") {
    return { ...answers, predicted: answers.truth.map(() => constant) };
  }
  if (answers.kind === "choices" && typeof constant === "number") {
    return { ...answers, predicted: answers.truth.map(() => constant) };
  }
  if (answers.kind === "classes" && typeof constant === "number") {
    return { ...answers, predicted: answers.truth.map(() => constant) };
  }
  throw new Error(`its baseline must be an answer as the others are, ${answers.kind}, current value is ${constant}`);
}

/** Whether each answer is right; null where none is simply right or wrong, as of numbers and texts. */
export function rightnessOf(answers: Answers): boolean[] | null {
  switch (answers.kind) {
    case "classes":
      return listOf(answers.truth).map((label, at) => label === answers.predicted[at]);
    case "label sets":
      return answers.truth.map((labels, at) => String(labels) === String(answers.predicted[at]));
    case "choices":
      return answers.truth.map(({ right }, at) => right.includes(answers.predicted[at]));
    case "numbers":
    case "texts":
      return null;
  }
}

/** A metric on a run's answers. */
export interface AnswersMetric extends Pick<Metric, "unit" | "direction"> {
  /** The score. */
  compute(): number;
  /** The score without each example, or each group of them, in turn. */
  leaveOneOut(): number[];
}

/** The metrics that are known for a run's answers, by name. */
export function metricsOf(answers: Answers): Record<string, AnswersMetric> {
  switch (answers.kind) {
    case "classes": {
      const known = Object.entries(metrics).filter(([, { ofGroups }]) => !ofGroups || answers.groups);
      return onAnswers(Object.fromEntries(known), listOf(answers.truth), listOf(answers.predicted), answers.groups);
    }
    case "numbers":
      return onAnswers(regressionMetrics, listOf(answers.truth), listOf(answers.predicted));
    case "label sets":
      return onAnswers(multiLabelMetrics(answers.labels), answers.truth, answers.predicted);
    case "choices":
      return onAnswers(choiceMetrics, answers.truth, answers.predicted);
    case "texts": {
      const { truth, predicted, ofReferences } = answers;
      return {
        ...onAnswers(textMetrics, truth, predicted),
        ...ofReferences && onAnswers({ perplexity }, ofReferences.tokens, ofReferences.losses),
      };
    }
  }
}

function onAnswers<T, P>(
  table: Record<string, Metric<T, P>>,
  truth: readonly T[],
  predicted: readonly P[],
  groups?: readonly string[],
): Record<string, AnswersMetric> {
  return Object.fromEntries(
    Object.entries(table).map(([name, { unit, direction, compute, leaveOneOut }]) => [name, {
      unit,
      direction,
      compute: () => compute(truth, predicted, groups),
      leaveOneOut: () => leaveOneOut(truth, predicted, groups),
    }]),
  );
}

/** The numbers as a list, by a plain loop: `Array.from` takes ten times as long, for each of thousands of runs. */
function listOf(values: Int16Array | Float64Array): number[] {
  const numbers: number[] = [];
  for (let at = 0; at < values.length; at++) numbers.push(values[at]);
  return numbers;
}
