import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Random } from "../../base/random.ts";
import { metrics } from "../../tasks/metrics.ts";
import { hubDescriptions } from "../../tasks/hub/mod.ts";
import { choiceMetrics } from "../../tasks/metrics/choices.ts";
import { multiLabelMetrics } from "../../tasks/metrics/multi-label.ts";
import { regressionMetrics } from "../../tasks/metrics/regression.ts";
import { tasks } from "../../tasks/mod.ts";
import { generationMetrics, perplexity } from "../../tasks/metrics/generation.ts";
import { textMetrics } from "../../tasks/text-metrics.ts";
import { isOfPairs, isReadFirst, parseTemplate } from "../../tasks/templates/template.ts";
import { requireWording } from "../../tasks/templates/words.ts";
import type { Metric, Task, TaskKind } from "../../tasks/types.ts";

/**
 * A row for each task: the number of examples of each class, and a digest of ids, labels and texts, which change only with
 * the task's version; null where users give the files.
 */
const expected: Record<string, { classes: number[]; digest: string } | null> = {
  "sentiment/amazon": { classes: [496, 491], digest: "9c04f92e4553c8fc" },
  "sentiment/imdb": { classes: [499, 498], digest: "14b4e21cea9da255" },
  "sentiment/yelp": { classes: [497, 499], digest: "f9ece752d06e4190" },
  "brown/negation": { classes: [750, 750], digest: "c6884de5f5e8b3a5" },
  "wordnet/verb": { classes: Array(13).fill(150), digest: "f2158ee3a11f30e5" },
  "rte": null,
  "e2e": null,
};

const ownTasks = Object.entries(tasks).filter(([name]) => !Object.hasOwn(hubDescriptions, name));

Deno.test("the table of tasks has exactly the rows that are tested, and the data sets of the hub", () => {
  assert.deepEqual(Object.keys(tasks).slice(ownTasks.length), Object.keys(hubDescriptions));
  assert.deepEqual(
    ownTasks.map(([name, { files }]) => [name, files !== undefined]),
    Object.entries(expected).map(([name, row]) => [name, row === null]),
  );
});

for (const [name, task] of ownTasks.filter(([, { files }]) => !files)) {
  Deno.test(`${name} has the examples of its version, each once`, async () => {
    assert.ok(task.kind === "classification");
    const { pool, ...splits } = await task.load();
    assert.ok(pool);
    assert.deepEqual(splits, {});
    const digest = createHash("sha256").update(JSON.stringify(pool.map(({ id, label, text }) => [id, label, text])));
    assert.deepEqual({
      classes: task.labels.map((_, label) => pool.filter((example) => example.label === label).length),
      digest: digest.digest("hex").slice(0, 16),
    }, expected[name]);
    assert.equal(new Set(pool.map(({ id }) => id)).size, pool.length);
    assert.equal(new Set(pool.map(({ text }) => text.toLowerCase())).size, pool.length);
    for (const { id, text } of pool) assert.ok(text !== "" && text === text.trim(), id);
  });
}

const worded = Object.values(tasks).filter((task) => task.kind === "classification" && task.templates);

Deno.test("tasks have templates that every kind of model can read, and different words for their labels", () => {
  assert.ok(worded.length >= 25);
  for (const task of worded) {
    const { name, labels, templates, words } = task as Task;
    const hasPairs = hubDescriptions[name] ? hubDescriptions[name].columns.pair !== undefined : name === "rte";
    requireWording({ templates, words }, labels, hasPairs);
    const parsed = templates!.map(parseTemplate);
    assert.ok(parsed.some(isReadFirst), name);
    assert.ok(parsed.every((template) => isOfPairs(template) === hasPairs), name);
    assert.equal(new Set(templates).size, templates!.length);
  }
  assert.equal((tasks["glue/sst2"] as Task).templates!.length, 3);
});

const metricTables: Record<TaskKind, object> = {
  classification: metrics,
  regression: regressionMetrics,
  "multi-label": multiLabelMetrics(1),
  "multiple choice": choiceMetrics,
  generation: generationMetrics,
};

Deno.test("every row of the table of tasks is complete and under its own name", () => {
  for (const [name, task] of Object.entries(tasks)) {
    assert.equal(task.name, name);
    for (const text of [task.description, task.labelling, task.licence, task.citation]) {
      assert.ok(text.length > 5, name);
    }
    assert.deepEqual(task.metrics.filter((metric) => !Object.hasOwn(metricTables[task.kind], metric)), []);
    for (const { sha256 } of task.source) assert.match(sha256, /^[0-9a-f]{64}$/);
  }
});

Deno.test("every task in the folder has a row in the table", async () => {
  const folder = new URL("../../tasks/", import.meta.url);
  const exportedTasks: unknown[] = [];
  for await (const { name, isFile } of Deno.readDir(folder)) {
    if (!isFile) continue;
    const exported: Record<string, unknown> = await import(new URL(name, folder).href);
    exportedTasks.push(...Object.values(exported).filter((value) => value instanceof Object && "load" in value));
  }
  assert.deepEqual(new Set(exportedTasks), new Set(ownTasks.map(([, task]) => task)));
});

Deno.test("every metric without an example in turn is its score on the others", () => {
  const random = new Random(0, "metrics");
  const labels = Array.from({ length: 30 }, () => [random.integer(3), random.integer(3)]);
  const words = ["the", "cat", "sat", "on", "a", "mat", "."];
  const text = () => Array.from({ length: 4 + random.integer(6) }, () => words[random.integer(7)]).join(" ");
  const texts = Array.from({ length: 12 }, () => ({ references: [text(), text()], predicted: text() }));
  const check = <T, P>({ compute, leaveOneOut, name }: Metric<T, P>, truth: T[], predicted: P[]) => {
    const scores = leaveOneOut(truth, predicted);
    assert.equal(scores.length, truth.length);
    scores.forEach((score, index) => {
      const others = compute(truth.toSpliced(index, 1), predicted.toSpliced(index, 1));
      assert.ok(Math.abs(score - others) < 1e-12, `${name}: ${score} instead of ${others}`);
    });
  };
  for (const metric of Object.values(metrics).filter(({ ofGroups }) => !ofGroups)) {
    check(
      metric,
      labels.map(([a]) => a),
      labels.map(([, b]) => b),
    );
  }
  check(perplexity, labels.map(([a]) => a + 1), labels.map(([, b]) => b + 0.5));
  for (const metric of Object.values(textMetrics)) {
    check(metric, texts.map(({ references }) => references), texts.map(({ predicted }) => predicted));
  }
});
