import assert from "node:assert/strict";
import { metrics } from "../../tasks/metrics.ts";
import { choiceMetrics, placeMostOftenRight } from "../../tasks/metrics/choices.ts";
import { multiLabelMetrics } from "../../tasks/metrics/multi-label.ts";
import { regressionMetrics } from "../../tasks/metrics/regression.ts";

type Values = Record<"micro_f1" | "macro_f1" | "exact_match" | "pearson" | "spearman" | "mse", number | null>;
const readGolden = async (name: string) =>
  JSON.parse(await Deno.readTextFile(new URL(`../golden/${name}`, import.meta.url)));
const kinds: {
  multi_label: (Values & { name: string; labels: number; truth: number[][]; predicted: number[][] })[];
  regression: (Values & { name: string; truth: number[]; predicted: number[] })[];
} = await readGolden("kinds.json");

const superGlue: {
  multirc: (Record<"exact_match" | "f1" | "accuracy", number> & {
    name: string;
    groups: string[];
    truth: number[];
    predicted: number[];
  })[];
  record: Record<"accuracy" | "answer_match" | "answer_f1", number> & {
    questions: { choices: string[]; right: number[]; predicted: number }[];
  };
} = await readGolden("super-glue.json");

interface Case {
  name: string;
  y_true: number[];
  y_pred: number[];
  accuracy: number;
  macro_f1_seen: number;
  binary_f1?: number;
  per_class_f1: number[];
  /** Rows are the truth. */
  confusion: number[][];
  matthews: number;
}

const golden: {
  classification: Case[];
  correlation: { name: string; x: number[]; y: number[]; pearson: number | null; spearman: number | null }[];
} = await readGolden("metrics.json");

Deno.test("metrics equal those of scikit-learn", () => {
  assert.equal(golden.classification.length, 16);
  for (const { name, y_true, y_pred, ...expected } of golden.classification) {
    const pairs = [
      ["accuracy", expected.accuracy],
      ["macro_f1", expected.macro_f1_seen],
      ["matthews", expected.matthews],
      ["f1", expected.binary_f1 ?? expected.per_class_f1[1] ?? 0],
      ["macro_recall", recallOf(expected.confusion)],
    ] as const;
    for (const [metric, value] of pairs) {
      const computed = metrics[metric].compute(y_true, y_pred);
      assert.ok(Math.abs(computed - value) <= 1e-9, `${metric} of "${name}" is ${computed}, not ${value}`);
    }
  }
});

/** The mean share of the diagonal in each row that has entries. */
function recallOf(confusion: number[][]): number {
  const recalls = confusion.map((row, at) => row[at] / row.reduce((sum, count) => sum + count, 0)).filter((r) =>
    r >= 0
  );
  return recalls.reduce((sum, recall) => sum + recall, 0) / recalls.length;
}

Deno.test("F1 of the classes but the first leaves out the first, in truth and in prediction", () => {
  assert.equal(metrics.macro_f1_of_others.compute([0, 1, 1, 2, 0], [1, 1, 0, 2, 0]), (0.5 + 1) / 2);
  assert.equal(metrics.macro_f1_of_others.compute([0, 0], [0, 0]), 0);
});

Deno.test("metrics of MultiRC equal those of SuperGLUE, and leaving out a question is scoring the others", () => {
  for (const { name, groups, truth, predicted, ...expected } of superGlue.multirc) {
    for (const metric of ["exact_match", "f1", "accuracy"] as const) {
      const { compute, leaveOneOut } = metrics[metric];
      assertValue(compute(truth, predicted, groups), expected[metric], `${metric} of "${name}"`);
      const questions = [...new Set(groups)];
      for (const [at, without] of leaveOneOut(truth, predicted, groups).entries()) {
        const left = [truth, predicted].map((side) => side.filter((_, index) => groups[index] !== questions[at]));
        const others = groups.filter((group) => group !== questions[at]);
        assertValue(without, compute(left[0], left[1], others), `${metric} of "${name}" without ${questions[at]}`);
      }
    }
  }
  assert.throws(() => metrics.exact_match.compute([0, 1], [0, 1]), /^Error: Cannot score exact_match: each example /);
});

