/**
 * A study: which models, tasks, methods and seeds are compared.
 * @module
 */
import { dirname, isAbsolute, join } from "node:path";
import { z } from "zod";
import { UsageError } from "../../base/errors.ts";
import { readJsonc } from "../../base/jsonc.ts";
import { describeFault, faultPath } from "../../base/schema.ts";
import type { Description } from "../../tasks/described/description.ts";
import type { Exclusion } from "./points/exclude.ts";
import { countPoints, type WithGrids } from "./points/grid.ts";
import type { MethodEntry } from "./points/method-entry.ts";
import type { DataSpec, TrainingSpec } from "./spec.ts";
import { fileSchema } from "./study-schema.ts";
import type { Tuning } from "./tuning/space.ts";
import type { StudyHead } from "./words/head.ts";

export type { MethodEntry } from "./points/method-entry.ts";

/** A study, as study.json, a preset and flags give it. */
export interface Study {
  /** Names of models. */
  models: string[];
  /** Tasks: names, paths of descriptions, or descriptions. */
  tasks: (string | Description)[];
  /** Methods; with `from` the adapter's method, or none, which means the same. */
  methods: MethodEntry[];
  /** Seeds; each gives other splits, another data order and other start values. */
  seeds: number[];
  /** Numbers of examples. `perClass` stands in the place of `train` and `validation`; `test` left out beside it: all that are left. */
  data: WithGrids<Partial<DataSpec>>;
  /** Folder of the task files. */
  taskFiles?: string;
  /** Folder of an adapter that training starts from. */
  from?: string;
  /** The language model's own head answers in place of a classifier; left out: it does not. */
  head?: StudyHead;
  /** Name of the device. */
  device: string;
  /** Number format of products with frozen matrices, "float32" or "int8"; left out: "float32". */
  precision?: string;
  /** "small": less memory, as weights are not copied into the processor's layout and texts are computed one by one. */
  memory?: "small";
  /** Training options that differ from their defaults. */
  training: WithGrids<Partial<TrainingSpec>>;
  /** Cells that are left out; each entry must match one. */
  exclude?: Exclusion[];
  /** Every method is tuned, for each seed anew. */
  tuning?: Tuning;
  /** Paths of plug-ins: files that define methods, tasks and models. */
  plugins?: string[];
  /** The cells are trials: they are scored on the validation examples alone, and read no test example. */
  trial?: true;
}

/** Most cells of a study: planning them takes minutes at most. */
const MOST_CELLS = 1_000_000;

/** Bytes of the longest study.json that is read. */
export const LONGEST_STUDY = 1 << 22;

/**
 * A study from the value of a study.json.
 * @param base the study whose values are used for keys that are left out
 * @throws {UsageError} if a key is unknown or a value is out of range
 */
export function parseStudy(value: unknown, base: Study): Study {
  return studyFrom(value, base, () => "");
}

/** A study from a value. @param nameAt what messages add to "the study" for a fault at a path */
function studyFrom(value: unknown, base: Study, nameAt: (path: readonly PropertyKey[]) => string): Study {
  const result = fileSchema.safeParse(value);
  if (!result.success) {
    const fault = describeFault(result.error, value, keysAt);
    throw new UsageError(`Cannot read the study${nameAt(faultPath(result.error))}: ${fault}`);
  }
  const { $schema: _, description: __, ...given } = result.data;
  // An adapter brings its own method.
  const methods = given.from === undefined ? base.methods : [];
  const data = given.data?.perClass === undefined ? { ...base.data, ...given.data } : given.data;
  return { ...base, methods, ...given, data };
}

/** What is needed of a JSON schema. */
interface JsonSchema {
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
}

/** The properties of an object, or of any form that it may have. */
function propertiesOf({ properties = {}, anyOf = [] }: JsonSchema = {}): Record<string, JsonSchema> {
  return Object.assign({ ...properties }, ...anyOf.map(propertiesOf));
}

/** The keys that the object at a path of a study may have. */
function keysAt(path: readonly PropertyKey[]): string[] {
  const root = z.toJSONSchema(fileSchema, { io: "input" }) as JsonSchema;
  const schema = path.reduce<JsonSchema | undefined>(
    (outer, key) => outer?.items ?? propertiesOf(outer)[String(key)],
    root,
  );
  return Object.keys(propertiesOf(schema));
}

/**
 * Reads a study.json, which may have comments.
 * @throws {UsageError} if it is missing or no valid study, with line and column
 */
export async function readStudy(path: string, base: Study): Promise<Study> {
  const { value, placeOf } = await readJsonc(path, LONGEST_STUDY).catch(({ message }) => {
    throw new UsageError(message.replace(/^Cannot read /, "Cannot read the study "));
  });
  const study = studyFrom(value, base, (place) => ` ${path}, ${placeOf(place)}`);
  const { plugins } = study;
  return { ...study, ...plugins && { plugins: plugins.map((plugin) => pathBeside(path, plugin)) } };
}

/** A path that a file names, which counts from the file's folder. */
function pathBeside(file: string, path: string): string {
  return isAbsolute(path) ? path : join(dirname(file), path);
}

/**
 * Makes sure that the cells of a study can be planned.
 * @throws {UsageError} if there is no model, or if there are too many cells
 */
export function requireFewCells({ models, tasks, methods, seeds, data, training, tuning }: Study): void {
  if (models.length === 0) {
    throw new UsageError('Cannot run the study: --models, or "models" in it, must name a model, current value is none');
  }
  const perTask = countPoints({ data, training }) * methods.reduce((sum, method) => sum + countPoints(method), 0);
  const count = models.length * tasks.length * seeds.length * perTask * (1 + (tuning?.trials ?? 0));
  if (count <= MOST_CELLS) return;
  throw new UsageError(`Cannot run the study: it must have at most ${MOST_CELLS} cells, current value is ${count}`);
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

/**
 * Numbers of examples as written on the command line: "120,40,40" to train, to validate and to test.
 * @throws {UsageError} if there are not three whole numbers from 1
 */
export function parseSizes(text: string): DataSpec {
  const sizes = text.split(",").map((size) => (/^[1-9]\d{0,14}$/.test(size.trim()) ? Number(size) : NaN));
  if (sizes.length !== 3 || sizes.some(Number.isNaN)) {
    throw new UsageError(
      "Cannot read --data: it must be three whole numbers from 1, of examples to train, to validate and to test " +
        `(120,40,40), current value is ${text}`,
    );
  }
  const [train, validation, test] = sizes;
  return { train, validation, test };
}

/**
 * Numbers of examples as `--shots` says them: so many of each class to train on.
 * @param data what the study says; its test set stays as it is where it has few examples already
 * @throws {UsageError} if it is no whole number from 1
 */
export function parseShots(text: string, data: Study["data"]): Study["data"] {
  if (!/^[1-9]\d{0,8}$/.test(text)) {
    throw new UsageError(
      `Cannot read --shots: it must be a whole number from 1, of examples of each class, current value is ${text}`,
    );
  }
  return { ...data.perClass !== undefined && data, perClass: Number(text) };
}
