/**
 * Studies that make given runs: the way back from specs.
 * @module
 */
import { createHash } from "node:crypto";
import { formatHubName, parseHubName } from "../../models/hub/name.ts";
import { canonical, methodName, type RunSummary } from "./record.ts";
import type { Description } from "../../tasks/described/description.ts";
import { keptPath } from "../plugins/kept.ts";
import { pluginsOf, type RunSpec } from "./spec.ts";
import type { MethodEntry, Study } from "./study.ts";
import type { TrialRecord } from "./tuning/trial-record.ts";
import { trainingDefaults } from "./training-defaults.ts";
import { type HeadSpec, LANGUAGE_MODEL, type StudyHead } from "./words/head.ts";

/** What a study needs in the folder that it is run from. */
export interface Needed {
  /** Where the study expects it. */
  path: string;
  /** What has to be there, with its checksums. */
  what: string;
}

/** Studies, and what they need besides TuneBench. */
export interface RebuiltStudies {
  /** Each is a whole product of models, tasks, methods and seeds; together they make the given runs and no others. */
  studies: Study[];
  /** Files of users, by path. */
  needed: Needed[];
}

/** A run, as a study names it. */
interface Run {
  model: string;
  task: Study["tasks"][number];
  method: MethodEntry;
  seed: number;
  /** What all runs of a study share. */
  common: Omit<Study, "models" | "tasks" | "methods" | "seeds">;
}

/**
 * The studies that make these runs. The order of the records does not matter. The study of a tuned run makes its trials, too; those of
 * other trials make trials alone.
 */
export function studiesOf(records: readonly (RunSummary | TrialRecord)[]): RebuiltStudies {
  const needed = new Map<string, Needed>();
  const need = (path: string, what: string) => {
    needed.set(path, { path, what });
    return path;
  };
  const made = new Set(
    records.flatMap((record) => "tuning" in record ? record.tuning?.trials.map(({ id }) => id) ?? [] : []),
  );
  const runs = records.filter(({ id }) => !made.has(id)).map((record) => runOf(record, need));
  const used = [...new Set(records.flatMap(({ spec }) => pluginsOf(spec)))].sort();
  const plugins = used.length === 0 ? {} : { plugins: used.map(keptPath) };
  const studies = grouped(runs, ({ common }) => common).flatMap(([common, runs]) =>
    productsOf(runs).map((product) => ({ ...product, ...common, ...plugins }))
  );
  return { studies, needed: [...needed.values()].sort((a, b) => (a.path < b.path ? -1 : 1)) };
}

function runOf(record: RunSummary | TrialRecord, need: (path: string, what: string) => string): Run {
  const { spec } = record;
  const { task, data, device, precision, memory, head, from, tuning, trial } = spec;
  const method = Object.fromEntries(spec.method.map(({ name, options }) => [name, options]));
  const files = task.files && !task.dataset && !task.described ? { taskFiles: need(...taskFilesOf(spec)) } : {};
  const start = from === undefined ? {} : {
    from: need(`./adapters/${from.sha256.slice(0, 16)}`, `the adapter whose files have the SHA-256 ${from.sha256}`),
  };
  const { perClass, test } = data;
  const common = {
    data: perClass === undefined ? data : { perClass, test },
    ...files,
    ...start,
    device,
    ...precision !== "float32" && { precision },
    ...memory && { memory },
    ...head && { head: headOf(head, record.task.labels) },
    ...tuning && { tuning: { trials: tuning.trials, spaces: tuning.space } },
    ...trial && { trial },
    training: trainingOf(record),
  };
  return { model: modelOf(spec.model, need), task: taskOf(spec, need), method, seed: spec.seed, common };
}

/** A language model's head as studies have it. */
function headOf({ template, words, normalise }: HeadSpec, labels: readonly string[]): StudyHead {
  return {
    name: LANGUAGE_MODEL,
    templates: [template],
    words: Object.fromEntries(labels.map((label, at) => [label, words[at]])),
    ...normalise && { normalise },
  };
}

/** A task as studies have it: its name, or its description, whose files are expected in a folder under the names of their splits. */
function taskOf({ task }: RunSpec, need: (path: string, what: string) => string): Study["tasks"][number] {
  const { name, version, files = {}, dataset, described } = task;
  if (!described) return name;
  const { description, labelling, licence, citation, published, labels, values, ...reading } = described;
  const remarks = Object.entries({ description, labelling, licence, citation }).filter(([, words]) =>
    words !== undefined
  );
  return {
    name,
    ...version > 1 && { version },
    ...Object.fromEntries(remarks),
    data: dataOf(task, need),
    ...published && { published },
    // A number has none, and columns that stand for labels name them.
    ...labels.length > 0 && !Array.isArray(described.columns.label) && {
      labels: values ? Object.fromEntries(values.map((value, at) => [value, labels[at]])) : labels,
    },
    ...reading,
    // It was asked for if a text is in two of the splits.
    ...!dataset && (files.pool === undefined || described.columns.split !== undefined) && { allowOverlap: true },
  };
}

