/**
 * The run spec: everything that determines a result, and nothing else. Its canonical hash is the run's id.
 * @module
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import type { Precision } from "../../engine/types.ts";
import type { DescribedSpec } from "../../tasks/described/description.ts";
import { describedSchema } from "../../tasks/described/schema.ts";
import { headSchema } from "./schemas/head-schema.ts";
import { tuningSpecSchema } from "./schemas/tuning-schema.ts";
import type { TuningSpec } from "./tuning/space.ts";
import type { HeadSpec } from "./words/head.ts";

/** Numbers of examples to use. */
export interface DataSpec {
  /** Examples to train on. */
  train: number;
  /** Examples whose scores choose the epoch. */
  validation: number;
  /** Most examples to test on; all are used if there are fewer. */
  test: number;
  /** Few examples: so many of each class to train on, and as many others to validate. Left out: each class has its share. */
  perClass?: number;
}

/** One part of a method. */
export interface PartSpec {
  /** Name of the method. */
  name: string;
  /** Version of the method; left out: 1. */
  version?: number;
  /** Of a method from a plug-in: its checksum. Left out: the method is built in. */
  plugin?: string;
  /** Every option of the method, defaults filled in. */
  options: Record<string, unknown>;
}

/** How a run is trained. */
export interface TrainingSpec {
  /** Passes over the training examples; 0: nothing is trained. */
  epochs: number;
  /** Examples of a step. */
  batchSize: number;
  /** AdamW step size of the classifier; left out where there is none. */
  headLearningRate?: number;
  /** Decoupled weight decay. */
  weightDecay: number;
  /** Share of the steps in which the step size rises linearly from 0; it then falls linearly to 0. */
  warmup: number;
  /** Greatest global norm of the gradient. */
  clip: number;
  /** Most tokens of a text, virtual tokens not counted. */
  maxLength: number;
  /** Rows (examples × length) of a micro-batch; gradients of a batch's micro-batches are added. */
  microBatchRows: number;
  /** Epochs without a better validation score after which training ends; left out: it goes on to the last epoch. */
  patience?: number;
  /** Most tokens of a text that is learnt or generated, the end token included; left out if the task is to classify. */
  outputLength?: number;
  /** Texts are put into the model's chat template; left out if they are not. */
  chat?: true;
  /** Tokens of generated texts are drawn, their scores divided by it; left out: the likeliest is taken. */
  temperature?: number;
  /** They are drawn from the likeliest alone, as many as have this probability together (nucleus sampling); left out: from all. */
  topP?: number;
  /** Beams of the search for the likeliest text; left out: one, which is the likeliest token each time. */
  beams?: number;
  /** A generated text ends before the first of these, in the order of their letters; left out: there are none. */
  stop?: string[];
}

/** Everything that determines a run's result. */
export interface RunSpec {
  /**
   * The backbone. The name of a folder or file is shown only: its revision, the SHA-256 of its content, identifies it. `plugin`: the
   * checksum of the plug-in that it comes from, if any.
   */
  model: { name: string; revision: string; plugin?: string };
  /**
   * The task. If its files do not come with TuneBench: the SHA-256 of each by its name; and if they are from the hub, the data
   * set with its commit. If it is described: the SHA-256 of each file by its split, and the description. If it comes from a
   * plug-in: its checksum.
   */
  task: {
    name: string;
    version: number;
    files?: Record<string, string>;
    dataset?: { name: string; revision: string };
    described?: DescribedSpec;
    plugin?: string;
  };
  /** Numbers of examples. */
  data: DataSpec;
  /** The method's parts in the order given; one part unless methods are joined with +. */
  method: PartSpec[];
  /** The whole number that all random numbers of the run are derived from. */
  seed: number;
  /** How it is trained. */
  training: TrainingSpec;
  /** Name of the device. */
  device: string;
  /** Number format of products with frozen matrices; everything else is float32. */
  precision: Precision;
  /** "small": less memory at less speed, as weights are not copied into the processor's layout. Left out otherwise. */
  memory?: "small";
  /** What the language model's own head is asked; left out: there is a classifier, or texts are generated. */
  head?: HeadSpec;
  /** The adapter that training starts from, by the SHA-256 of its files. Left out without one. */
  from?: { sha256: string };
  /**
   * The method is tuned: of so many trials, the best on the validation examples is trained. `method` and `training` are then those of
   * the first trial. Left out without tuning.
   */
  tuning?: TuningSpec;
  /** The run is a trial: it reads no test example. Left out otherwise. */
  trial?: true;
}

/**
 * Schemas of the values of {@linkcode DataSpec}.
 * @internal
 */
export const dataShape: { [K in keyof DataSpec]-?: z.ZodType<DataSpec[K]> } = {
  train: z.int().positive(),
  validation: z.int().positive(),
  test: z.int().positive(),
  perClass: z.int().positive().optional(),
};

/**
 * Schema of {@linkcode PartSpec}.
 * @internal
 */
