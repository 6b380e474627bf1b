/**
 * Reads the examples of a described task.
 * @module
 */
import { basename } from "node:path";
import { textHash } from "../examples.ts";
import { requireTexts } from "../task-files.ts";
import type { TaskData, TextInput } from "../types.ts";
import type { DescribedSpec, SplitName } from "./description.ts";
import { columnsOf, countWords, fill, refuseEmpty, requireText } from "./fields.ts";
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
import { type Cell, readTables, type Table, type TableSource } from "./table.ts";

/** The files of each part of the data: of a split, of the pool, or of a split of a data set on the hub. */
export type TableSources = Record<string, TableSource>;

/** What of a description decides how rows are read. */
export type Reading = AnswerReading & Pick<DescribedSpec, "encoding" | "missing" | "splits">;

/** An example of a described task. */
export type DescribedExample = TextInput & RightAnswer;

/** What stands between the parts of a list that a text is made of, as between facts of WebNLG. */
const LIST_SEPARATOR = " | ";

/** A row that has all that is needed. */
class ReadRow implements AnswerRow {
  /**
   * @param part the part of the data that it belongs to
   * @param line where it stands in its file
   * @param values of its answer
   * @param label what is right, as one text
   * @param example without what is right
   * @param words of its texts
   */
  constructor(
    readonly part: string,
    readonly table: Table,
    readonly line: number,
    readonly values: string[],
    readonly label: string,
    readonly example: DescribedExample,
    readonly words: number,
  ) {}
  get id(): string {
    return this.example.id;
  }
  get path(): string {
    return this.table.path;
  }
  get place(): string {
    return `${this.table.unit} ${this.line}`;
  }
}

