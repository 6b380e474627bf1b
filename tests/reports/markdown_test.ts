import assert from "node:assert/strict";
import fc from "fast-check";
import { renderMarkdown } from "../../reports/markdown.ts";
import { groupResults } from "../../reports/results.ts";
import { renderTerminal } from "../../reports/terminal.ts";
import type { RunRecord, Scores } from "../../runs/study/record.ts";
import { makeRecord } from "./record-factory.ts";

/** A record with this text in every place that can hold any text. */
function recordWith(text: string): RunRecord {
  return makeRecord({
    method: "m",
    model: text,
    task: text,
    change: (record) => {
      record.spec.method[0].name = text;
      Object.assign(record.task, { labels: [text], labelling: text, licence: text, citation: text });
      Object.assign(record.model, { sha256: text, licence: text, citation: text });
      record.metrics[0].name = text;
      for (const scores of Object.values(record.scores)) (scores as Scores)[text] = 0.5;
      record.memory.peak = { value: null, reason: text };
      record.checks.flags = [{ name: text, raised: true, detail: text }];
      Object.assign(record.environment, { processor: text, os: text, arch: text });
      const known = { value: text };
      record.environment.device = { name: text, provider: text, hardware: known, driver: known };
      record.environment.versions = { [text]: text };
    },
  });
}

/** The structure of each line: heading, item or neither, and number of table cells. */
function skeleton(markdown: string): string[] {
  return markdown.split("\n").map((line) => `${line.match(/^(#+ | *- |)/)![0]}${line.split("|").length}`);
}

const hostile = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.array(
    fc.constantFrom(
      "|",
      "\\",
      "`",
      "\n",
      "\r",
      "<b>",
      "<!--",
      "&lt;",
      "*",
      "_",
      "# ",
      "- ",
      "[x](y)",
      "a",
      "\u2028",
      "\x1b[31m",
    ),
  )
    .map((parts) => parts.join("")),
);

