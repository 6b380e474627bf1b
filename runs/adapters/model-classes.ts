/**
 * What a model's config.json says of a classifier: names of its classes, and by `problem_type` its kind.
 * @module
 */
import { exists, readText } from "../../base/files.ts";
import { readConfigFile } from "../../models/config.ts";
import type { TaskKind } from "../../tasks/types.ts";

/** Bytes of the longest config.json that is read. */
const LONGEST = 1 << 20;

/** transformers' names of the kinds of a classifier. */
const PROBLEM_TYPES: Partial<Record<TaskKind, string>> = {
  classification: "single_label_classification",
  regression: "regression",
  "multi-label": "multi_label_classification",
};

/** The kind of a classifier, and the names of its classes or labels. */
export interface ClassifierTask {
  /** The kind. */
  kind: TaskKind;
  /** The names; none of regression. */
  labels: readonly string[];
}

/** Names of the classes as `id2label` has them; undefined if it does not name as many. */
export function classNames(count: number, { id2label }: Record<string, unknown>): string[] | undefined {
  if (id2label === null || typeof id2label !== "object" || Object.keys(id2label).length !== count) return undefined;
  const names = Array.from({ length: count }, (_, at) => (id2label as Record<string, unknown>)[at]);
  return names.every((name) => typeof name === "string") ? names : undefined;
}

/** Names of classes without names, as in transformers: LABEL_0, LABEL_1 … */
export function numberedNames(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `LABEL_${at}`);
}

/**
 * The kind of a classifier as transformers would train it, and the names of its classes.
 * @param outputs number of its outputs; a single one stands for a number
 * @throws {Error} if it is one of several numbers
 */
export function classifierOf(outputs: number, config: Record<string, unknown>): ClassifierTask {
  const { problem_type: type } = config;
  const labels = classNames(outputs, config) ?? numberedNames(outputs);
  if (outputs === 1) return { kind: "regression", labels: [] };
  if (type === PROBLEM_TYPES.regression) {
    throw new Error(`its classifier must have one output, as problem_type is regression, it has ${outputs}`);
  }
  return { kind: type === PROBLEM_TYPES["multi-label"] ? "multi-label" : "classification", labels };
}

/** What config.json must say of a classifier. @param outputs number of its outputs */
export function classifierValues({ kind, labels }: ClassifierTask, outputs: number): Record<string, unknown> {
  const names = labels.length > 0 ? labels : numberedNames(outputs);
  return {
    num_labels: names.length,
    id2label: Object.fromEntries(names.map((name, id) => [id, name])),
    label2id: Object.fromEntries(names.map((name, id) => [name, id])),
    problem_type: PROBLEM_TYPES[kind],
  };
}

/** The config.json beside an adapter, which PEFT does not write; undefined if there is none. */
export async function readOwnConfig(adapter: string): Promise<Record<string, unknown> | undefined> {
  return await exists(`${adapter}/config.json`) ? await readConfigFile(adapter) : undefined;
}

/**
 * A folder's config.json, so that `JSON.stringify` writes numbers as they were: transformers tells 1, a whole number, from 1.0, which
 * JavaScript does not.
 */
export async function readWritableConfig(folder: string): Promise<Record<string, unknown>> {
  const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };
  const keep = (_: string, value: unknown, { source }: { source: string }) =>
    typeof value === "number" ? rawJSON(source) : value;
  return JSON.parse(await readText(`${folder}/config.json`, LONGEST), keep as Parameters<typeof JSON.parse>[1]);
}
