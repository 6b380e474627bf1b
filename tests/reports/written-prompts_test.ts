import assert from "node:assert/strict";
import { parse } from "csv-parse/sync";
import { renderPage } from "../../reports/page/mod.ts";
import { groupResults } from "../../reports/results.ts";
import { renderPromptsCsv } from "../../reports/text/csv.ts";
import { renderMarkdown } from "../../reports/text/markdown.ts";
import { writtenTableOf } from "../../reports/written-prompts.ts";
import { makeRecord } from "./record-factory.ts";
import { writtenRecords } from "./written-records.ts";

const trained = [0, 1].map((seed) => makeRecord({ seed, accuracy: 0.85 }));
const results = groupResults([...writtenRecords, ...trained], []);
const [protocol] = results.protocols;

Deno.test("of a method that trains nothing, mean and spread over the templates are shown, and the least and the greatest", () => {
  const { header, rows } = writtenTableOf(protocol, { text: (text) => text, best: (score) => score });
  assert.deepEqual(header, ["method", "templates", "mean", "sd", "least", "greatest"]);
  // Means over the seeds are 75, 60 and 90: their mean is 75, their deviation sqrt((0 + 15² + 15²) / 2) = 15.
  assert.deepEqual(rows, [
    ["hand-written", "3", "75.0", "15.0", "60.0: {text} | a {answer} one", "90.0: {text} All in all {answer}."],
  ]);
});

Deno.test("written prompts are in the document, safe in its table, on the page and in a table of their own", async () => {
  const markdown = renderMarkdown(results);
  assert.match(markdown, /^### Written prompts\n\n\| method +\| templates \| mean \| +sd \| least/m);
  assert.match(markdown, /60\.0: \{text\} &#124; a \{answer\} one \|/);
  const { "report.html": page } = await renderPage(results);
  assert.match(page, /<caption[^>]*>[^<]*Written prompts/);
  const [row, ...others] = parse(renderPromptsCsv(results), { columns: true }) as Record<string, string>[];
  assert.equal(others.length, 0);
  assert.deepEqual([row.method, row.templates, row.least, row.greatest_template], [
    "hand-written",
    "3",
    "0.6",
    "{text} All in all {answer}.",
  ]);
  assert.ok(Math.abs(Number(row.sd) - 0.15) < 1e-12);
});

Deno.test("without several templates nothing is said of written prompts", () => {
  const one = groupResults([...writtenRecords.slice(0, 2), ...trained], []);
  assert.doesNotMatch(renderMarkdown(one), /Written prompts/);
  assert.equal(renderPromptsCsv(one), "");
});

Deno.test("what is not trained has not failed to learn where a seed is no better than the most frequent class", () => {
  const records = writtenRecords.map((record) => ({
    ...record,
    checks: { ...record.checks, flags: [{ name: "score at majority", raised: record.spec.seed === 0, detail: "" }] },
  }));
  const markdown = renderMarkdown(groupResults(records, []));
  assert.match(markdown, /score at majority/);
  assert.doesNotMatch(markdown, /failed to learn/);
});
