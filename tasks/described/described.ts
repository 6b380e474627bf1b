/**
 * Described tasks: from what a user writes to what a spec has.
 * @module
 */
import { basename, dirname, isAbsolute, join } from "node:path";
import { UsageError } from "../../base/errors.ts";
import { readJsonc } from "../../base/jsonc.ts";
import { describeFault, faultPath } from "../../base/schema.ts";
import { requireWording, type Wording } from "../templates/words.ts";
import type { Description, SplitName } from "./description.ts";
import { hubNameOf } from "./hub-files.ts";
import { kindOf, requireOfKind } from "./kinds.ts";
import { requireApart } from "./overlaps.ts";
import { readDescribed, type ReadTask, type TableSources } from "./read.ts";
import { descriptionSchema, taskJsonSchema } from "./schema.ts";
import { isTablePath, stemOf, tableSourceAt } from "./table.ts";
import { type DescribedTask, labelsOf, specOf, type TablePaths } from "./task.ts";

/** Bytes of the longest description that is read. */
const LONGEST_DESCRIPTION = 1 << 20;

/** A described task with its examples. */
export interface OpenDescribed {
  /** As specs have it. */
  task: DescribedTask;
  /** Its examples. */
  read: ReadTask;
  /** Its templates and words, which do not decide its examples. */
  wording: Wording;
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
    data: typeof data !== "string" ? mapValues(data, from) : hubNameOf(data) === undefined ? from(data) : data,
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
 * @param paths where the files of a data set on the hub lie
 * @throws {Error} one sentence on the first thing for which it cannot be used
 */
export async function openDescribed(description: Description, paths?: TablePaths): Promise<OpenDescribed> {
  const { data, columns, separator, encoding, missing, splits, dialogue, speaker, placeholder } = description;
  const { templates, words, version = 1 } = description;
  const name = description.name ?? defaultName(data);
  requireParts(name, description);
  requireOfKind(name, description);
  const named = labelsOf(description);
  requireDifferent(name, named.labels ?? []);
  const answers = { kind: kindOf(description), columns, separator, ...named };
  const reading = { ...answers, splits, encoding, missing, dialogue, speaker, placeholder };
  const read = await readDescribed(name, reading, await sourcesOf(data, paths));
  // Whoever published a data set has made its splits; their own they can change.
  if (!description.allowOverlap && !paths) requireApart(name, read);
  if (kindOf(description) === undefined || description.kind === "multiple choice") {
    requireWording({ templates, words }, read.labels, columns.pair !== undefined && placeholder === undefined);
  }
  const files = Object.fromEntries(read.sources.map(({ name, sha256 }) => [name, sha256]));
  return {
    task: { name, version, files, described: specOf(description, read.labels) },
    read,
    wording: { templates, words },
  };
}

/** The files of a description with their checksums. */
async function sourcesOf(data: Description["data"], paths: TablePaths | undefined): Promise<TableSources> {
  const sources: TableSources = {};
  if (paths) {
    for (const [part, files] of Object.entries(paths)) sources[part] = { paths: files };
    return sources;
  }
  const places: Partial<Record<SplitName, string>> = typeof data === "string" ? { pool: data } : data;
  for (const split of ["pool", "train", "validation", "test"] as const) {
    const path = places[split];
    if (path !== undefined) sources[split] = await tableSourceAt(path);
  }
  return sources;
}

/** A name for a task whose description has none. */
function defaultName(data: Description["data"]): string {
  if (typeof data !== "string") return nameFrom(stemOf(data.train));
  return nameFrom(hubNameOf(data)?.name.split("/")[1] ?? stemOf(data));
}

/** @throws {Error} if a description names parts of data that have none, or a configuration of no data set on the hub */
function requireParts(name: string, { data, columns, config, splits }: Description): void {
  const isOnHub = typeof data === "string" && hubNameOf(data) !== undefined;
  const isWhole = typeof data === "string";
  if (config !== undefined && !isOnHub) {
    throw new Error(`Cannot use the task ${name}: config is of a data set on the hub, data must be hub:org/name`);
  }
  if (columns.split !== undefined && !(isWhole && !isOnHub)) {
    throw new Error(`Cannot use the task ${name}: columns.split divides one file or folder, data must be its path`);
  }
  if (splits && !isOnHub && columns.split === undefined) {
    throw new Error(
      `Cannot use the task ${name}: splits are parts of a data set on the hub or of columns.split, there is neither; ` +
        'files of splits stand in data, {"train": path, "test": path}',
    );
  }
}

/** @throws {Error} if two labels are the same */
function requireDifferent(name: string, labels: readonly string[]): void {
  const twice = labels.find((label, at) => labels.indexOf(label) !== at);
  if (twice !== undefined) throw new Error(`Cannot use the task ${name}: labels must differ, ${twice} is there twice`);
}
