/**
 * Reads the examples of a described task.
 * @module
 */
import { basename } from "node:path";
import { shorten, suggestion } from "../../base/errors.ts";
import { textKey } from "../examples.ts";
import { requireTexts } from "../task-files.ts";
import type { Example, TaskData } from "../types.ts";
import type { DescribedSpec, SplitName } from "./description.ts";
import { labelsIn, labelText } from "./labels.ts";
import { readTable, type TableFile } from "./table.ts";

/** The file of each split that has one. */
export type TableFiles = Partial<Record<SplitName, TableFile>>;

/** What of a description decides how rows are read. */
export type Reading = Pick<DescribedSpec, "columns" | "encoding" | "missing"> & Partial<Pick<DescribedSpec, "labels">>;

/** A row that has all that is needed. */
interface CompleteRow {
  /** Number of the row in the file, from 1. */
  number: number;
  /** Where it stands: "line 12". */
  place: string;
  text: string;
  pair?: string;
  label: string;
}

/** A split as it was read. */
export interface ReadSplit {
  /** Its name. */
  name: SplitName;
  /** Its file. */
  file: TableFile;
  /** Number of rows of the file. */
  rows: number;
  /** Number of rows that were passed over, as something is missing in them. */
  dropped: number;
  /** Its examples, whose ids are split and number of the row. */
  examples: Example[];
  /** Where each example stands: "line 12". */
  places: string[];
}

/** A described task's examples. */
export interface ReadTask {
  /** Names of the classes in their order. */
  labels: string[];
  /** The splits. */
  splits: ReadSplit[];
}

/** The splits as tasks have them. */
export function dataOf({ splits }: ReadTask): TaskData<Example> {
  return Object.fromEntries(splits.map(({ name, examples }) => [name, examples]));
}

/**
 * Reads the files of a described task, always the same examples in the same order.
 * @throws {Error} one sentence on the first thing for which a file cannot be used
 */
export async function readDescribed(reading: Reading, files: TableFiles): Promise<ReadTask> {
  const read: Omit<ReadSplit & { complete: CompleteRow[] }, "examples" | "places">[] = [];
  for (const [name, file] of Object.entries(files) as [SplitName, TableFile][]) {
    const { rows, complete } = await readRows(reading, file);
    read.push({ name, file, rows, dropped: rows - complete.length, complete });
  }
  const labels = reading.labels ??
    labelsIn(read[0].complete.map(({ label }) => label), read[0].file.path, reading.columns.label);
  const splits = read.map(({ complete, ...split }) => {
    const examples = complete.map((row) => exampleOf(row, labels, split, reading));
    requireTwoClasses(split.file.path, examples, labels);
    return { ...split, examples, places: complete.map(({ place }) => place) };
  });
  return { labels: [...labels], splits };
}

/** The rows of a file that have all values. @throws {Error} if one has not, unless such rows are dropped */
async function readRows(
  { columns: { text, pair, label }, encoding, missing }: Reading,
  file: TableFile,
): Promise<{ rows: number; complete: CompleteRow[] }> {
  const columns = [text, label, ...pair === undefined ? [] : [pair]];
  const { unit, rows } = await readTable(file, columns, encoding);
  const complete: CompleteRow[] = [];
  for (const [index, { line, values }] of rows.entries()) {
    const place = `${unit} ${line}`;
    const empty = values.findIndex((value) => value === null || value.trim() === "");
    if (empty >= 0 && missing === "drop") continue;
    if (empty >= 0) {
      throw new Error(
        `Cannot use ${file.path}: a row must have a ${shorten(columns[empty])}, it is empty in ${place}; ` +
          'such rows are passed over with "missing": "drop" in a description, or --drop-missing',
      );
    }
    const [first, labelled, second] = values as string[];
    requireTexts(file.path, pair === undefined ? [first] : [first, second], line);
    complete.push({
      number: index + 1,
      place,
      text: first,
      ...pair !== undefined && { pair: second },
      label: labelText(labelled),
    });
  }
  if (complete.length === 0) throw new Error(`Cannot use ${file.path}: it must have rows, it has none`);
  return { rows: rows.length, complete };
}

function exampleOf(
  { number, place, text, pair, label }: CompleteRow,
  labels: readonly string[],
  { name, file: { path } }: { name: SplitName; file: TableFile },
  reading: Reading,
): Example {
  const index = labels.indexOf(label);
  if (index >= 0) return { id: `${name}/${number}`, text, ...pair !== undefined && { pair }, label: index };
  const rule = reading.labels ? "a label must be one of those that are named" : "a label must occur in train, too";
  throw new Error(
    `Cannot use ${path}: ${rule}, current value is ${shorten(label)} in ${place}, ${suggestion(label, labels)}`,
  );
}

/** @throws {Error} if all examples have one label */
function requireTwoClasses(path: string, examples: readonly Example[], labels: readonly string[]): void {
  const [{ label }] = examples;
  if (examples.some((example) => example.label !== label)) return;
  throw new Error(
    `Cannot use ${path}: it must hold examples of two labels, all have the label ${shorten(labels[label])}`,
  );
}

/** A text that is in two splits. */
export interface Overlap {
  /** The splits. */
  between: [SplitName, SplitName];
  /** How many texts are in both. */
  count: number;
  /** Where the first of them stands: "line 3 of train.csv and line 9 of test.csv". */
  first: string;
}

/** The texts that are in two splits; those that differ only in case and white space are the same. */
export function overlapsOf({ splits }: ReadTask): Overlap[] {
  const keys = splits.map(({ examples }) =>
    new Map(examples.map((example, at) => [textKey(example), at] as const).toReversed())
  );
  return splits.flatMap((split, a) =>
    splits.slice(a + 1).flatMap((other, offset): Overlap[] => {
      const shared = [...keys[a].keys()].filter((key) => keys[a + 1 + offset].has(key));
      if (shared.length === 0) return [];
      const key = shared.at(-1)!; // the first in the file, as keys are in reverse order
      const placeIn = ({ places, file }: ReadSplit, at: number) => `${places[at]} of ${basename(file.path)}`;
      const first = `${placeIn(split, keys[a].get(key)!)} and ${placeIn(other, keys[a + 1 + offset].get(key)!)}`;
      return [{ between: [split.name, other.name], count: shared.length, first }];
    })
  );
}

/** Makes sure that no text is in two splits. @throws {Error} with the first that is */
export function requireApart(name: string, read: ReadTask): void {
  const [overlap] = overlapsOf(read);
  if (!overlap) return;
  const { between: [a, b], count, first } = overlap;
  throw new Error(
    `Cannot use the task ${name}: ${a} and ${b} must have no text in common, ` +
      `${
        count === 1 ? "one is" : `${count} are`
      } in both, the first in ${first}; "allowOverlap": true in a description lets them`,
  );
}
