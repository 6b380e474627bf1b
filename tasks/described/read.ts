/**
 * Reads the examples of a described task.
 * @module
 */
import { basename } from "node:path";
import { shorten, suggestion } from "../../base/errors.ts";
import { textHash } from "../examples.ts";
import type { TaskData, TextInput } from "../types.ts";
import type { DescribedSpec, SplitName } from "./description.ts";
import { countWords, refuseEmpty } from "./fields.ts";
import {
  type AnswerReading,
  type AnswerRow,
  labelsOfRows,
  requireDifferent,
  type RightAnswer,
  rightAnswer,
} from "./right-answers.ts";
import { RowReader, type TextRow } from "./rows/text-rows.ts";
import { splitsOfRows } from "./splits.ts";
import { readTables, type Table, type TableSource } from "./table.ts";

/** The files of each part of the data: of a split, of the pool, or of a split of a data set on the hub. */
export type TableSources = Record<string, TableSource>;

/** What of a description decides how rows are read. */
export type Reading = AnswerReading & Pick<DescribedSpec, "encoding" | "missing" | "splits" | "dialogue" | "speaker">;

/** An example of a described task. */
export type DescribedExample = TextInput & RightAnswer;

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
    const { sha256, rows: count, dropped, complete } = await readRows(reading, part, source, room);
    read.push({ name: part, ...source, sha256, rows: count, dropped });
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

/** What was read of a part of the data. */
interface ReadPart extends Pick<ReadSource, "rows" | "dropped"> {
  /** SHA-256 of its files. */
  sha256: string;
  /** Speakers of dialogues that were seen. */
  speakers: ReadonlySet<string>;
}

/**
 * Visits the texts of rows that have all values.
 * @param start called before a file's first row, and again where it has to be read another way
 * @throws {Error} if a row has not all values, unless such rows are dropped
 */
async function eachRow(
  reading: Reading,
  part: string,
  source: TableSource,
  start: (table: Table) => (row: TextRow) => void,
): Promise<ReadPart> {
  const reader = new RowReader(reading);
  const counts = new Map<string, { rows: number; dropped: number }>();
  const countBut = (path: string, key: "rows" | "dropped") =>
    [...counts].reduce((sum, [other, count]) => other === path ? sum : sum + count[key], 0);
  const sha256 = await readTables(source, reader.columns, reading.encoding, (table) => {
    const { path, unit } = table;
    const visit = start(table);
    const before = countBut(path, "rows");
    const count = { rows: 0, dropped: 0 };
    counts.set(path, count);
    return ({ line, values }) => {
      count.rows++;
      const missing = reader.missing(values);
      if (missing !== undefined) {
        if (reading.missing !== "drop") refuseEmpty(path, missing, `${unit} ${line}`);
        count.dropped++;
        return;
      }
      for (const row of reader.read(values, { table, line, number: before + count.rows, part })) visit(row);
    };
  });
  return { sha256, rows: countBut("", "rows"), dropped: countBut("", "dropped"), speakers: reader.speakers };
}

/** The rows of files. @param room characters of texts that may be kept still; below 0 there is none, and rows have hashes */
async function readRows(
  reading: Reading,
  part: string,
  source: TableSource,
  room: { left: number },
): Promise<ReadPart & { complete: ReadRow[] }> {
  const files = new Map<string, ReadRow[]>();
  const roomAt = new Map<string, number>();
  // What many rows have in common is in memory once.
  const names = new Map<string, string>();
  const once = (name: string) => names.get(name) ?? (names.set(name, name), name);
  const known = new Map<string, string[]>();
  const read = await eachRow(reading, part, source, (table) => {
    const rows: ReadRow[] = [];
    files.set(table.path, rows);
    room.left = roomAt.get(table.path) ?? room.left;
    roomAt.set(table.path, room.left);
    return ({ id, part, line, texts, group, answers }) => {
      const [text, pair] = texts;
      const example: DescribedExample = { id, text };
      if (pair !== undefined) example.pair = pair;
      if (group !== undefined) example.group = once(group);
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
  if (complete.length === 0) refuseNone(reading, source, read);
  return { ...read, complete };
}

/** Says why files have no example. @throws {Error} always */
function refuseNone(
  { speaker }: Reading,
  { paths: [path] }: TableSource,
  { rows, dropped, speakers }: ReadPart,
): never {
  if (rows === dropped) throw new Error(`Cannot use ${path}: it must have rows, it has none`);
  if (speaker === undefined) throw new Error(`Cannot use ${path}: a dialogue must have two turns, none has`);
  throw new Error(
    `Cannot use ${path}: the speaker ${shorten(speaker)} must answer a turn, ${
      speakers.size === 0 ? 'no turn begins with a name, as "USER: " is one' : suggestion(speaker, [...speakers])
    }`,
  );
}
