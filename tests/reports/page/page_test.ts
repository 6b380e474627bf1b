import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { parseHTML } from "linkedom";
import type { PageData } from "../../../reports/page/data.ts";
import { renderPage } from "../../../reports/page/mod.ts";
import { pack } from "../../../reports/page/pack.ts";
import { groupResults, type Results } from "../../../reports/results.ts";
import { readTexts } from "../../../reports/runs/texts.ts";
import type { RunRecord } from "../../../runs/study/record.ts";
import { tasks } from "../../../tasks/mod.ts";
import { hostile, hostileRecords } from "../hostile.ts";
import { makeRecord, type RecordChoice } from "../record-factory.ts";

const METHODS = ["full", "lora", "prompt-tuning"];

function study(methods: number, tasks: number, seeds: number, choice: RecordChoice = {}): RunRecord[] {
  return Array.from({ length: methods * tasks * seeds }, (_, index) => {
    const [method, task, seed] = [
      index % methods,
      Math.floor(index / methods) % tasks,
      Math.floor(index / methods / tasks),
    ];
    const accuracy = 0.7 + 0.02 * (method % 10) + 0.01 * ((seed * 7 + task) % 5);
    return makeRecord({ method: METHODS[method] ?? `m${method}`, task: `task-${task}`, seed, accuracy, ...choice });
  });
}

const pageOf = (records: RunRecord[]) => renderPage(groupResults(records, []))["report.html"];

/** Contents of the elements of a name, with their tags. */
function elements(html: string, name: string): { tag: string; content: string }[] {
  return [...html.matchAll(new RegExp(`(<${name}\\b[^>]*>)([\\s\\S]*?)</${name}>`, "g"))]
    .map(([, tag, content]) => ({ tag, content }));
}

/** Asserts what holds of every page: nothing runs but the page's own script, and nothing is fetched. */
function assertSafe(html: string): void {
  const [data, script, ...others] = elements(html, "script");
  assert.deepEqual(others, []);
  assert.equal(data.tag, '<script type="application/json" id="data">');
  assert.doesNotMatch(data.content, /[<>]/);
  const policy = html.match(/http-equiv="Content-Security-Policy" content="([^"]*)"/)![1];
  const hashOf = (content: string) => `'sha256-${createHash("sha256").update(content).digest("base64")}'`;
  const [style] = elements(html, "style");
  assert.equal(
    policy,
    `default-src 'none'; script-src ${hashOf(script.content)}; style-src ${
      hashOf(style.content)
    }; base-uri 'none'; form-action 'none'`,
  );
  const body = html.slice(html.indexOf("<body>"), html.indexOf("<script type"));
  for (const [tag] of body.matchAll(/<[a-z][^>]*>/gi)) {
    const outside = tag.replace(/="[^"]*"/g, "");
    assert.doesNotMatch(outside, /\s(on\w+|style|src)\b/i);
    assert.match(tag.match(/\shref="([^"]*)"/)?.[1] ?? "#", /^#/);
  }
  const [open, close] = [
    body.matchAll(/<(table|tr|td|th|ul|li|section|figure|svg)\b/g),
    body.matchAll(/<\/(table|tr|td|th|ul|li|section|figure|svg)>/g),
  ];
  assert.equal([...open].length, [...close].length);
}

Deno.test("the page needs no network, runs its own script alone, and has all tables without it", () => {
  const html = pageOf(study(3, 2, 3));
  assertSafe(html);
  const { document } = parseHTML(html) as unknown as { document: Element };
  const tables = [...document.querySelectorAll("#report table")];
  // An overview, and three tables for each of two tasks.
  assert.equal(tables.length, 7);
  for (const table of tables) {
    assert.ok(table.querySelector("caption")!.textContent.length > 0);
    assert.ok([...table.querySelectorAll("thead th")].every((cell) => cell.getAttribute("scope") === "col"));
    assert.deepEqual([...table.querySelectorAll("tbody th")].map((cell) => cell.textContent).sort(), METHODS);
  }
  assert.equal(document.querySelectorAll("#report svg[role=img] > title").length, 13);
});

/** The least of an element that is needed here. */
interface Element {
  textContent: string;
  getAttribute(name: string): string | null;
  querySelector(selector: string): Element | null;
  querySelectorAll(selector: string): Element[];
}

Deno.test("every score leads to a setting of the data, whose runs hold the scores that the records hold", () => {
  const records = study(3, 1, 2);
  const html = pageOf(records);
  const data = JSON.parse(elements(html, "script")[0].content);
  const linked = [...html.matchAll(/href="#setting\/([^"]+)"/g)].map(([, id]) => id);
  assert.deepEqual(linked.sort(), data.settings.map(({ id }: { id: string }) => id).sort());
  for (const run of data.runs) {
    const record = records.find(({ id }) => id === run.id)!;
    assert.equal(data.settings[run.setting].id, record.setting);
    assert.equal(run.test.accuracy, record.scores.test.accuracy);
    assert.ok(Math.abs(run.test.matthews - record.scores.test.matthews) < 1e-5);
    assert.deepEqual(run.losses, record.curve.stepLoss);
    assert.equal(data.tests[run.test_set].ids.length, 400);
  }
});