Deno.test("metrics of multiple choice equal those of SuperGLUE, and a place that there is none of is a wrong answer", () => {
  const { questions, ...expected } = superGlue.record;
  const predicted = questions.map(({ predicted }) => predicted);
  for (const [metric, { compute, leaveOneOut }] of Object.entries(choiceMetrics)) {
    assertValue(compute(questions, predicted), expected[metric as keyof typeof expected], metric);
    for (const [at, without] of leaveOneOut(questions, predicted).entries()) {
      assertValue(without, compute(questions.toSpliced(at, 1), predicted.toSpliced(at, 1)), `${metric} without ${at}`);
    }
    assert.equal(compute(questions, questions.map(() => 9)), 0);
  }
  // Three times at the place 0, three times at 1: the first of both.
  assert.equal(placeMostOftenRight(questions), 0);
});

Deno.test("the table of metrics has seven rows with name, unit and direction", () => {
  assert.deepEqual(
    Object.entries(metrics).map(([key, { name, unit, direction }]) => [key, name, unit, direction]),
    [
      ["accuracy", "accuracy", "fraction", "higher"],
      ["macro_f1", "macro_f1", "fraction", "higher"],
      ["matthews", "matthews", "correlation", "higher"],
      ["f1", "f1", "fraction", "higher"],
      ["macro_f1_of_others", "macro_f1_of_others", "fraction", "higher"],
      ["macro_recall", "macro_recall", "fraction", "higher"],
      ["exact_match", "exact_match", "fraction", "higher"],
    ],
  );
});

Deno.test("predictions that are missing or too many are an error", () => {
  const score = /^Error: Cannot score predictions: .* current value is 1 for 2$/;
  const ofExamples = Object.values(metrics).filter(({ ofGroups }) => !ofGroups);
  for (const { compute } of [...ofExamples, ...Object.values(regressionMetrics)]) {
    assert.throws(() => compute([0, 1], [0]), score);
    assert.throws(() => compute([], []), /current value is 0 for 0$/);
  }
  for (const { compute } of Object.values(choiceMetrics)) {
    assert.throws(() => compute(superGlue.record.questions.slice(0, 2), [0]), score);
    assert.throws(() => compute([], []), /current value is 0 for 0$/);
  }
  for (const { compute } of Object.values(multiLabelMetrics(2))) {
    assert.throws(() => compute([[0], [1]], [[0]]), score);
    assert.throws(() => compute([], []), /current value is 0 for 0$/);
  }
});

/** @throws {Error} if a value is not the expected one, to nine digits of its size; null stands for an undefined one, which is 0 here */
function assertValue(computed: number, expected: number | null, what: string): void {
  const value = expected ?? 0;
  assert(Math.abs(computed - value) <= 1e-9 * Math.max(1, Math.abs(value)), `${what} is ${computed}, not ${value}`);
}

Deno.test("metrics of regression equal those of scipy and scikit-learn, and are 0 where scipy's are undefined", () => {
  for (const { name, x, y, pearson, spearman } of golden.correlation) {
    assertValue(regressionMetrics.pearson.compute(x, y), pearson, `pearson of "${name}"`);
    assertValue(regressionMetrics.spearman.compute(x, y), spearman, `spearman of "${name}"`);
  }
  for (const { name, truth, predicted, ...expected } of kinds.regression) {
    for (const [metric, { compute }] of Object.entries(regressionMetrics)) {
      assertValue(compute(truth, predicted), expected[metric as keyof Values], `${metric} of "${name}"`);
    }
  }
});

Deno.test("metrics of several labels equal those of scikit-learn", () => {
  for (const { name, labels, truth, predicted, ...expected } of kinds.multi_label) {
    for (const [metric, { compute }] of Object.entries(multiLabelMetrics(labels))) {
      assertValue(compute(truth, predicted), expected[metric as keyof Values], `${metric} of "${name}"`);
    }
  }
});

Deno.test("scores without each example in turn are those of the other examples", () => {
  const without = <T>(values: readonly T[], at: number) => values.toSpliced(at, 1);
  for (const { truth, predicted } of kinds.regression) {
    for (const { name, compute, leaveOneOut } of Object.values(regressionMetrics)) {
      leaveOneOut(truth, predicted).forEach((value, at) =>
        assertValue(value, compute(without(truth, at), without(predicted, at)), `${name} without ${at}`)
      );
    }
  }
  for (const { labels, truth, predicted } of kinds.multi_label) {
    for (const { name, compute, leaveOneOut } of Object.values(multiLabelMetrics(labels))) {
      leaveOneOut(truth, predicted).forEach((value, at) =>
        assertValue(value, compute(without(truth, at), without(predicted, at)), `${name} without ${at}`)
      );
    }
  }
});
