import assert from "node:assert/strict";
import { drawFigures } from "../../reports/figures/mod.ts";
import { renderMarkdown } from "../../reports/text/markdown.ts";
import { groupResults } from "../../reports/results.ts";
import type { RunRecord } from "../../runs/study/record.ts";
import { runId, settingId } from "../../runs/study/spec.ts";
import { makeRecord } from "./record-factory.ts";

const scores: Record<string, number[]> = { "lora": [0.9, 0.8], "full": [0.8975, 0.7975], "bitfit": [0.5, 0.55] };

function study(axis: "task" | "model", methods = Object.keys(scores)) {
  return methods.flatMap((method) =>
    ["a", "b"].flatMap((name, index) =>
      [0, 1, 2].map((seed) => makeRecord({ method, seed, [axis]: name, accuracy: scores[method][index] }))
    )
  );
}

for (const axis of ["task", "model"] as const) {
  Deno.test(`methods over ${axis}s have an average with an interval, and mean ranks`, () => {
    const { overviews } = groupResults(study(axis), []);
    assert.equal(overviews.length, 1);
    const [{ rows, columns, critical }] = overviews;
    assert.deepEqual(columns, ["a", "b"]);
    assert.deepEqual(rows.map(({ label, rank, best }) => [label, rank, best]), [
      ["lora", 1, true],
      ["full", 2, true],
      ["bitfit", 3, false],
    ]);
    assert.ok(Math.abs(rows[0].average!.mean - 0.85) < 1e-12);
    // The variances of two tasks of equal runs of 400 examples add up: (0.09 + 0.16) / 400 / 4.
    assert.ok(Math.abs(rows[0].average!.variance / ((0.09 + 0.16) / 400 / 4) - 1) < 0.01);
    // q₀.₀₅(3, ∞) = 3.314 (tables of the studentised range); 3.314 / √2 · √(3 · 4 / 12)
    assert.ok(Math.abs(critical! - 3.314 / Math.SQRT2) < 1e-3);
  });
}

Deno.test("a method that lacks a task has neither average nor rank", () => {
  const { overviews: [{ rows }] } = groupResults(
    study("task").filter(({ spec }) => spec.method[0].name !== "full" || spec.task.name === "a"),
    [],
  );
  const full = rows.find(({ label }) => label === "full")!;
  assert.deepEqual([full.average, full.rank, full.settings[1]], [null, null, null]);
});

Deno.test("one task has no overview, and other data are not put into one row", () => {
  assert.equal(groupResults([makeRecord(), makeRecord({ method: "full" })], []).overviews.length, 0);
  assert.equal(groupResults([makeRecord(), makeRecord({ task: "b", train: 600 })], []).overviews.length, 0);
});

Deno.test("the report begins with the overview", () => {
  const markdown = renderMarkdown(groupResults(study("task"), []));
  assert.match(markdown, /^## All tasks, use-lite\n\n\| method +\| +a \| +b \| +average \| mean rank \|$/m);
  assert.match(markdown, /^\| lora +\| \*\*90\.0 ± /m);
});

Deno.test("protocols that differ in the number of training examples alone have a table by that number, without averages", () => {
  const records = ["lora", "full"].flatMap((method, index) =>
    [1000, 300].flatMap((train) =>
      [0, 1].map((seed) => makeRecord({ method, seed, train, accuracy: 0.7 + train / 10_000 + 0.05 * index }))
    )
  );
  const results = groupResults(records, []);
  const [{ axis, columns, rows, averaged, critical }] = results.overviews;
  assert.deepEqual([results.overviews.length, axis, columns, averaged, critical], [
    1,
    "size",
    ["300", "1000"],
    false,
    null,
  ]);
  assert.deepEqual(rows.map(({ label, settings }) => [label, ...settings.map((setting) => setting!.mean.toFixed(2))]), [
    ["full", "0.78", "0.85"],
    ["lora", "0.73", "0.80"],
  ]);
  assert.match(
    renderMarkdown(results),
    /^## By training examples, sentiment\/amazon, use-lite\n\n\| method \| +300 \| +1000 \|$/m,
  );
  const { overviews: [[figure]] } = drawFigures(results);
  assert.equal(figure.kind, "score-by-training-examples");
  assert.match(figure.values, /full 300: 78\.0 %, full 1k/);
});

Deno.test("numbers of examples of each class have a table by the number of training examples", () => {
  const records = [8, 2].map((perClass) =>
    makeRecord({
      change: (record) => {
        const size = 2 * perClass;
        record.spec.data = { train: size, validation: size, test: 1000 - 2 * size, perClass };
        record.id = runId(record.spec);
      },
    })
  );
  const [{ axis, columns }] = groupResults(records, []).overviews;
  assert.deepEqual([axis, columns], ["size", ["4", "16"]]);
});

Deno.test("methods that answer by words are one row over tasks that word them in their own way, unless templates alone tell them apart", () => {
  const worded = (task: string, template: string, method: string) =>
    makeRecord({
      ...{ task, method },
      change: (record) => {
        record.spec.head = { template, words: [["terrible"], ["great"]] };
        record.id = runId(record.spec);
        record.setting = settingId(record.spec);
      },
    });
  const columnsOf = (records: RunRecord[]) =>
    groupResults(records, []).overviews[0].rows.map(({ label, settings }) =>
      [label, settings.map((setting) => setting !== null)] as const
    );
  const one = ["lora", "bitfit"].flatMap((
    method,
  ) => [worded("a", "{text} {answer}", method), worded("b", "{text}: {answer}", method)]);
  assert.deepEqual(columnsOf(one), [["bitfit", [true, true]], ["lora", [true, true]]]);
  const two = columnsOf([...one, worded("a", "{text}, {answer}", "lora")]);
  assert.deepEqual(two.find(([label]) => label === "bitfit")?.[1], [true, true]);
  assert.equal(two.length, 4);
});
