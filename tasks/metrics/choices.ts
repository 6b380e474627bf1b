/**
 * Metrics of multiple choice. An answer is the place of a choice; a place that an example does not have is a wrong answer.
 * @module
 */
import { textMetrics } from "../text-metrics.ts";
import type { ChoiceAnswer, ChoiceMetric, Metric } from "../types.ts";

/** A metric that is the mean of what each example scores by itself. */
function meanMetric(
  description: Pick<Metric, "name" | "description">,
  scoreOf: (right: ChoiceAnswer, predicted: number) => number,
): ChoiceMetric {
  const scoresOf = (truth: readonly ChoiceAnswer[], predicted: readonly number[]) => {
    if (truth.length > 0 && truth.length === predicted.length) return truth.map((at, i) => scoreOf(at, predicted[i]));
    throw new Error(
      `Cannot score predictions: there must be one for each of at least one example, ` +
        `current value is ${predicted.length} for ${truth.length}`,
    );
  };
  const sum = (scores: readonly number[]) => scores.reduce((total, score) => total + score, 0);
  return {
    ...description,
    unit: "fraction",
    direction: "higher",
    compute: (truth, predicted) => sum(scoresOf(truth, predicted)) / truth.length,
    leaveOneOut(truth, predicted) {
      const scores = scoresOf(truth, predicted);
      const total = sum(scores);
      return scores.map((score) => (total - score) / (scores.length - 1));
    },
  };
}

/** A metric of texts, of the words of the chosen one and those of the right ones. */
function ofWords(name: "answer_match" | "answer_f1", description: string): ChoiceMetric {
  const { compute } = textMetrics[name];
  return meanMetric(
    { name, description: `mean over the examples of ${description}, with the right choice that gives most` },
    ({ choices, right }, predicted) => compute([right.map((at) => choices[at])], [choices[predicted] ?? ""]),
  );
}

/** Every metric of multiple choice by its name. */
export const choiceMetrics: Record<string, ChoiceMetric> = {
  accuracy: meanMetric(
    { name: "accuracy", description: "share of examples whose chosen one is right" },
    ({ right }, predicted) => Number(right.includes(predicted)),
  ),
  answer_match: ofWords(
    "answer_match",
    "whether the words of the chosen one are those of a right one as SQuAD and ReCoRD compare them: without case, punctuation and articles",
  ),
  answer_f1: ofWords("answer_f1", "the F1 of the words of the chosen one as SQuAD and ReCoRD define it"),
};

/** The place at which a right choice stands most often; of equally frequent ones, the first. */
export function placeMostOftenRight(answers: readonly Pick<ChoiceAnswer, "right">[]): number {
  const counts: number[] = [];
  for (const place of answers.flatMap(({ right }) => right)) counts[place] = (counts[place] ?? 0) + 1;
  return counts.indexOf(Math.max(...counts.filter((count) => count !== undefined)));
}
