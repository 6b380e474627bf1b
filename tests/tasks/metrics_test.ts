import assert from "node:assert/strict";
import { metrics } from "../../tasks/metrics.ts";

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

const golden: { classification: Case[] } = JSON.parse(
  await Deno.readTextFile(new URL("../golden/metrics.json", import.meta.url)),
);

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

Deno.test("the table of metrics has six rows with name, unit and direction", () => {
  assert.deepEqual(
    Object.entries(metrics).map(([key, { name, unit, direction }]) => [key, name, unit, direction]),
    [
      ["accuracy", "accuracy", "fraction", "higher"],
      ["macro_f1", "macro_f1", "fraction", "higher"],
      ["matthews", "matthews", "correlation", "higher"],
      ["f1", "f1", "fraction", "higher"],
      ["macro_f1_of_others", "macro_f1_of_others", "fraction", "higher"],
      ["macro_recall", "macro_recall", "fraction", "higher"],
    ],
  );
});

Deno.test("predictions that are missing or too many are an error", () => {
  for (const { compute } of Object.values(metrics)) {
    assert.throws(() => compute([0, 1], [0]), /^Error: Cannot score predictions: .* current value is 1 for 2$/);
    assert.throws(() => compute([], []), /current value is 0 for 0$/);
  }
});
