import assert from "node:assert/strict";
import { drawFigures, MOST_TABLES } from "../../../reports/figures/mod.ts";
import { type Figure, svgFile } from "../../../reports/figures/drawing.ts";
import { undistinguished } from "../../../reports/figures/ranks.ts";
import { paretoFront } from "../../../reports/figures/score-by-cost.ts";
import { methodStyles, MOST_ROWS } from "../../../reports/figures/style.ts";
import { sweepsOf } from "../../../reports/figures/sweep.ts";
import { groupResults } from "../../../reports/results.ts";
import type { RunRecord } from "../../../runs/study/record.ts";
import { hostile, hostileRecords } from "../hostile.ts";
import { makeRecord, type RecordChoice } from "../record-factory.ts";

const METHODS = ["full", "lora", "lora+prompt-tuning"];

function study(choice: RecordChoice = {}, methods = METHODS, seeds = [0, 1, 2]): RunRecord[] {
  return methods.flatMap((method, index) =>
    seeds.map((seed) =>
      makeRecord({ method, seed, accuracy: 0.8 + 0.01 * ((seed * 7 + index * 3) % 5) - 0.1 * (index % 3), ...choice })
    )
  );
}

function figuresOf(records: RunRecord[]): Figure[] {
  const { overviews, protocols } = drawFigures(groupResults(records, []));
  return [...overviews, ...protocols].flatMap((figures) => figures ?? []);
}

const kindsOf = (records: RunRecord[]) => figuresOf(records).map(({ kind }) => kind);

/** Asserts that a text is XML without scripts: every element that opens closes, and no sign stands for itself. */
function assertWellFormed(svg: string): void {
  const open: string[] = [];
  const body = svg.replace(/^<\?xml[^>]*\?>/, "");
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(body, /[\u0000-\u0008\u000b\u000c\u000e-\u001f\uFFFE\uFFFF]/);
  const rest = body.replace(
    /<(\/?)([A-Za-z]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/g,
    (_, end, name, attributes, empty) => {
      assert.ok(!["script", "a", "foreignObject"].includes(name), name);
      assert.doesNotMatch(attributes, /\s(on\w+|href|style)=/);
      if (end) assert.equal(open.pop(), name);
      else if (!empty) open.push(name);
      return "";
    },
  );
  assert.deepEqual(open, []);
  assert.doesNotMatch(rest, /<|&(?!amp;|lt;|gt;|quot;|apos;|#\d+;)/);
}

Deno.test("a table has the figures that it has data for, each with a title and a description for those who cannot see it", () => {
  const figures = figuresOf(study());
  const kinds = ["differences", "seeds", "score-by-parameters", "score-by-memory", "curves", "memory"];
  assert.deepEqual(figures.map(({ kind }) => kind), kinds);
  for (const figure of figures) {
    const svg = svgFile(figure);
    assertWellFormed(svg);
    assert.match(svg, / role="img"/);
    assert.match(svg, /<svg [^>]*><title>[A-Z][^<]+: sentiment\/amazon, use-lite<\/title><desc>[^<]+<\/desc>/);
    assert.ok(svg.includes("full"));
  }
});

Deno.test("one setting, one epoch, nothing compared: figures without data are not drawn", () => {
  assert.deepEqual(kindsOf(study({}, ["lora"])), []);
  const brief = study({ change: (record) => record.curve.validation.splice(1) });
  assert.ok(!kindsOf(brief).includes("curves"));
  const apart = [makeRecord({ method: "full", seed: 0 }), makeRecord({ method: "lora", seed: 1 })];
  assert.ok(!kindsOf(apart).includes("differences"));
});

Deno.test("over two tasks methods are ranked, and what the critical difference joins has a bar", () => {
  const tasks = ["sentiment/amazon", "sentiment/yelp"].flatMap((task) => study({ task }));
  const [ranks] = figuresOf(tasks);
  assert.equal(ranks.kind, "ranks");
  assert.match(ranks.values, /^Critical difference 2\.34\. full 1\.00, lora 2\.00, lora\+prompt-tuning 3\.00\.$/);
  assert.deepEqual(undistinguished([1, 2, 2.5, 4, 5], 1.6), [[0, 2], [2, 3], [3, 4]]);
  assert.deepEqual(undistinguished([1, 3, 5], 1), []);
});

Deno.test("settings of a method that differ in one numeric option are drawn against it", () => {
  const ranks = [2, 4, 16].flatMap((rank) => study({ options: { rank, alpha: 8 } }, ["lora"]));
  const results = groupResults([...ranks, ...study({}, ["full"])], []);
  const [sweep, ...others] = sweepsOf(results.protocols[0]);
  assert.deepEqual(others, []);
  assert.equal(sweep.option, "rank");
  assert.deepEqual(sweep.points.map(({ value }) => value), [2, 4, 16]);
  assert.ok(kindsOf(ranks).includes("score-by-rank"));
  const two = [[2, 1], [4, 2]].flatMap(([rank, alpha]) => study({ options: { rank, alpha } }, ["lora"]));
  assert.ok(!kindsOf(two).some((kind) => kind.startsWith("score-by-rank")));
});

Deno.test("the Pareto front has the points than which none is both better and cheaper", () => {
  const points = [{ x: 1, y: 5 }, { x: 2, y: 4 }, { x: 2, y: 7 }, { x: 3, y: 7 }, { x: 4, y: 9 }];
  assert.deepEqual(paretoFront(points, "higher"), [points[0], points[2], points[4]]);
  assert.deepEqual(paretoFront(points, "lower"), [points[0], points[1]]);
});

Deno.test("a method has one colour and symbol in all figures, and no two methods have the same", () => {
  const methods = Array.from({ length: 40 }, (_, index) => `m${index}`);
  const results = groupResults(study({}, methods, [0]), []);
  const styles = [...methodStyles(results).values()].map((style) => JSON.stringify(style));
  assert.equal(new Set(styles).size, 40);
  const colour = methodStyles(groupResults(study(), [])).get("lora")!.colour;
  for (const { kind, svg } of figuresOf(study())) if (kind !== "memory") assert.ok(svg.includes(colour), kind);
});

Deno.test("of many settings a figure shows the best and says so, and of many tables the largest have figures", () => {
  const many = Array.from({ length: MOST_ROWS + 5 }, (_, index) => `m${index}`);
  const seeds = figuresOf(study({}, many, [0])).find(({ kind }) => kind === "seeds")!;
  assert.ok(seeds.caption.endsWith(`Shown are the best ${MOST_ROWS} of ${MOST_ROWS + 5}.`));
  const tasks = Array.from({ length: MOST_TABLES + 2 }, (_, index) => study({ task: `task-${index}` }, METHODS, [0]))
    .flat();
  const { protocols } = drawFigures(groupResults(tasks, []));
  assert.equal(protocols.filter((figures) => figures !== null).length, MOST_TABLES);
});

Deno.test("hostile texts in every field leave figures well-formed and of bounded size", () => {
  for (const text of hostile) {
    for (const figure of figuresOf(hostileRecords(text))) {
      const svg = svgFile(figure);
      assertWellFormed(svg);
      assert.ok(svg.length < 60_000, figure.kind);
    }
  }
});