export const partSchema: z.ZodType<PartSpec> = z.strictObject({
  name: z.string(),
  version: z.int().min(2).optional(),
  plugin: z.string().optional(),
  options: z.record(z.string(), z.unknown()),
});

/**
 * Schema of the model of a {@linkcode RunSpec}.
 * @internal
 */
export const modelSchema: z.ZodType<RunSpec["model"]> = z.strictObject({
  name: z.string(),
  revision: z.string(),
  plugin: z.string().optional(),
});

/**
 * Schemas of the values of {@linkcode TrainingSpec}.
 * @internal
 */
export const trainingShape: { [K in keyof TrainingSpec]-?: z.ZodType<TrainingSpec[K]> } = {
  epochs: z.int().nonnegative(),
  batchSize: z.int().positive(),
  headLearningRate: z.number().positive().optional(),
  weightDecay: z.number().nonnegative(),
  warmup: z.number().min(0).max(1),
  clip: z.number().positive(),
  maxLength: z.int().positive(),
  microBatchRows: z.int().positive(),
  patience: z.int().nonnegative().optional(),
  outputLength: z.int().positive().optional(),
  chat: z.literal(true, { error: "must be true" }).optional(),
  temperature: z.number().nonnegative().optional(),
  topP: z.number().positive().max(1).optional(),
  beams: z.int().min(1).max(64).optional(),
  stop: z.array(z.string().min(1)).optional(),
};

/**
 * Schema of {@linkcode RunSpec}; unknown keys are errors.
 * @internal
 */
export const specSchema: z.ZodType<RunSpec> = z.strictObject({
  model: modelSchema,
  task: z.strictObject({
    name: z.string(),
    version: z.int(),
    files: z.record(z.string(), z.string()).optional(),
    dataset: z.strictObject({ name: z.string(), revision: z.string() }).optional(),
    described: describedSchema.optional(),
    plugin: z.string().optional(),
  }),
  data: z.strictObject(dataShape),
  method: z.array(partSchema).min(1),
  seed: z.int().nonnegative(),
  training: z.strictObject(trainingShape),
  device: z.string(),
  precision: z.enum(["float32", "int8"]),
  memory: z.literal("small").optional(),
  head: headSchema.optional(),
  from: z.strictObject({ sha256: z.string() }).optional(),
  tuning: tuningSpecSchema.optional(),
  trial: z.literal(true).optional(),
}).refine(({ tuning, trial }) => !(tuning && trial), { error: "must be tuned or a trial, not both" });

/** JSON with sorted keys and no white space: equal values have equal texts. */
export function canonical(value: unknown): string {
  return JSON.stringify(sorted(value));
}

/** The value with the keys of all its objects in order. */
function sorted(value: unknown): unknown {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(sorted);
  const inner = value as Record<string, unknown>;
  return Object.fromEntries(Object.keys(inner).sort().map((key) => [key, sorted(inner[key])]));
}

function hash16(value: unknown): string {
  return createHash("sha256").update(canonical(value)).digest("hex").slice(0, 16);
}

/** A model as ids know it: by its content where that is its revision, so that copies of a folder are one model. */
export function identifyModel(model: RunSpec["model"]): Partial<RunSpec["model"]> {
  const { name, revision, plugin } = model;
  // A name with a / is one on the hub, whose revision is a commit.
  return /^[0-9a-f]{64}$/.test(revision) && !name.includes("/") && plugin === undefined ? { revision } : model;
}

/** A task as ids know it: without what its description says for readers, so that a corrected licence changes no id. */
export function identifyTask({ described, ...task }: RunSpec["task"]): RunSpec["task"] {
  if (!described) return task;
  const { description: _, labelling: __, licence: ___, citation: ____, published: _____, ...decisive } = described;
  return { ...task, described: decisive };
}

/**
 * The id of a run: the first 16 hexadecimal digits of the SHA-256 of its canonical spec, without the name of a folder and what a
 * task's description says for readers.
 */
export function runId(spec: RunSpec): string {
  return hash16({ ...spec, model: identifyModel(spec.model), task: identifyTask(spec.task) });
}

/** The id of a setting, which runs that differ in their seed alone share: the same hash of the spec without its seed. */
export function settingId(spec: RunSpec): string {
  const { seed: _, ...rest } = spec;
  return hash16({ ...rest, model: identifyModel(spec.model), task: identifyTask(spec.task) });
}

/** The checksums of the plug-ins that a run uses. */
export function pluginsOf({ model, task, method }: Pick<RunSpec, "model" | "task" | "method">): string[] {
  const all = [model.plugin, task.plugin, ...method.map(({ plugin }) => plugin)];
  return [...new Set(all.filter((plugin) => plugin !== undefined))];
}

/** The ids of run and setting that a record may have from when the name of a folder was part of them. */
export function formerIds(spec: RunSpec): { id: string; setting: string } {
  const { seed: _, ...rest } = spec;
  return { id: hash16(spec), setting: hash16(rest) };
}

/** A method as users write it: "lora+prompt-tuning". */
export function methodName(spec: RunSpec): string {
  return spec.method.map((part) => part.name).join("+");
}
