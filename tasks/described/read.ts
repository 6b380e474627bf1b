/**
 * Reads the examples of a described task.
 * @module
 */
import { basename } from "node:path";
import { shorten } from "../../base/errors.ts";
import { textKey } from "../examples.ts";
import { requireTexts } from "../task-files.ts";
import type { TaskData, TextInput } from "../types.ts";
import type { DescribedSpec, SplitName } from "./description.ts";
import { columnsOf, fill } from "./fields.ts";
import {
  answerColumns,
  type AnswerReading,
  type AnswerRow,
  answerValues,
  labelsOfRows,
  mayBeEmpty,
  requireDifferent,
  type RightAnswer,
  rightAnswer,
} from "./right-answers.ts";
import { splitsOfRows } from "./splits.ts";
import { type Cell, readTables, type TableSource } from "./table.ts";

/** The files of each part of the data: of a split, of the pool, or of a split of a data set on the hub. */
export type TableSources = Record<string, TableSource>;

/** What of a description decides how rows are read. */
export type Reading = AnswerReading & Pick<DescribedSpec, "encoding" | "missing" | "splits">;

/** An example of a described task. */
export type DescribedExample = TextInput & RightAnswer;

/** What stands between the parts of a list that a text is made of, as between facts of WebNLG. */
const LIST_SEPARATOR = " | ";

/** A row that has all that is needed. */
interface CompleteRow extends AnswerRow {
  /** Number of the row in its source, from 1. */
  number: number;
  /** The part of the data that it belongs to. */
  part: string;
  text: string;
  pair?: string;
  /** What is right, as one text. */
  label: string;
  group?: string;
}

/** What was read of a source. */
export interface ReadSource extends TableSource {
  /** Its name. */
  name: string;
  /** Number of rows. */
  rows: number;
  /** Number of rows that were passed over, as something is missing in them. */
  dropped: number;
}

/** A split as it was read. */
export interface ReadSplit {
  /** Its name. */
  name: SplitName;
  /** Its examples, whose ids are part and number of the row. */
  examples: DescribedExample[];
  /** Where each example stands: "line 12 of train.csv". */
  places: string[];
}

/** A described task's examples. */
export interface ReadTask {
  /** What its answers are; absent: classes. */
  kind?: DescribedSpec["kind"];
  /** Names of the classes or labels in their order; none of regression. */
  labels: string[];
  /** The files. */
  sources: ReadSource[];
  /** The splits. */
  splits: ReadSplit[];
}

/** The splits as tasks have them. */
export function dataOf({ splits }: ReadTask): TaskData<DescribedExample> {
  return Object.fromEntries(splits.map(({ name, examples }) => [name, examples]));
}

/**
 * Reads the files of a described task, always the same examples in the same order.
 * @param name the task's, for messages
 * @throws {Error} one sentence on the first thing for which a file cannot be used
 */
export async function readDescribed(name: string, reading: Reading, sources: TableSources): Promise<ReadTask> {
  const read: ReadSource[] = [];
  const rows: CompleteRow[] = [];
  for (const [part, source] of Object.entries(sources)) {
    const { count, complete } = await readRows(reading, part, source);
    read.push({ name: part, ...source, rows: count, dropped: count - complete.length });
    for (const row of complete) rows.push(row);
  }
  const split = splitsOfRows(name, rows, reading.splits);
  const [[, first]] = split;
  const labels = labelsOfRows(reading, first);
  const splits = split.map(([name, rows]) => {
    const kept = reading.kind === "generation" ? joinReferences(rows) : rows;
    const examples = kept.map((row) => exampleOf(row, labels, reading));
    requireDifferent(rows[0].path, reading.kind, examples, labels);
    return { name, examples, places: kept.map(({ place, path }) => `${place} of ${basename(path)}`) };
  });
  return { ...reading.kind && { kind: reading.kind }, labels: [...labels], sources: read, splits };
}