/** What was read of a source. */
export interface ReadSource extends TableSource {
  /** Its name. */
  name: string;
  /** SHA-256 of its files. */
  sha256: string;
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
  /** The file of each. */
  tables: Table[];
  /** Where each stands in its file. */
  lines: Uint32Array;
  /** Words of the texts of each. */
  words: Uint32Array;
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

/** Where the example at an index stands: "line 12 of train.csv". */
export function placeOf({ tables, lines }: ReadSplit, at: number): string {
  return `${tables[at].unit} ${lines[at]} of ${basename(tables[at].path)}`;
}

/** Characters of texts that are kept in memory. Where there are more, the rows after them have hashes in place of texts. */
const MOST_CHARACTERS = 1 << 23;

/**
 * Reads the files of a described task, always the same examples in the same order.
 * @param name the task's, for messages
 * @param most characters of texts that are kept: where there are more, examples have hashes, and all but the first no texts
 * @throws {Error} one sentence on the first thing for which a file cannot be used
 */
export async function readDescribed(
  name: string,
  reading: Reading,
  sources: TableSources,
  most = MOST_CHARACTERS,
): Promise<ReadTask> {
  const read: ReadSource[] = [];
  const rows: ReadRow[] = [];
  const room = { left: most };
  for (const [part, source] of Object.entries(sources)) {
    const { sha256, count, complete } = await readRows(reading, part, source, room);
    read.push({ name: part, ...source, sha256, rows: count, dropped: count - complete.length });
    for (const row of complete) rows.push(row);
  }
  // Then all have them, as texts are compared.
  if (room.left < 0) { for (const { example } of rows) example.hash = textHash(example); }
  const split = splitsOfRows(name, rows, reading.splits);
  const [[, first]] = split;
  const labels = labelsOfRows(reading, first);
  const splits = split.map(([name, rows]) => {
    const kept = reading.kind === "generation" ? joinReferences(rows) : rows;
    const examples = kept.map((row) => Object.assign(row.example, rightAnswer(reading, row, labels)));
    requireDifferent(rows[0].path, reading.kind, examples, labels);
    return {
      name,
      examples,
      tables: kept.map(({ table }) => table),
      lines: Uint32Array.from(kept, ({ line }) => line),
      words: Uint32Array.from(kept, ({ words }) => words),
    };
  });
  return { ...reading.kind && { kind: reading.kind }, labels: [...labels], sources: read, splits };
}

/** One row of each text, the first, with the references of all. */
function joinReferences(rows: readonly ReadRow[]): ReadRow[] {
  return [...Map.groupBy(rows, ({ example: { text, hash } }) => hash ?? text).values()].map((same) => {
    const { part, table, line, label, example, words } = same[0];
    return new ReadRow(part, table, line, [...new Set(same.flatMap(({ values }) => values))], label, example, words);
  });
}

/** Reads the texts of examples that {@linkcode readDescribed} gave without, and takes their hashes away. */
export async function readTexts(
  reading: Reading,
  sources: TableSources,
  examples: readonly TextInput[],
): Promise<void> {
  const wanted = Map.groupBy(examples.filter(({ hash }) => hash !== undefined), ({ id }) => id);
  if (wanted.size === 0) return;
  for (const [part, source] of Object.entries(sources)) {
    await eachRow(reading, part, source, () => ({ id, texts: [text, pair] }) => {
      for (const example of wanted.get(id) ?? []) {
        Object.assign(example, { text, ...pair !== undefined && { pair } });
      }
    });
  }
  for (const example of examples) delete example.hash;
}

/** A row, with what its texts are made of. */
interface TextRow extends Pick<ReadRow, "id" | "part" | "line"> {
  /** Its text, and the second text of a pair. */
  texts: string[];
  /** The text of another field of the description. */
  textOf: (field: string) => string;
  /** The values of its answer. */
  answers: () => string[];
}

/**
 * Visits the rows of files that have all values.
 * @param start called before a file's first row, and again where it has to be read another way
 * @returns the checksum of the files, and the number of rows
 * @throws {Error} if a row has not all values, unless such rows are dropped
 */
async function eachRow(
  reading: Reading,
  part: string,
  source: TableSource,
  start: (table: Table) => (row: TextRow) => void,
): Promise<{ sha256: string; count: number }> {
  const { columns: { text, pair, split, group }, encoding, missing } = reading;
  const ofAnswer = answerColumns(reading);
  const fields = [text, pair ?? [], split ?? [], group ?? []].flat();
  const columns = [...new Set([...fields.flatMap(columnsOf), ...ofAnswer])];
  const mayHaveNone = columns.map((column) => mayBeEmpty(reading) && ofAnswer.includes(column));
  const isGeneration = reading.kind === "generation";
  const isEmpty = (value: Cell, at: number) =>
    value === null
      ? !(isGeneration && mayHaveNone[at])
      : value.length === 0 && Array.isArray(value) && !mayBeEmpty(reading) ||
        typeof value === "string" && value.trim() === "" && !mayHaveNone[at];
  const counts = new Map<string, number>();
  const countBut = (path: string) => [...counts].reduce((sum, [other, count]) => other === path ? sum : sum + count, 0);
  const sha256 = await readTables(source, columns, encoding, (table) => {
    const { path, unit } = table;
    const visit = start(table);
    const before = countBut(path);
    let number = before;
    return ({ line, values }) => {
      number++;
      counts.set(path, number - before);
      const empty = values.findIndex(isEmpty);
      if (empty >= 0 && missing === "drop") return;
      const place = `${unit} ${line}`;
      if (empty >= 0) refuseEmpty(path, columns[empty], place);
      const cellOf = (column: string) => values[columns.indexOf(column)]!;
      const textIn = (column: string) => {
        const cell = cellOf(column);
        return isGeneration && Array.isArray(cell)
          ? cell.join(LIST_SEPARATOR)
          : requireText(cell, { path, column, place });
      };
      const textOf = (field: string) => columns.includes(field) ? textIn(field) : fill(field, textIn);
      const texts = [text, ...pair === undefined ? [] : [pair]].map(textOf);
      requireTexts(path, texts, line);
      const answers = () => {
        const cells = ofAnswer.map((column) =>
          isGeneration || mayBeEmpty(reading) && ofAnswer.length === 1 ? cellOf(column) : textIn(column)
        );
        const answer = answerValues(reading, cells, { path, place });
        if (isGeneration && answer.length === 0) refuseEmpty(path, ofAnswer[0], place);
        return answer;
      };
      const ofRow = split === undefined ? part : textOf(split).trim();
      visit({ id: `${ofRow}/${number}`, part: ofRow, line, texts, textOf, answers });
    };
  });
  return { sha256, count: countBut("") };
}

/** The rows of files. @param room characters of texts that may be kept still; below 0 there is none, and rows have hashes */
async function readRows(
  reading: Reading,
  part: string,
  source: TableSource,
  room: { left: number },
): Promise<{ sha256: string; count: number; complete: ReadRow[] }> {
  const { group } = reading.columns;
  const files = new Map<string, ReadRow[]>();
  const roomAt = new Map<string, number>();
  // What many rows have in common is in memory once.
  const names = new Map<string, string>();
  const once = (name: string) => names.get(name) ?? (names.set(name, name), name);
  const known = new Map<string, string[]>();
  const { sha256, count } = await eachRow(reading, part, source, (table) => {
    const rows: ReadRow[] = [];
    files.set(table.path, rows);
    room.left = roomAt.get(table.path) ?? room.left;
    roomAt.set(table.path, room.left);
    return ({ id, part, line, texts, textOf, answers }) => {
      const [text, pair] = texts;
      const example: DescribedExample = { id, text };
      if (pair !== undefined) example.pair = pair;
      if (group !== undefined) example.group = once(textOf(group));
      room.left -= text.length + (pair?.length ?? 0);
      const words = texts.reduce((sum, text) => sum + countWords(text), 0);
      if (room.left < 0) {
        example.hash = textHash(example);
        example.text = "";
        if (pair !== undefined) example.pair = "";
      }
      const values = answers();
      const label = once(values.toSorted().join("\n"));
      if (!known.has(label)) known.set(label, values);
      rows.push(new ReadRow(once(part), table, line, known.get(label)!, label, example, words));
    };
  });
  const complete = [...files.values()].flat();
  if (complete.length === 0) throw new Error(`Cannot use ${source.paths[0]}: it must have rows, it has none`);
  return { sha256, count, complete };
}
