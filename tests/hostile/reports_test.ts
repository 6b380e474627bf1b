/**
 * Hostile texts in every field of records: the reports stay what they are. The tests try a few; `deno task test:hostile` tries 100.
 */
import assert from "node:assert/strict";
import { parse } from "csv-parse/sync";
import { parseHTML } from "linkedom";
import { reportFormats } from "../../reports/mod.ts";
import { groupResults } from "../../reports/results.ts";
import { renderTerminal } from "../../reports/text/terminal.ts";
import { hostile, hostileRecords } from "../reports/hostile.ts";

/** Texts with a meaning in spreadsheets, Markdown and LaTeX, besides those that the tests of single reports have. */
const OTHERS = [
  "=1+1",
  "+cmd|' /C calc'!A0",
  "-2+3",
  "@SUM(1)",
  "\t=1",
  "\r=1",
  '=HYPERLINK("http://example.org","x")',
  "|a|b|",
  "[x](javascript:alert(1))",
  "![x](http://example.org/x.png)",
  "# heading\n- item",
  "```\ncode",
  "[x]: http://example.org",
  "<details open ontoggle=alert(1)>",
  "\\input{/etc/passwd}",
  "\\end{tabular}\\write18{id}",
  "$\\frac{1}{0}$ & % # _ ^ ~ { }",
  "a & b \\\\ c",
  "\u001b]0;title\u0007",
  "\u001b[2J\u001b[1;1H",
  "\u009b31m",
  "\u200e\u200f\u061c",
];

const ALL = [...hostile, ...OTHERS];

/** 100 texts: each, then each after another, in one text. */
const TEXTS = [
  ...ALL,
  ...ALL.map((text, at) => `${OTHERS[at % OTHERS.length]}${text}`),
  ...ALL.map((text) => `=${text}`),
]
  .slice(0, 100);

// What moves the cursor, changes colours or turns the direction of text.
// deno-lint-ignore no-control-regex
const CONTROL = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202A-\u202E\u2066-\u2069]/;

/** The least of an element of linkedom that is needed here. */
interface Element {
  localName: string;
  attributes: Iterable<{ name: string; value: string }>;
  children: { length: number };
  querySelectorAll(selector: string): Iterable<Element> & { length: number };
}

/** Asserts that nothing in a page or a figure runs or is fetched, and that tables have their columns. */
function assertHarmless(markup: string, scripts: number, text: string): void {
  const { document } = parseHTML(markup) as unknown as { document: Element };
  const elements = [...document.querySelectorAll("*")];
  const named = (name: string) => elements.filter(({ localName }) => localName === name).length;
  assert.deepEqual(["script", "foreignObject", "image", "img", "iframe"].map(named), [scripts, 0, 0, 0, 0], text);
  for (const element of elements) {
    for (const { name, value } of element.attributes) {
      assert.ok(!/^on|^src$/.test(name), `${name} of ${element.localName} in ${text}`);
      if (name === "href") assert.match(value, /^#/);
    }
  }
  for (const table of document.querySelectorAll("table")) {
    const columns = table.querySelectorAll("thead th").length;
    for (const row of table.querySelectorAll("tbody tr")) assert.equal(row.children.length, columns, text);
  }
}

const texts = Deno.env.get("TUNEBENCH_HOSTILE") ? TEXTS : TEXTS.filter((_, at) => at % 40 === 5);

Deno.test("hostile texts in every field bring no script, formula, command or escape sequence into a report", async () => {
  for (const text of texts) {
    const results = groupResults(hostileRecords(text), [{ path: text, reason: text }]);
    const shown = JSON.stringify(text);
    for (const format of Object.values(reportFormats)) {
      for (const [file, content] of Object.entries(await format.files(results))) {
        assert.doesNotMatch(content, CONTROL, `${file}, ${shown}`);
        if (file === "report.html") assertHarmless(content, 2, shown);
        if (file.endsWith(".svg")) assertHarmless(content, 0, shown);
        if (file.endsWith(".md")) {
          assert.doesNotMatch(content.replace("[How to read the tables](#", ""), /<|\]\(/, shown);
        }
        if (file.endsWith(".tex")) assert.doesNotMatch(content, /\\(input|write|end\{tabular\}\\)/, shown);
        if (!file.endsWith(".csv")) continue;
        const [header, ...rows] = parse(content) as string[][];
        for (const cell of [header, ...rows].flat()) {
          assert.ok(!/^[=+@\t\r]|^-(?!\d)/.test(cell), `${file}: ${cell.slice(0, 50)}`);
        }
      }
    }
    assert.doesNotMatch(renderTerminal(results), CONTROL, shown);
  }
});