Deno.test("no text changes the structure of the Markdown document", () => {
  const expected = renderMarkdown(groupResults([recordWith("x")], [{ path: "x", reason: "x" }]));
  fc.assert(fc.property(hostile, (text) => {
    const markdown = renderMarkdown(groupResults([recordWith(text)], [{ path: text, reason: text }]));
    assert.deepEqual(skeleton(markdown), skeleton(expected));
    assert.doesNotMatch(markdown, /[<`\\]/);
    assert.equal(markdown.split("*").length, expected.split("*").length);
  }));
});

Deno.test("an escaped text is shown unchanged", () => {
  const text = "a|b <i> `c` d_e _f_ g*h \\ & &amp; [i] 漢字";
  const markdown = renderMarkdown(groupResults([recordWith(text)], []));
  const heading = markdown.split("\n").find((line) => line.startsWith("## "))!;
  const shown = heading.replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));
  assert.equal(shown, `## ${text}, ${text}`);
  assert.ok(heading.includes("d_e"), "an underscore inside a word needs no escape");
});

Deno.test("no text adds lines or control characters to the terminal's text", () => {
  const lines = renderTerminal(groupResults([recordWith("x")], [])).split("\n").length;
  fc.assert(fc.property(hostile, (text) => {
    const shown = renderTerminal(groupResults([recordWith(text)], []));
    assert.equal(shown.split("\n").length, lines);
    assert.doesNotMatch(shown.replaceAll("\n", ""), /[\p{Cc}\u202A-\u202E\u2066-\u2069]/u);
  }));
});

Deno.test("columns are aligned where characters are two columns wide", () => {
  const results = groupResults([makeRecord({ method: "漢字" }), makeRecord({ method: "four" })], []);
  const [wide, narrow] = renderMarkdown(results).split("\n").filter((line) => /^\| (漢字|four)/.test(line))
    .sort((x, y) => x.length - y.length);
  assert.equal(wide.length + 2, narrow.length);
  const [terminalWide, terminalNarrow] = renderTerminal(results).split("\n").filter((line) => /^(漢字|four)/.test(line))
    .sort((x, y) => x.length - y.length);
  assert.equal(terminalWide.length + 2, terminalNarrow.length);
});

Deno.test("a row shows score with interval, parameters, bytes, memory and time, the best in bold", () => {
  const lora = [0, 1, 2].map((seed) => makeRecord({ seed, accuracy: 0.84 + 0.01 * seed }));
  const full = [0, 1, 2].map((seed) => makeRecord({ method: "full", seed, accuracy: 0.64 + 0.01 * seed }));
  const results = groupResults([...full, ...lora], []);
  const cells = (line: string) => line.split("|").map((cell) => cell.trim());
  const [header, , best, other] = renderMarkdown(results).split("\n").filter((line) => line.startsWith("|")).map(cells);
  assert.deepEqual(header, [
    "",
    "method",
    "accuracy %",
    "seeds",
    "trained",
    "% of model",
    "stored",
    "planned",
    "training",
    "peak",
    "time",
    "",
  ]);
  // Half the interval: 4.303 · 1 / √3 = 2.5 points.
  assert.deepEqual(best, [
    "",
    "lora",
    "**85.0 ± 2.5**",
    "3",
    "25,602",
    "2.56",
    "100 KiB",
    "120 MiB",
    "100 MiB",
    "300 MiB",
    "2.5 s",
    "",
  ]);
  assert.equal(other[2], "65.0 ± 2.5");
  const terminal = renderTerminal(results);
  assert.match(terminal, /^lora +\* 85\.0 ± 2\.5 +3 +25,602 /m);
  assert.match(terminal, /^full +65\.0 ± 2\.5 +3 /m);
  assert.match(terminal, /^majority 50\.0; \* best/m);
});

Deno.test("with one seed there is no interval and nothing is bold", () => {
  const results = groupResults([makeRecord(), makeRecord({ method: "full", accuracy: 0.9 })], []);
  assert.match(renderMarkdown(results), /^\| full +\| +90\.0 \|/m);
  assert.doesNotMatch(renderTerminal(results), /\*|±/);
});

Deno.test("flags, environments and reasons why something was not measured are listed with method and seeds", () => {
  const runs = [0, 1, 2].map((seed) =>
    makeRecord({
      seed,
      change: (record) => {
        record.checks.flags[0] = { name: "at majority", raised: seed > 0, detail: "50.0 %" };
        if (seed === 2) record.memory.peak = { value: null, reason: "inherited" };
        if (seed === 2) record.environment.threads = 1;
        record.environment.suite.dirty = true;
      },
    })
  );
  const markdown = renderMarkdown(groupResults(runs, [{ path: "runs/x.json", reason: "not JSON" }]));
  for (
    const line of [
      "- Majority: 50.0, always answering the class most frequent in training",
      "- These runs are from environments 1, 2; compare their time and memory with care.",
      "  - at majority: 50.0 %: lora (seeds 1, 2)",
      "  - peak memory: inherited: lora (seed 2)",
      "- Environment 1: 1 run, started 2026-01-01T00:00:02Z to 2026-01-01T00:00:02Z",
      "- Environment 2: 2 runs, started 2026-01-01T00:00:00Z to 2026-01-01T00:00:01Z",
      `  - TuneBench 0.1.0, commit 0123abcd, with uncommitted changes, lock file ${"ef".repeat(32)}`,
      "  - 1 thread on Some CPU, 2 cores, 8.0 GiB; linux x86_64",
      "- **lora**: epochs 4, headLearningRate 0.003, learningRate 0.001",
      "- Task sentiment/amazon, version 1",
      "- Model use-lite, revision 0.2.0",
      "- File runs/x.json: not JSON",
    ]
  ) assert.ok(markdown.split("\n").includes(line), line);
  assert.match(markdown, /\| at majority 2\/3 \|/);
});
