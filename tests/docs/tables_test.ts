import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { parse as parseJsonc } from "jsonc-parser";
import { join } from "node:path";
import { permissions } from "../../cli/start/permissions.ts";
import config from "../../deno.json" with { type: "json" };
import { differenceColumns, promptColumns, resultColumns, runColumns, trialColumns } from "../../docs/columns.ts";
import type { Method } from "../../methods/types.ts";
import { architectures } from "../../models/mod.ts";
import type { BackboneShape, Hooks, LinearSite } from "../../models/types.ts";
import {
  renderDifferencesCsv,
  renderPromptsCsv,
  renderResultsCsv,
  renderRunsCsv,
  renderTrialsCsv,
} from "../../reports/text/csv.ts";
import { groupResults } from "../../reports/results.ts";
import { tableOf as reportTable } from "../../reports/table.ts";
import { cellsOf } from "../../runs/launch/cells.ts";
import { trainingDefaults } from "../../runs/study/training-defaults.ts";
import { countPoints } from "../../runs/study/points/grid.ts";
import { presets } from "../../runs/study/presets.ts";
import type { TrainingSpec } from "../../runs/study/spec.ts";
import { parseStudy, type Study } from "../../runs/study/study.ts";
import { makeRecord } from "../reports/record-factory.ts";
import { writtenRecords } from "../reports/written-records.ts";
import { blocksIn, codeMarks, pages, root, tableOf } from "./pages.ts";

const flagged = makeRecord({ change: ({ checks }) => checks.flags.forEach((flag) => flag.raised = true) });
const results = groupResults([flagged, makeRecord({ method: "full" })], []);

Deno.test("docs/reports.md explains every column of a table", () => {
  const { header } = reportTable(results.protocols[0], { text: (text) => text, best: (score) => score });
  const explained = tableOf("docs/reports.md", "column").map(([title]) => title);
  assert.deepEqual(explained, header.slice(1));
});

Deno.test("every column of the CSV files is explained, in their order", () => {
  const header = (csv: string) => csv.split("\n")[0].split(",");
  const [first, ...others] = results.runs[0].metrics.map(({ name }) => name);
  const columns = (table: Record<string, string>, metrics: readonly string[]) =>
    Object.keys(table).flatMap((name) =>
      name.includes("METRIC") ? metrics.map((metric) => name.replace("METRIC", metric)) : [name]
    );
  assert.deepEqual(columns(resultColumns, others), header(renderResultsCsv(results)));
  assert.deepEqual(columns(runColumns, [first, ...others].sort()), header(renderRunsCsv(results)));
  assert.deepEqual(Object.keys(differenceColumns), header(renderDifferencesCsv(results)));
  assert.deepEqual(Object.keys(trialColumns), header(renderTrialsCsv(results)));
  assert.deepEqual(Object.keys(promptColumns), header(renderPromptsCsv(groupResults(writtenRecords, []))));
});

Deno.test("docs/models.md says what the classifier reads of every kind of model", () => {
  const rows = tableOf("docs/models.md", "`model_type`", "What the classifier reads");
  assert.deepEqual(rows.flatMap(([type]) => codeMarks(type)), Object.keys(architectures));
});

/** A key that is missing here fails the type check. */
const studyKeys: Record<keyof Study, true> = {
  models: true,
  tasks: true,
  taskFiles: true,
  methods: true,
  from: true,
  head: true,
  seeds: true,
  data: true,
  device: true,
  precision: true,
  memory: true,
  training: true,
  exclude: true,
  tuning: true,
  plugins: true,
  trial: true,
};

/** What each key of training is where a study leaves it out; null: the method says, or it is left out. */
const trainingKeys: Record<keyof TrainingSpec, number | null> = {
  epochs: null,
  ...trainingDefaults,
  headLearningRate: trainingDefaults.headLearningRate!,
  patience: trainingDefaults.patience!,
  outputLength: 64,
  chat: null,
  temperature: 0,
  topP: 1,
  beams: 1,
  stop: null,
};

Deno.test("docs/studies.md names every key of a study", () => {
  const named = tableOf("docs/studies.md", "key", "A study of your own").flatMap(([key]) => codeMarks(key));
  assert.deepEqual(named.sort(), Object.keys(studyKeys).sort());
});

Deno.test("docs/studies.md names every key of training with its default", () => {
  const named = tableOf("docs/studies.md", "key", "Training").map(([key, value]) => [
    codeMarks(key)[0],
    codeMarks(value).map(Number)[0] ?? null,
  ]);
  assert.deepEqual(Object.fromEntries(named), trainingKeys);
});

const gpt2 = fileURLToPath(new URL("../golden/A/gpt2/model", import.meta.url));

