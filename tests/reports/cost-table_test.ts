import assert from "node:assert/strict";
import { parse } from "csv-parse/sync";
import { costRemarks, costTableOf } from "../../reports/cost-table.ts";
import { costs } from "../../reports/costs/costs.ts";
import { PENALTIES, pscp } from "../../reports/costs/pscp.ts";
import { bytesForTasks } from "../../reports/costs/storage.ts";
import { renderResultsCsv, renderRunsCsv } from "../../reports/text/csv.ts";
import { formatAmount } from "../../reports/format.ts";
import { renderMarkdown } from "../../reports/text/markdown.ts";
import { renderPage } from "../../reports/page/mod.ts";
import { groupResults } from "../../reports/results.ts";
import { makeRecord } from "./record-factory.ts";

/** Two methods, one of them with FLOPs half as many again as the backbone's. */
const records = [
  makeRecord({
    method: "prompt-tuning",
    change: (record) => record.flops = { inference: [0, 150, 0], backbone: [0, 100, 0], training: [7, 0, 1] },
  }),
  makeRecord({
    method: "full",
    change: (record) => {
      record.flops = { inference: [0, 100, 0], backbone: [0, 100, 0], training: [7, 0, 2] };
      record.parameters = { trainable: 1_001_026, method: 1_000_000, head: 1026, storedBytes: 4_004_104 };
    },
  }),
];
const style = { text: (text: string) => text, best: (score: string) => score };

Deno.test("PSCP gives the figures of PEFT-Bench's table 3", () => {
  // Scores, trained parameters, TFLOPs beyond the backbone's and GB of the paper and its code, and the PSCP it prints.
  const table = [
    [74.7, 196_608, 0.31, 28.41, 55.62],
    [50.0, 409_600, 1.67, 42.47, 29.49],
    [45.9, 34_177_536, 0.01, 27.61, 33.18],
    [51.7, 53_130_752, 1.68, 34.53, 29.26],
    [80.1, 14_680_064, 0, 27.75, 60.08],
    [77.8, 266_240, 0, 27.43, 60.19],
  ];
  for (const [score, parameters, teraflops, gigabytes, expected] of table) {
    const value = pscp(score, { parameters, flops: teraflops * 1e12, memory: gigabytes * 1e9 });
    assert.equal(value.toFixed(2), expected.toFixed(2));
  }
  assert.deepEqual(Object.values(PENALTIES).map(({ weight }) => weight), [1, 1, 1]);
});

Deno.test("ten tasks need the backbone once, or ten models that are trained in full", () => {
  const [prompt, full] = groupResults(records, []).runs.toSorted((a, b) => a.parameters.method - b.parameters.method);
  assert.equal(bytesForTasks(prompt, 10), 4_000_000 + 10 * 102_408);
  assert.equal(bytesForTasks(full, 10), 10 * 4_004_104);
});

Deno.test("reports show FLOPs of a text and of a step at the most tokens that a run reads", () => {
  const results = groupResults(records, []);
  const [protocol] = results.protocols;
  const { header, rows } = costTableOf(protocol, style);
  assert.deepEqual(header, [
    "method",
    "FLOPs a text",
    "× backbone",
    "FLOPs a step",
    "step",
    "to best",
    "stored, 1 task",
    "10 tasks",
    "100 tasks",
    "PSCP",
  ]);
  const prompt = rows.find(([method]) => method === "prompt-tuning")!;
  assert.deepEqual(prompt.slice(1, 4), [formatAmount(150 * 64), "1.50", formatAmount(7 + 64 * 64)]);
  // 2.5 s of training in two steps; the third of four epochs was the best.
  assert.deepEqual(prompt.slice(4, 6), ["1250 ms", "1.9 s"]);
  assert.match(costRemarks(protocol).join(), /texts of 64 tokens, a step has 16/);
  assert.match(costRemarks(protocol).join(), /÷ 500 M;.*÷ 10 T;.*÷ 94 G/);
  const row = (csv: string, name: string) =>
    parse<Record<string, string>>(csv, { columns: true }).find(({ method }) => method === name)!;
  for (const csv of [renderResultsCsv(results), renderRunsCsv(results)]) {
    const { flops_tokens, inference_flops, backbone_flops, train_step_flops } = row(csv, "prompt-tuning");
    assert.deepEqual([flops_tokens, inference_flops, backbone_flops, train_step_flops], ["64", "9600", "6400", "4103"]);
  }
  for (const text of [renderMarkdown(results), renderPage(results)["report.html"]]) {
    assert.match(text, /9\.6 k/);
    assert.match(text, /arXiv 2511\.21285/);
  }
});

Deno.test("records without FLOPs have neither these nor PSCP in their reports", () => {
  const results = groupResults([makeRecord({})], []);
  assert.deepEqual(costTableOf(results.protocols[0], style).header, [
    "method",
    "step",
    "to best",
    "stored, 1 task",
    "10 tasks",
    "100 tasks",
  ]);
  assert.equal(costRemarks(results.protocols[0]).length, 2);
  assert.equal(costs.inference_flops(results.runs[0]), null);
});

Deno.test("amounts have three digits and a decimal prefix", () => {
  assert.deepEqual([0, 12, 1234, 999_999, 1.5e6, 2.35e13].map(formatAmount), [
    "0",
    "12",
    "1.23 k",
    "1000 k",
    "1.5 M",
    "23.5 T",
  ]);
});
