/**
 * What plug-ins export: definitions of methods, tasks and models. Each is checked against its contract.
 * @module
 */
import { z } from "zod";
import { UsageError, visible } from "../../base/errors.ts";
import { describeFault } from "../../base/schema.ts";
import type { CommonOptions, Method } from "../../methods/types.ts";
import type { Model } from "../../models/types.ts";
import { metrics } from "../../tasks/metrics.ts";
import { choiceMetrics } from "../../tasks/metrics/choices.ts";
import { multiLabelMetrics } from "../../tasks/metrics/multi-label.ts";
import { regressionMetrics } from "../../tasks/metrics/regression.ts";
import { generationMetrics } from "../../tasks/metrics/generation.ts";
import type { AnyTask } from "../../tasks/types.ts";

/** A method, a task or a model that has been defined. */
export type Definition =
  | { kind: "method"; entry: Method }
  | { kind: "task"; entry: AnyTask }
  | { kind: "model"; entry: Model };

const definitions = new WeakMap<object, Definition>();

/** The definition that a value is; undefined if it is none. */
export function definitionOf(value: unknown): Definition | undefined {
  return value !== null && typeof value === "object" ? definitions.get(value) : undefined;
}

const words = z.string().min(1);
const names = z.array(z.string());
const sizes = z.array(z.int().positive());
const version = z.int().positive();
const calls = z.custom<unknown>((value) => typeof value === "function", { error: "must be a function" });

/** A name without what has a meaning in studies: + joins methods, a comma ends a name, a path starts with a dot, the hub's names have a /. */
const name = z.string().regex(/^[A-Za-z0-9][\w.-]{0,99}$/, {
  error: "must be of letters, digits and . _ - with a letter or digit first",
});
const taskName = z.string().max(100).regex(/^[A-Za-z0-9][\w.-]*(\/[A-Za-z0-9][\w.-]*)*$/, {
  error: "must be of letters, digits and . _ - with a letter or digit first, parts of it with / between",
});

/** A schema of options that all have defaults, among them those that every method has. */
const options = z.custom<unknown>((value) => {
  try {
    const { learningRate, epochs } = (value as Method["options"]).parse({});
    return typeof learningRate === "number" && typeof epochs === "number";
  } catch {
    return false;
  }
}, {
  error: "must be a zod schema with a default for each option, learningRate and epochs among them, as of commonOptions",
});

const methodShape: Record<Exclude<keyof Method, "plugin" | "untrained" | "examples">, z.ZodType> = {
  name,
  version: version.optional(),
  description: words,
  paper: words,
  options,
  space: z.record(z.string(), z.unknown()).optional(),
  parameters: calls,
  trains: calls,
  frozen: calls.optional(),
  count: calls,
  requireBounds: calls.optional(),
  virtualTokens: calls.optional(),
  identityAtStart: z.boolean(),
  hooks: calls,
  plain: calls.optional(),
  peft: z.looseObject({ type: words, config: calls, options: calls, layout: calls }).optional(),
  merged: calls.optional(),
};

const taskShape = {
  name: taskName,
  version,
  description: words,
  labelling: words,
  licence: words,
  citation: words,
  source: z.array(z.strictObject({ path: words, sha256: z.string().regex(/^[0-9a-f]{64}$/) })),
  published: z.record(z.string(), z.int().positive()).optional(),
  files: names.min(1).optional(),
  rule: words.optional(),
  load: calls,
  readTexts: calls.optional(),
};

/** Names of metrics of a kind of task. */
const metricsOf = (table: object) => z.array(z.enum(Object.keys(table))).min(1);

/** Names of classes or labels. */
const labels = names.min(2).refine((labels) => new Set(labels).size === labels.length, { error: "must differ" });

const taskSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    ...taskShape,
    kind: z.literal("classification"),
    labels,
    metrics: metricsOf(metrics),
    templates: names.min(1).optional(),
    words: z.record(z.string(), z.union([words, names.min(1)])).optional(),
  }),
  z.strictObject({ ...taskShape, kind: z.literal("regression"), metrics: metricsOf(regressionMetrics) }),
  z.strictObject({ ...taskShape, kind: z.literal("multi-label"), labels, metrics: metricsOf(multiLabelMetrics(1)) }),
  z.strictObject({
    ...taskShape,
    kind: z.literal("multiple choice"),
    metrics: metricsOf(choiceMetrics),
    placeholder: words.optional(),
    templates: names.min(1).optional(),
  }),
  z.strictObject({
    ...taskShape,
    kind: z.literal("generation"),
    metrics: metricsOf(generationMetrics),
    dialogue: z.literal(true).optional(),
  }),
]);

/** What every command reads of a shape; the rest is read when the model is used. */
const backboneShape = z.looseObject({
  weights: z.record(z.string(), sizes),
  biases: names,
  linears: z.array(z.looseObject({ name: words, role: words, layer: z.int(), in: z.int(), out: z.int() })),
  loraTargets: names,
  ia3Targets: z.strictObject({ outputs: names, inputs: names }),
  norms: names,
  keyValueWidths: z.array(z.int()),
  attentionHeads: z.int(),
  embeddingWidth: z.int().positive(),
  featureWidth: z.int().positive(),
  maxLength: z.int().positive(),
});

const modelShape: Record<Exclude<keyof Model, "folder" | "plugin">, z.ZodType> = {
  name,
  description: words,
  revision: words,
  licence: words,
  citation: words,
  shape: backboneShape,
  open: calls,
};

/** Keeps a definition that has the form of its contract. @throws {UsageError} one sentence, if it has not */
function define(schema: z.ZodType, keys: readonly string[], definition: Definition): void {
  const { kind, entry } = definition;
  const result = schema.safeParse(entry);
  if (result.success) {
    definitions.set(entry, definition);
    return;
  }
  const { name } = Object(entry);
  const which = typeof name === "string" && name !== "" ? ` ${visible(name)}` : "";
  const fault = describeFault(result.error, entry, (path) => path.length === 0 ? keys : []);
  throw new UsageError(`Cannot define the ${kind}${which}: ${fault}`);
}

/**
 * Defines a method of adaptation, for a plug-in to export.
 *
 * ```ts ignore
 * import { z } from "zod";
 * import { commonOptions, defineMethod, drawn } from "@tunebench/tunebench/plugin";
 *
 * export default defineMethod({
 *   name: "added-bias",
 *   description: "a trained vector is added to the output of every linear map",
 *   paper: "none: an example",
 *   options: z.strictObject(commonOptions(1e-2)),
 *   parameters: (shape) => shape.linears.map(({ name, out }) => drawn(`${name}.v`, [out], () => 0)),
 *   trains: () => [],
 *   count: (shape) => shape.linears.reduce((sum, { out }) => sum + out, 0),
 *   identityAtStart: true,
 *   hooks: (parameters) => ({ linear: ({ name }, _x, y) => y.add(parameters[`${name}.v`]) }),
 * });
 * ```
 * @returns the method as it is
 * @throws {UsageError} if it lacks a part of the contract, or a part has another form
 */
export function defineMethod<O extends CommonOptions>(method: Method<O>): Method<O> {
  const entry = method as unknown as Method;
  define(z.strictObject(methodShape), Object.keys(methodShape), { kind: "method", entry });
  return method;
}

/**
 * Defines a task, for a plug-in to export. Its rows may be part of the plug-in (`import rows from "./rows.tsv" with { type: "text" }`),
 * or in `files` that users give with `--task-files`.
 * @returns the task as it is
 * @throws {UsageError} if it lacks a part of the contract, or a part has another form
 */
export function defineTask<T extends AnyTask>(task: T): T {
  define(taskSchema, [...Object.keys(taskShape), "kind", "labels", "metrics"], { kind: "task", entry: task });
  return task;
}

/**
 * Defines a model, for a plug-in to export. Weights may be part of the plug-in
 * (`import weights from "./weights.safetensors" with { type: "bytes" }`), or be computed; `cachedFile` puts them where they are mapped from.
 * @returns the model as it is
 * @throws {UsageError} if it lacks a part of the contract, or a part has another form
 */
export function defineModel(model: Model): Model {
  define(z.strictObject(modelShape), Object.keys(modelShape), { kind: "model", entry: model });
  return model;
}
