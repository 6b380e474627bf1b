import assert from "node:assert/strict";
import { parse } from "csv-parse/sync";
import { renderTrialsCsv } from "../../reports/text/csv.ts";
import { drawBudget } from "../../reports/figures/budget.ts";
import { methodStyles } from "../../reports/figures/style.ts";
import { renderMarkdown } from "../../reports/text/markdown.ts";
import { renderPage } from "../../reports/page/mod.ts";
import { groupResults } from "../../reports/results.ts";
import { budgetTableOf, isTuned, ledgerOf } from "../../reports/tuning-tables.ts";
import { checkRecord } from "../../runs/study/check-record.ts";
import { runId, type RunRecord, settingId } from "../../runs/study/record.ts";
import { bestTrial } from "../../runs/study/tuning/tuned-record.ts";
import { makeRecord } from "./record-factory.ts";

const plain = { text: (text: string) => text, best: (score: string) => score };

/** A record of a run that was tuned in two options, with these validation scores of its trials. */
function tunedRecord(
  seed: number,
  scores: readonly (number | null)[],
  changes: Record<string, unknown> = {},
): RunRecord {
  const { spec: plainSpec, ...record } = makeRecord({ seed, options: { learningRate: 0.001, epochs: 4, rank: 8 } });
  const space = { lora: { learningRate: { from: 1e-4, to: 1e-2, log: true as const }, rank: [2, 4, 8, 16] } };
  const spec = { ...plainSpec, tuning: { trials: scores.length, space } };
  const trials = scores.map((score, at) => ({ id: `${seed}${at}`, score, loss: score === null ? null : 0.5 }));
  const trial = bestTrial(trials, "higher")!;
  const options = { ...spec.method[0].options, ...changes };
  const tuning = { trial, method: [{ name: "lora", options }], training: spec.training, trials };
  return { ...record, id: runId(spec), setting: settingId(spec), spec, tuning };
}

const records = [
  tunedRecord(0, [0.5, 0.9, 0.72, null], { learningRate: 0.008, rank: 4 }),
  tunedRecord(1, [0.8, 0.6, 0.6, 0.6], {}),
  makeRecord({ seed: 0 }),
  makeRecord({ seed: 1, method: "bitfit" }),
];
const results = groupResults(records, []);
const [protocol] = results.protocols;

Deno.test("the ledger says how much each method was tuned, in what space, with what outcome, and what lies at an edge", () => {
  const { rows } = ledgerOf(protocol, plain);
  const [tuned] = rows.filter(([label]) => label === "lora (tuned, 4 trials)");
  assert.deepEqual(tuned.slice(1), [
    "4, 1 of 8 diverged",
    "learningRate 0.0001 to 0.01 by factors; rank 2, 4, 8, 16",
    "0: learningRate 0.008, rank 4 (trial 1); 1: learningRate 0.001, rank 8 (trial 0)",
    "learningRate (seed 0)",
  ]);
  const others = rows.filter((row) => row !== tuned);
  assert.deepEqual(others.map(([label, trials]) => [label, trials]).sort(), [
    ["bitfit", "not tuned"],
    ["lora (not tuned)", "not tuned"],
  ]);
});

Deno.test("of a tuned probe, whose step size is the classifier's, reports do not name that of the first trial", () => {
  const tuned = tunedRecord(0, [0.5, 0.9]);
  const probe = { ...tuned, parameters: { ...tuned.parameters, method: 0 } };
  const optionsIn = (record: RunRecord) => groupResults([record], []).protocols[0].settings[0].options;
  assert.ok(optionsIn(tuned).includes("headLearningRate 0.003"));
  assert.deepEqual(optionsIn(probe), optionsIn(tuned).filter((option) => option !== "headLearningRate 0.003"));
});

Deno.test("the budget table has the mean of the seeds' expected best scores; a trial that diverged counts as the worst", () => {
  const { header, rows } = budgetTableOf(protocol, plain);
  assert.deepEqual(header, ["method", "1 trial", "best of 2", "best of 4"]);
  // Seed 0: of 0, 0.5, 0.72, 0.9; seed 1: of 0.6 three times and 0.8.
  const one = ((0.5 + 0.9 + 0.72) / 4 + (0.8 + 3 * 0.6) / 4) / 2;
  const two = ((0.9 * 3 + 0.72 * 2 + 0.5) / 6 + (0.8 * 3 + 0.6 * 3) / 6) / 2;
  assert.deepEqual(rows, [["lora (tuned, 4 trials)", ...[one, two, 0.85].map((score) => (100 * score).toFixed(1))]]);
});

Deno.test("trials.csv has a row for each trial, and one for each run that was not tuned", () => {
  const rows: Record<string, string>[] = parse(renderTrialsCsv(results), { columns: true });
  assert.equal(rows.length, 10);
  const chosen = rows.filter((row) => row.chosen === "1");
  assert.deepEqual(chosen.map(({ seed, trial, trials, validation }) => [seed, trial, trials, validation]), [
    ["0", "1", "4", "0.9"],
    ["1", "0", "4", "0.8"],
  ]);
  assert.equal(chosen[1].values, "learningRate 0.001, rank 8");
  const [untuned] = rows.filter(({ trials, method }) => trials === "0" && method === "bitfit");
  assert.deepEqual([untuned.trial, untuned.validation, untuned.metric], ["", "", "accuracy"]);
});

Deno.test("report.md and the page have ledger, budget and figure where a method was tuned, and say so where none was", () => {
  const markdown = renderMarkdown(results);
  assert.match(markdown, /### Tuning\n\n\| method +\| +trials \|/);
  assert.match(markdown, /learningRate tuned in 0\.0001 to 0\.01 by factors/);
  const files = renderPage(results);
  assert.match(files["report.html"], /<caption>Tuning<\/caption>/);
  assert.ok(files["figures/budget.svg"].includes("Expected best validation accuracy"));
  const without = groupResults(records.slice(2), []);
  assert.ok(!isTuned(without.protocols[0]));
  assert.doesNotMatch(renderMarkdown(without), /### Tuning/);
  assert.match(renderMarkdown(without), /- Not tuned: every option has its default, or what the study states/);
  assert.deepEqual(drawBudget(without.protocols[0], "t", methodStyles(without)), []);
});

Deno.test("a record of a tuned run that contradicts itself is refused", () => {
  const [record] = records;
  checkRecord(record);
  const { tuning } = record;
  const other = (changes: Partial<RunRecord["tuning"]>) => ({ ...record, tuning: { ...tuning!, ...changes } });
  assert.throws(() => checkRecord(other({ trial: 2 })), /chosen trial must be the best of them, 1, current value is 2/);
  assert.throws(
    () => checkRecord(other({ trials: tuning!.trials.slice(1) })),
    /trials must be as many as its spec says, 4/,
  );
  assert.throws(() => checkRecord({ ...record, tuning: undefined }), /tuning must be in its spec and beside it/);
});