Deno.test("the columns of a table over tasks have the tasks' whole names", () => {
  const [overview] = elements(pageOf(study(3, 2, 3)), "thead");
  const headings = elements(overview.content, "button").map(({ content }) => content);
  assert.deepEqual(headings, ["method", "task-0", "task-1", "average", "mean rank"]);
});

Deno.test("notes below a table are whole, and say which times are those of a shared machine", () => {
  const citation = `${"An author, ".repeat(60)}https://doi.org/10.1000/end`;
  const change = (record: RunRecord) => {
    record.environment.started = "2026-01-01T00:00:00Z";
    record.model.citation = citation;
  };
  const html = pageOf(study(2, 1, 1, { change }));
  assert.ok(html.includes(`<li>${citation}</li>`));
  assert.match(html, /<li>The runs ran side by side with others: their times are those of a shared machine<\/li>/);
});

Deno.test("texts are shown of the examples that runs disagree on, where they are asked for", () => {
  const results = groupResults(study(2, 1, 1), []);
  const texts = new Map([["task-0", new Map(Array.from({ length: 400 }, (_, at) => [String(at), `<text> ${at}`]))]]);
  const testsOf = (given: Results) =>
    JSON.parse(elements(renderPage(given)["report.html"], "script")[0].content).tests as PageData["tests"];
  assert.deepEqual(testsOf(results).map((test) => test.texts), [undefined]);
  // Of 400 answers, the first 280 of the one run are right, and the first 288 of the other.
  const places = Array.from({ length: 8 }, (_, at) => [280 + at, `<text> ${280 + at}`]);
  assert.deepEqual(testsOf({ ...results, texts }).map((test) => test.texts), [Object.fromEntries(places)]);
  assertSafe(renderPage({ ...results, texts })["report.html"]);
});

Deno.test("what was generated is shown beside a reference, where texts are asked for", () => {
  const generating = study(2, 1, 1, {
    change: (record) => {
      const { method: [{ name }] } = record.spec;
      record.predictions = Array.from({ length: 60 }, (_, at) => ({
        ...{ id: `test/${at}`, references: [`right <b> ${at}`, "other"] },
        predicted: `${name} </script> says ${at}`,
      }));
    },
  });
  const results = groupResults(generating, []);
  const dataOf = (given: Results) =>
    JSON.parse(elements(renderPage(given)["report.html"], "script")[0].content) as {
      tests: { references?: string[] }[];
      runs: { generated?: string[] }[];
    };
  const without = dataOf(results);
  assert.deepEqual([without.tests[0].references, without.runs[0].generated], [undefined, undefined]);
  const { tests, runs } = dataOf({ ...results, texts: new Map() });
  assert.deepEqual([tests[0].references!.length, tests[0].references![3]], [50, "right <b> 3"]);
  const names = results.protocols[0].settings.map(({ method }) => method);
  assert.deepEqual(runs.map(({ generated }) => generated![49]), names.map((name) => `${name} </script> says 49`));
  assertSafe(renderPage({ ...results, texts: new Map() })["report.html"]);
});

Deno.test("texts are those of the task's data; tasks of users and of other versions have none", async () => {
  const { spec } = makeRecord({ task: "sentiment/amazon" });
  const [amazon] = (await readTexts([{ spec }])).values();
  const { pool } = await tasks["sentiment/amazon"].load();
  assert.equal(amazon.size, pool!.length);
  assert.equal(amazon.get(pool![7].id), pool![7].text);
  const without = [{ ...spec.task, version: 9 }, { ...spec.task, files: {} }, { name: "unknown", version: 1 }];
  for (const task of without) {
    assert.equal([...(await readTexts([{ spec: { task } }])).values()][0]?.size ?? 0, 0);
  }
});

Deno.test("packed numbers are the numbers, in as few bits as the largest needs", () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 0xffff })), (values) => {
    const { width, bits } = pack(values);
    assert.equal(width, Math.max(1, Math.max(0, ...values).toString(2).length));
    const text = [...atob(bits)].map((byte) => byte.charCodeAt(0).toString(2).padStart(8, "0")).join("");
    assert.equal(Math.ceil(width * values.length / 8) * 8, text.length);
    assert.deepEqual(values.map((_, at) => parseInt(text.slice(at * width, (at + 1) * width), 2)), values);
  }));
});

Deno.test("hostile texts in every field run no script and break no table", () => {
  for (const text of hostile) {
    const html = pageOf(hostileRecords(text));
    assertSafe(html);
    assert.ok(html.length < 600_000);
  }
});

Deno.test("a page of 1,000 runs is at most 3 MB", () => {
  const records = study(10, 10, 10, {
    change: ({ curve }) => curve.stepLoss = Array.from({ length: 76 }, (_, step) => Math.sin(step) / 7),
  });
  assert.ok(new TextEncoder().encode(pageOf(records)).length < 3e6);
});

Deno.test("of too many answers the page has none, and the rest of each run", () => {
  const many = Array.from({ length: 120_000 }, (_, at) => ({ id: `example ${at}`, label: 0, predicted: at % 2 }));
  const html = pageOf(study(2, 1, 1, { change: (record) => record.predictions = many }));
  const data = JSON.parse(elements(html, "script")[0].content);
  assert.deepEqual(data.tests, []);
  assert.equal(data.runs[0].answers, null);
  assert.ok(html.length < 3e6);
});