Deno.test("every study that a page shows is a valid one, and has as many cells as its names say", async () => {
  const studies = blocksIn("json");
  assert.ok(studies.length >= 2);
  for (const { page, file, code } of studies) {
    assert.ok(file?.endsWith(".json"), page);
    const study = parseStudy(parseJsonc(code), presets.quick.study);
    // The command of the page names a language model.
    const cells = await cellsOf(study.head ? { ...study, models: [gpt2] } : study);
    const { data, training, methods, tasks, seeds, tuning } = study;
    const count = (1 + (tuning?.trials ?? 0)) * tasks.length * seeds.length * countPoints({ data, training }) *
      methods.map(countPoints).reduce((sum, points) => sum + points, 0);
    if (study.exclude) assert.ok(cells.length < count, page);
    else assert.equal(cells.length, count, page);
  }
});

/** A part that is missing here fails the type check; `plugin` is set by who loads it, and what is untrained is built in. */
const methodParts: Record<Exclude<keyof Method, "plugin" | "untrained" | "examples">, true> = {
  name: true,
  version: true,
  description: true,
  paper: true,
  options: true,
  space: true,
  parameters: true,
  trains: true,
  frozen: true,
  count: true,
  virtualTokens: true,
  requireBounds: true,
  identityAtStart: true,
  hooks: true,
  plain: true,
  peft: true,
  merged: true,
};

const hooks: Record<keyof Hooks, true> = {
  prompt: true,
  prefix: true,
  input: true,
  linear: true,
  layer: true,
  reading: true,
};

Deno.test("docs/extending.md explains every part of a method, and every hook", () => {
  const named = (title: string) => tableOf("docs/extending.md", title, "A method").flatMap(([name]) => codeMarks(name));
  assert.deepEqual(named("part").sort(), Object.keys(methodParts).sort());
  assert.deepEqual(named("hook").sort(), Object.keys(hooks).sort());
});

/** Fields of the contract of models that docs/extending.md explains to authors of methods; a wrong name fails the type check. */
const shapeFields: (keyof BackboneShape)[] = [
  "linears",
  "sublayerOutputs",
  "attentionHeads",
  "queryHeads",
  "keyValueWidths",
  "loraTargets",
  "ia3Targets",
  "weights",
  "biases",
  "norms",
  "embeddingWidth",
  "encoderDecoder",
  "withoutCache",
];

const siteFields: Record<keyof LinearSite, true> = {
  name: true,
  role: true,
  layer: true,
  in: true,
  out: true,
  outputFirst: true,
};

Deno.test("docs/extending.md explains what a method is given: fields of the model's shape, and every field of a linear map", () => {
  const first = (title: string) => tableOf("docs/extending.md", title, "A method").flatMap(([name]) => codeMarks(name));
  assert.deepEqual(first("field"), shapeFields);
  assert.deepEqual(first("of a linear map").sort(), Object.keys(siteFields).sort());
});

Deno.test("docs/extending.md explains every field of a model's shape that a method reads", async () => {
  const read = new Set<string>();
  for await (const path of sources(join(root, "methods"))) {
    const text = await Deno.readTextFile(path);
    for (const [, field] of text.matchAll(/\bshape\.(\w+)/g)) read.add(field);
  }
  read.delete("length");
  const explained: readonly string[] = shapeFields;
  assert.ok(read.has("linears") && read.has("keyValueWidths"));
  for (const field of read) assert.ok(explained.includes(field), field);
});

Deno.test("docs/security.md says of every command what it may touch", () => {
  for (const name of Object.keys(permissions)) {
    assert.match(pages.get("docs/security.md")!.text, new RegExp(`^\\| \`(\\w+ )?${name}\` `, "m"), name);
  }
});

/** Variables of the platform, and those that only set what others read. */
const PLATFORM = /^(HOME|USERPROFILE|LOCALAPPDATA|XDG_CACHE_HOME|TF_\w+|ORT_\w+|NVIDIA_\w+|SLURM_\w+)$/;

Deno.test("docs/commands.md names every environment variable that the source reads", async () => {
  const variables = new Set<string>();
  for (const folder of ["base", "engine", "models", "methods", "tasks", "runs", "reports", "cli", "perf"]) {
    for await (const path of sources(join(root, folder))) {
      const text = await Deno.readTextFile(path);
      for (const [, name] of text.matchAll(/Deno\.env\.(?:get|has)\("(\w+)"\)/g)) variables.add(name);
      for (const [name] of text.matchAll(/\bTUNEBENCH_[A-Z_]+\b/g)) variables.add(name);
    }
  }
  const named = new Set(tableOf("docs/commands.md", "variable").flatMap(([name]) => codeMarks(name)));
  assert.ok(variables.has("TUNEBENCH_CACHE") && variables.has("HF_TOKEN"));
  for (const name of variables) if (!PLATFORM.test(name)) assert.ok(named.has(name), name);
});

/** The TypeScript files under a folder. */
async function* sources(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* sources(join(folder, name));
    else if (name.endsWith(".ts")) yield join(folder, name);
  }
}

Deno.test("docs/install.md says of every package why it is there", () => {
  const rows = tableOf("docs/install.md", "package", "What each package costs");
  assert.deepEqual(rows.flatMap(([names]) => codeMarks(names)).sort(), Object.keys(config.imports).sort());
});