/** One row of each text, the first, with the references of all. */
function joinReferences(rows: readonly CompleteRow[]): CompleteRow[] {
  return [...Map.groupBy(rows, ({ text }) => text).values()].map((same) => ({
    ...same[0],
    values: [...new Set(same.flatMap(({ values }) => values))],
  }));
}

/** The rows of files that have all values. @throws {Error} if one has not, unless such rows are dropped */
async function readRows(
  reading: Reading,
  part: string,
  source: TableSource,
): Promise<{ count: number; complete: CompleteRow[] }> {
  const { columns: { text, pair, split, group }, encoding, missing } = reading;
  const answers = answerColumns(reading);
  const fields = [text, pair ?? [], split ?? [], group ?? []].flat().flatMap(columnsOf);
  const columns = [...new Set([...fields, ...answers])];
  const complete: CompleteRow[] = [];
  let number = 0;
  for (const { path, unit, rows } of await readTables(source, columns, encoding)) {
    for (const { line, values } of rows) {
      number++;
      const place = `${unit} ${line}`;
      const isEmpty = (value: Cell, at: number) =>
        value === null && !(mayBeEmpty(reading) && reading.kind === "generation" && answers.includes(columns[at])) ||
        value !== null && value.length === 0 && Array.isArray(value) && !mayBeEmpty(reading) ||
        typeof value === "string" && value.trim() === "" && !(mayBeEmpty(reading) && answers.includes(columns[at]));
      const empty = values.findIndex(isEmpty);
      if (empty >= 0 && missing === "drop") continue;
      if (empty >= 0) refuseEmpty(path, columns[empty], place);
      const cellOf = (column: string) => values[columns.indexOf(column)];
      const isList = (cell: Cell): cell is readonly string[] => reading.kind === "generation" && Array.isArray(cell);
      const textIn = (column: string) => {
        const cell = cellOf(column);
        return isList(cell) ? cell.join(LIST_SEPARATOR) : requireText(cell, { path, column, place });
      };
      const textOf = (field: string) => fill(field, textIn);
      const texts = [text, ...pair === undefined ? [] : [pair]].map(textOf);
      requireTexts(path, texts, line);
      const cells = answers.map((column) =>
        reading.kind === "generation" || mayBeEmpty(reading) && answers.length === 1
          ? cellOf(column)
          : requireText(cellOf(column), { path, column, place })
      );
      const right = answerValues(reading, cells, { path, place });
      if (reading.kind === "generation" && right.length === 0) refuseEmpty(path, answers[0], place);
      complete.push({
        number,
        path,
        place,
        part: split === undefined ? part : textOf(split).trim(),
        text: texts[0],
        ...pair !== undefined && { pair: texts[1] },
        values: right,
        label: right.toSorted().join("\n"),
        ...group !== undefined && { group: textOf(group) },
      });
    }
  }
  if (complete.length === 0) throw new Error(`Cannot use ${source.paths[0]}: it must have rows, it has none`);
  return { count: number, complete };
}

/** The text of a cell. @throws {Error} if it is a list */
function requireText(cell: Cell, { path, column, place }: { path: string; column: string; place: string }): string {
  if (typeof cell === "string") return cell;
  throw new Error(
    `Cannot use ${path}: ${shorten(column)} must be a text, a number or a boolean, it is a list in ${place}`,
  );
}

function refuseEmpty(path: string, column: string, place: string): never {
  throw new Error(
    `Cannot use ${path}: a row must have a ${shorten(column)}, it is empty in ${place}; ` +
      'such rows are passed over with "missing": "drop" in a description, or --drop-missing',
  );
}

function exampleOf(row: CompleteRow, labels: readonly string[], reading: Reading): DescribedExample {
  const { number, part, text, pair, group } = row;
  return {
    id: `${part}/${number}`,
    text,
    ...pair !== undefined && { pair },
    ...rightAnswer(reading, row, labels),
    ...group !== undefined && { group },
  };
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
      const first = `${split.places[keys[a].get(key)!]} and ${other.places[keys[a + 1 + offset].get(key)!]}`;
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
