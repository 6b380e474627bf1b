import assert from "node:assert/strict";
import Ajv from "ajv/dist/2020.js";
import { parse as parseJsonc } from "jsonc-parser";
import { assembleKernels, renderSchema, schemas } from "../../docs/generate.ts";
import { presets } from "../../runs/study/presets.ts";
import { parseStudy } from "../../runs/study/study.ts";
import { parseDescription } from "../../tasks/described/described.ts";
import { blocksIn } from "./pages.ts";

const read = (path: string) => Deno.readTextFile(new URL(`../../${path}`, import.meta.url));
const ajv = new Ajv.default({ strict: true, allowUnionTypes: true });
for (const keyword of ["allowComments", "allowTrailingCommas"]) ajv.addKeyword(keyword);
const isStudy = ajv.compile(JSON.parse(await read("schema/study.json")));
const isTask = ajv.compile(JSON.parse(await read("schema/task.json")));

for (const path of Object.keys(schemas)) {
  Deno.test(`${path} is as the code is (deno task docs writes it)`, async () => {
    assert.equal(await read(path), renderSchema(path));
  });
}

Deno.test("every preset and every study of the docs is valid by the JSON Schema", async () => {
  for (const name of Object.keys(presets)) {
    const file = JSON.parse(await read(`runs/presets/${name}.json`));
    assert.ok(isStudy(file), `${name}: ${ajv.errorsText(isStudy.errors)}`);
    assert.ok(isStudy(presets[name].study), name);
  }
  const studies = blocksIn("json");
  assert.ok(studies.length >= 3);
  for (const { page, code } of studies) {
    assert.ok(isStudy(parseJsonc(code)), `${page}: ${ajv.errorsText(isStudy.errors)}`);
  }
});

Deno.test("every description of a task in the docs is valid by the JSON Schema and read by the code", () => {
  const descriptions = blocksIn("jsonc");
  assert.ok(descriptions.length >= 1);
  for (const { page, code } of descriptions) {
    const value = parseJsonc(code);
    assert.ok(isTask(value), `${page}: ${ajv.errorsText(isTask.errors)}`);
    parseDescription(value);
  }
});

Deno.test("what is refused in a description's form, the JSON Schema refuses, too", () => {
  const data = "a.csv";
  const columns = { text: "a", label: "b" };
  const wrong = [
    {},
    { data },
    { data, columns: { text: "a" } },
    { data, columns: { ...columns, txt: "c" } },
    { data: { test: "a.csv" }, columns },
    { data: { train: "a.csv", dev: "b.csv" }, columns },
    { data, columns, kind: "ranking" },
    { data, columns, name: "a b" },
    { data, columns, name: "../a" },
    { data, columns, version: 0 },
    { data, columns, labels: ["one"] },
    { data, columns, labels: [{}, "b"] },
    { data, columns, labels: { 0: "one" } },
    { data: { train: "hub:a/b" }, columns },
    { data: "hub:a/b", columns, splits: { test: "test" } },
    { data: "hub:a/b", columns, config: "" },
    { data, columns, metrics: ["blue"] },
    { data, columns: { ...columns, references: "c" } },
    { data, columns, encoding: "ebcdic" },
    { data, columns, missing: "keep" },
  ];
  assert.ok(isTask({ data, columns }));
  assert.ok(isTask({ data, kind: "generation", columns: { text: "a", references: ["b", "c"] } }));
  assert.ok(
    isTask({ data: "hub:a/b@v1", config: "c", splits: { train: "t" }, columns, labels: { 0: "no", 1: "yes" } }),
  );
  for (const value of wrong) {
    const shown = JSON.stringify(value);
    assert.throws(() => parseDescription(value), shown);
    assert.ok(!isTask(value), shown);
  }
});

Deno.test("what bench refuses in a study's form, the JSON Schema refuses, too", () => {
  const wrong = [
    [],
    { method: ["lora"] },
    { seeds: [] },
    { seeds: [-1] },
    { seeds: [0.5] },
    { methods: [3] },
    { data: { train: 0 } },
    { data: { train: { grid: [] } } },
    { data: { train: { grid: [1, 1] } } },
    { data: { train: { grid: [1], step: 1 } } },
    { methods: [{ lora: { rank: { grid: [] } } }] },
    { methods: [{ lora: { rank: { grid: [1, 1] } } }] },
    { methods: [{ lora: { rank: { grid: [1], step: 1 } } }] },
    { training: { clip: 0 } },
    { training: { chat: false } },
    { memory: "large" },
    { exclude: [{ tasks: [] }] },
    { tuning: {} },
    { tuning: { trials: 1 } },
    { tuning: { trials: 2.5 } },
    { tuning: { trials: 2, spaces: { lora: { rank: [4] } } } },
    { tuning: { trials: 2, spaces: { lora: { rank: 4 } } } },
    { tuning: { trials: 2, spaces: { lora: { rank: { from: 1 } } } } },
    { trial: false },
    { tasks: [{ data: "a.csv" }] },
  ];
  for (const value of wrong) {
    const shown = JSON.stringify(value);
    assert.throws(() => parseStudy(value, presets.quick.study), shown);
    assert.ok(!isStudy(value), shown);
  }
});

Deno.test("AdamW's kernel is what its source assembles to (deno task docs writes it)", async () =>
  assert.deepEqual(await Deno.readFile(new URL("../../engine/adamw.wasm", import.meta.url)), await assembleKernels()));