/** The data of a description: on the hub, or files that are expected in a folder under the names of their splits. */
function dataOf(task: RunSpec["task"], need: (path: string, what: string) => string): Description["data"] {
  const { files = {}, dataset } = task;
  if (dataset) return `hub:${dataset.name}@${dataset.revision}`;
  const folder = need(...taskFilesOf({ task }));
  const { pool, ...splits } = Object.fromEntries(Object.keys(files).map((split) => [split, `${folder}/${split}`]));
  return pool ?? splits as { train: string };
}

/** A folder for the task's files, and what must be in it. */
function taskFilesOf({ task: { name, files = {} } }: Pick<RunSpec, "task">): [path: string, what: string] {
  const sums = Object.entries(files).sort().map(([file, sha256]) => `${file} (SHA-256 ${sha256})`);
  const digest = createHash("sha256").update(canonical(files)).digest("hex").slice(0, 8);
  return [`./task-files/${safeName(name)}-${digest}`, `the files of ${name}: ${sums.join(", ")}`];
}

/** A model as studies name it: of the table by its name, of the hub with its commit; a folder is expected below `models`. */
function modelOf(
  { name, revision, plugin }: RunSpec["model"],
  need: (path: string, what: string) => string,
): string {
  if (plugin !== undefined) return name;
  const isFolder = /^[0-9a-f]{64}$/.test(revision);
  if (!isFolder && !name.includes("/")) return name;
  try {
    if (!isFolder) return formatHubName({ ...parseHubName(name), revision });
  } catch {
    // No name that the hub has: whoever repeats the run has to know where the model is.
  }
  const path = `./models/${safeName(name)}-${safeName(revision).slice(0, 8)}`;
  return need(path, `the model folder or file ${name} with the revision ${revision}`);
}

/** A name that is one part of a path on every system. */
export function safeName(name: string): string {
  return name.replace(/[^\w.-]+/g, "-").replace(/^[.-]+/, "").slice(0, 60) || "unnamed";
}

/**
 * The training options, without the epochs, which each method has among its options. The classifier's step size is left out at
 * its default, and where the method trains the classifier alone, since it is then an option of the method. A spec without
 * patience is that of a study that says 0.
 */
function trainingOf({ spec, parameters }: Pick<RunSummary, "spec" | "parameters">): Study["training"] {
  const { epochs, headLearningRate, ...rest } = { patience: 0, ...spec.training };
  const isGiven = headLearningRate !== undefined && headLearningRate !== trainingDefaults.headLearningRate &&
    parameters.method > 0;
  // What is not trained has no epochs among its options; without enough of them, its patience would be left out.
  const enough = epochs === 0 && rest.patience > 0 && { epochs: rest.patience + 2 };
  return { ...rest, ...enough, ...isGiven && { headLearningRate } };
}

/** Items by a key, in the order of the key's canonical form. */
function grouped<T, K>(items: readonly T[], keyOf: (item: T) => K): [K, T[]][] {
  return [...Map.groupBy(items, (item) => canonical(keyOf(item)))].sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, same]) => [keyOf(same[0]), same]);
}

/** Runs as few products of models, tasks, methods and seeds: methods with the same seeds, then tasks, then models are joined. */
function productsOf(runs: readonly Run[]): Pick<Study, "models" | "tasks" | "methods" | "seeds">[] {
  const blocks = grouped(runs, ({ model, task }) => ({ model, task })).flatMap(([{ model, task }, runs]) => {
    const byMethod = grouped(runs, ({ method }) => [Object.keys(method).join("+"), method] as const)
      .map(([[, method], same]) => ({
        method,
        seeds: [...new Set(same.map(({ seed }) => seed))].sort((a, b) => a - b),
      }));
    return grouped(byMethod, ({ seeds }) => seeds)
      .map(([seeds, same]) => ({ model, task, seeds, methods: same.map(({ method }) => method) }));
  });
  const overTasks = grouped(blocks, ({ model, methods, seeds }) => ({ model, methods, seeds }))
    .map(([key, same]) => ({ ...key, tasks: same.map(({ task }) => task) }));
  return grouped(overTasks, ({ tasks, methods, seeds }) => ({ tasks, methods, seeds }))
    .map(([{ tasks, methods, seeds }, same]) => ({ models: same.map(({ model }) => model), tasks, methods, seeds }));
}

/** Runs that this way back does not reach, in words: of another version of a method, of a data set at another commit. */
export function limitsOf(records: readonly RunSummary[]): string[] {
  const remarks = records.flatMap(({ spec }) => [
    ...spec.method.flatMap(({ name, version = 1 }) =>
      version > 1 ? [`${methodName(spec)} is repeated only by a TuneBench that has version ${version} of ${name}.`] : []
    ),
    ...spec.task.dataset && !spec.task.described
      ? [
        `${spec.task.name} was read from ${spec.task.dataset.name} at commit ${spec.task.dataset.revision}: ` +
        "runs have the same ids only while that is its newest one, or in a cache that holds it.",
      ]
      : [],
  ]);
  return [...new Set(remarks)].sort();
}
