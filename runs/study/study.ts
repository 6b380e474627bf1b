/**
 * A study: which models, tasks, methods and seeds are compared.
 * @module
 */
import { z } from "zod";
import { UsageError } from "../../base/errors.ts";
import { readJson } from "../../base/files.ts";
import { describeFault } from "../../base/schema.ts";
import { dataSchema, type DataSpec, trainingOverridesSchema, type TrainingSpec } from "./spec.ts";

/** A method: "lora+prompt-tuning", or its parts with options that differ from the defaults: {"lora": {"rank": 4}}. */
export type MethodEntry = string | Record<string, Record<string, unknown>>;

/** A study, as study.json, a preset and flags give it. */
export interface Study {
  /** Names of models. */
  models: string[];
  /** Names of tasks. */
  tasks: string[];
  /** Methods; with `from` the adapter's method, or none, which means the same. */
  methods: MethodEntry[];
  /** Seeds; each gives other splits, another data order and other start values. */
  seeds: number[];
  /** Numbers of examples. */
  data: DataSpec;
  /** Folder of the task files. */
  taskFiles?: string;
  /** Folder of an adapter that training starts from. */
  from?: string;
  /** Name of the device. */
  device: string;
  /** Number format of products with frozen matrices, "float32" or "int8"; left out: "float32". */
  precision?: string;
  /** "small": less memory, as weights are not copied into the processor's layout and texts are computed one by one. */
  memory?: "small";
  /** Training options that differ from their defaults. */
  training: Partial<TrainingSpec>;
}

/** Bytes of the longest study.json that is read. */
const LONGEST = 1 << 24;

const names = z.array(z.string()).min(1);

const studySchema: z.ZodType<Study> = z.strictObject({
  models: names,
  tasks: names,
  methods: z.array(
    z.union([z.string(), z.record(z.string(), z.record(z.string(), z.unknown()))], {
      error: 'must be a name or {"name": {options}}',
    }).refine((entry) => typeof entry === "string" || Object.keys(entry).length > 0, {
      error: 'must be a name or {"name": {options}}',
    }),
  ),
  seeds: z.array(z.int().nonnegative()).min(1),
  data: dataSchema,
  taskFiles: z.string().optional(),
  from: z.string().optional(),
  device: z.string(),
  precision: z.string().optional(),
  memory: z.literal("small", { error: "must be small" }).optional(),
  training: trainingOverridesSchema,
}).refine(({ methods, from }) => methods.length > 0 || from !== undefined, {
  path: ["methods"],
  error: "must not be empty, unless from names an adapter",
});

/**
 * A study from the value of a study.json.
 * @param base the study whose values are used for keys that are left out
 * @throws {UsageError} if a key is unknown or a value is out of range
 */
export function parseStudy(value: unknown, base: Study): Study {
  const isObject = value !== null && typeof value === "object" && !Array.isArray(value);
  // An adapter brings its own method.
  const methods = isObject && "from" in value ? [] : base.methods;
  const given = isObject ? { ...base, methods, ...value, ...fillData(value, base) } : value;
  const result = studySchema.safeParse(given);
  if (result.success) return result.data;
  throw new UsageError(`Cannot read the study: ${describeFault(result.error, given, keysAt)}`);
}

/** The numbers of examples that a study gives, and the base's for those that it leaves out. */
function fillData(value: { data?: unknown }, base: Study): { data?: unknown } {
  const { data } = value;
  const isObject = data !== null && typeof data === "object" && !Array.isArray(data);
  return isObject ? { data: { ...base.data, ...data } } : {};
}

/** What is needed of a JSON schema. */
interface JsonSchema {
  properties?: Record<string, JsonSchema>;
}

/** The keys that the object at a path of a study may have. */
function keysAt(path: readonly PropertyKey[]): string[] {
  const root = z.toJSONSchema(studySchema) as JsonSchema;
  const schema = path.reduce<JsonSchema | undefined>((outer, key) => outer?.properties?.[String(key)], root);
  return Object.keys(schema?.properties ?? {});
}

/**
 * Reads a study.json.
 * @throws {UsageError} if it is missing or no valid study
 */
export async function readStudy(path: string, base: Study): Promise<Study> {
  let value: unknown;
  try {
    value = await readJson(path, LONGEST);
  } catch (error) {
    throw new UsageError((error as Error).message.replace(/^Cannot read /, "Cannot read the study "));
  }
  return parseStudy(value, base);
}

/**
 * Seeds as written on the command line: "3" is a count (0, 1, 2), "0,1,7" a list, "7," the one seed 7.
 * @throws {UsageError} if it is neither
 */
export function parseSeeds(text: string): number[] {
  if (/^[1-9]\d{0,3}$/.test(text)) return Array.from({ length: Number(text) }, (_, seed) => seed);
  const seeds = text.replace(/,$/, "").split(",").map((seed) => (/^\d{1,15}$/.test(seed) ? Number(seed) : NaN));
  if (!text.includes(",") || seeds.some(Number.isNaN)) {
    throw new UsageError(
      `Cannot read seeds: they must be a count (3) or a list of whole numbers (0,1,7 or 7,), current value is ${text}`,
    );
  }
  return seeds;
}
