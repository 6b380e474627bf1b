/**
 * Described tasks: from what a user writes to what a spec has, and from there to a task.
 * @module
 */
import { basename, dirname, isAbsolute, join } from "node:path";
import { UsageError } from "../../base/errors.ts";
import { readJsonc } from "../../base/jsonc.ts";
import { describeFault, faultPath } from "../../base/schema.ts";
import { metrics } from "../metrics.ts";
import type { Task } from "../types.ts";
import type { DescribedSpec, Description, SplitName } from "./description.ts";
import { labelText } from "./labels.ts";
import { dataOf, readDescribed, type ReadTask, requireApart, type TableFiles } from "./read.ts";
import { descriptionSchema, taskJsonSchema } from "./schema.ts";
import { isTablePath, stemOf, tableFileAt } from "./table.ts";

/** Bytes of the longest description that is read. */
const LONGEST_DESCRIPTION = 1 << 20;

/** What records say where a description says nothing. */
const NONE_STATED = "none stated";

/** Where the files of a described task lie, by split. */
export type TablePaths = Partial<Record<SplitName, string>>;

/** A described task with its examples. */
export interface OpenDescribed {
  /** As specs have it. */
  task: { name: string; version: number; files: Record<string, string>; described: DescribedSpec };
  /** Its files. */
  files: TableFiles;
  /** Its examples. */
  read: ReadTask;
}

/** Whether an entry among the tasks of a study is the path of a description or of a file of rows, and no name. */
export function isTaskPath(entry: string): boolean {
  return /^[./]/.test(entry) || /\.jsonc?$/.test(entry) || isTablePath(entry);
}

/**
 * Reads a description.
 * @returns it, with its paths from the folder of its file, and a name
 * @throws {UsageError} if it is missing or breaks a rule, with line and column
 */
export async function readDescription(path: string): Promise<Description> {
  if (isTablePath(path)) {
    throw new UsageError(
      `Cannot use ${path} as a task: its columns must be named, by --text and --label or in a description, ` +
        `{"data": "${path}", "columns": {"text": …, "label": …}}`,
    );
  }
  const { value, placeOf } = await readJsonc(path, LONGEST_DESCRIPTION).catch(({ message }) => {
    throw new UsageError(message.replace(/^Cannot read /, "Cannot read the task "));
  });
  const description = parseDescription(value, (place) => ` ${path}, ${placeOf(place)}`);
  const from = (file: string) => isAbsolute(file) ? file : join(dirname(path), file);
  const { data } = description;
  return {
    ...description,
    name: description.name ?? nameFrom(basename(path).replace(/\.jsonc?$/, "")),
    data: typeof data === "string" ? from(data) : mapValues(data, from),
  };
}

/**
 * A description from a value.
 * @param nameAt what messages add to "the task" for a fault at a path
 * @throws {UsageError} if it breaks a rule
 */
export function parseDescription(
  value: unknown,
  nameAt: (path: readonly PropertyKey[]) => string = () => "",
): Description {
  const result = descriptionSchema.safeParse(value);
  if (result.success) return result.data;
  throw new UsageError(
    `Cannot read the task${nameAt(faultPath(result.error))}: ${describeFault(result.error, value, keysAt)}`,
  );
}

/** What is needed of a JSON schema. */
interface JsonSchema {
  properties?: Record<string, JsonSchema>;
}

/** The keys that the object at a path of a description may have. */
function keysAt(path: readonly PropertyKey[]): string[] {
  const root = taskJsonSchema() as JsonSchema;
  const schema = path.reduce<JsonSchema | undefined>((outer, key) => outer?.properties?.[String(key)], root);
  return Object.keys(schema?.properties ?? {});
}

/** A name from that of a file: letters, digits and . _ - are kept. */
function nameFrom(file: string): string {
  return file.replace(/[^\w.-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "").slice(0, 100) || "own";
}

function mapValues<K extends string, T, U>(values: Partial<Record<K, T>>, map: (value: T) => U): Record<K, U> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, map(value as T)])) as Record<K, U>;
}

/**
 * Opens a described task: all its files are read, and what cannot be used is refused.
 * @param description with paths from the current folder
 * @throws {Error} one sentence on the first thing for which it cannot be used
 */
export async function openDescribed(description: Description): Promise<OpenDescribed> {
  const { data, columns, labels, metrics: named, encoding, missing, version = 1 } = description;
  const paths: TablePaths = typeof data === "string" ? { pool: data } : data;
  const name = description.name ?? nameFrom(stemOf(Object.values(paths)[0]));
  const files: TableFiles = {};
  for (const split of ["pool", "train", "validation", "test"] as const) {
    const path = paths[split];
    if (path !== undefined) files[split] = await tableFileAt(path);
  }
  const reading = {
    columns,
    ...labels && { labels: labelsOf(labels, name) },
    ...encoding && { encoding },
    ...missing && { missing },
  };
  const read = await readDescribed(reading, files);
  if (!description.allowOverlap) requireApart(name, read);
  const { description: question, labelling, licence, citation } = description;
  const remarks = Object.entries({ description: question, labelling, licence, citation });
  return {
    task: {
      name,
      version,
      files: mapValues(files, ({ sha256 }) => sha256),
      described: {
        ...reading,
        labels: read.labels,
        metrics: named ?? Object.keys(metrics),
        ...Object.fromEntries(remarks.filter(([, words]) => words !== undefined)),
      },
    },
    files,
    read,
  };
}

/** The labels that a description names. @throws {Error} if two are the same */
function labelsOf(named: NonNullable<Description["labels"]>, name: string): string[] {
  const labels = named.map(labelText);
  const twice = labels.find((label, at) => labels.indexOf(label) !== at);
  if (twice === undefined) return labels;
  throw new Error(`Cannot use the task ${name}: labels must differ, ${twice} is there twice`);
}

/**
 * A described task, as its spec has it.
 * @param paths where its files lie; its examples cannot be read without
 */
export function describedTask(
  { name, version, files = {}, described }: {
    name: string;
    version: number;
    files?: Record<string, string>;
    described: DescribedSpec;
  },
  paths: TablePaths = {},
): Task {
  const { labels, description, labelling, licence, citation } = described;
  return {
    name,
    version,
    kind: "classification",
    description: description ?? NONE_STATED,
    labelling: labelling ?? NONE_STATED,
    licence: licence ?? NONE_STATED,
    citation: citation ?? NONE_STATED,
    labels,
    metrics: described.metrics,
    source: Object.entries(files).map(([split, sha256]) => ({
      path: basename(paths[split as SplitName] ?? split),
      sha256,
    })),
    async load() {
      const given = Object.entries(files).map(([split, sha256]) => {
        const path = paths[split as SplitName];
        if (path === undefined) throw new Error(`Cannot read the task ${name}: the file of its ${split} must be given`);
        return [split, { path, sha256 }];
      });
      return dataOf(await readDescribed(described, Object.fromEntries(given)));
    },
  };
}
