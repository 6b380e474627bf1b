/**
 * Reads the examples of a described task.
 * @module
 */
import { basename } from "node:path";
import { shorten, suggestion } from "../../base/errors.ts";
import type { TaskData, TextInput } from "../types.ts";
import type { DescribedSpec, SplitName } from "./description.ts";
import {
  type CountedAnswer,
  labelsOfAnswers,
  requireDifferent,
  type RightAnswer,
  rightAnswer,
} from "./right-answers.ts";
import { eachRow, type Reading, type ReadPart } from "./each-row.ts";
import { type DescribedExample, exampleOf, OutlinedExample } from "./example.ts";
import { ownCopy } from "./rows/columns.ts";
import { type CompleteRow, idOf, Rows } from "./rows/rows.ts";
import { splitsOfRows } from "./splits.ts";
import type { TableSource } from "./table.ts";

/** The files of each part of the data: of a split, of the pool, or of a split of a data set on the hub. */
export type TableSources = Record<string, TableSource>;

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
  /** Words of the texts of each. */
  words: Uint32Array;
  /** Where the example at an index stands: "line 12 of train.csv". */
  placeOf: (at: number) => string;
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

/** Characters of texts that are kept in memory. Where there are more, examples have hashes, and all but the first no texts. */
const MOST_CHARACTERS = 1 << 23;

/**
 * Reads the files of a described task, always the same examples in the same order.
 * @param name the task's, for messages
 * @param most characters of texts that are kept
 * @throws {Error} one sentence on the first thing for which a file cannot be used
 */
export async function readDescribed(
  name: string,
  reading: Reading,
  sources: TableSources,
  most = MOST_CHARACTERS,
): Promise<ReadTask> {
  const read: ReadSource[] = [];
  const rows = new Rows(most);
  for (const [part, source] of Object.entries(sources)) {
    const before = rows.length;
    const { speakers, ...counts } = await eachRow(reading, part, source, (table) => {
      rows.begin(table);
      return (row) => rows.add(row);
    });
    if (rows.length === before) refuseNone(reading, source, { speakers, ...counts });
    read.push({ name: part, ...source, ...counts });
  }
  const split = splitsOfRows(name, rows, reading.splits);
  const [[, first]] = split;
  const labels = labelsOfAnswers(reading, rows.tableOf(first[0]).path, [...answersOf(rows, first).values()]);
  const right: RightAnswer[] = [];
  const splits = split.map(([name, ofSplit]): ReadSplit => {
    const kept = reading.kind === "generation" ? joinReferences(rows, ofSplit) : ofSplit;
    const examples = Array.from(kept, (row) => {
      const answer = rows.answerOf(row);
      right[answer] ??= rightAnswer(reading, {
        path: rows.tableOf(row).path,
        place: rows.placeOf(row),
        values: rows.valuesOf(answer),
      }, labels);
      return rows.isOutlined
        ? new OutlinedExample(rows, row, right[answer])
        : exampleOf(rows, row, rows.textsOf(row)!, right[answer]);
    });
    const answers = [...answersOf(rows, kept).keys()].map((answer) => right[answer]);
    requireDifferent(rows.tableOf(kept[0]).path, reading.kind, answers, labels);
    return {
      name,
      examples,
      words: kept.map((row) => rows.wordsOf(row)),
      placeOf: (at) => `${rows.placeOf(kept[at])} of ${basename(rows.tableOf(kept[at]).path)}`,
    };
  });
  return { ...reading.kind && { kind: reading.kind }, labels: [...labels], sources: read, splits };
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

/** The different answers of rows by their numbers. */
function answersOf(rows: Rows, members: Uint32Array): Map<number, CountedAnswer> {
  const answers = new Map<number, CountedAnswer>();
  for (const row of members) {
    const answer = rows.answerOf(row);
    const known = answers.get(answer);
    if (known) known.count++;
    else answers.set(answer, { values: rows.valuesOf(answer), count: 1 });
  }
  return answers;
}

/** One row of each text, the first, with the references of all. */
function joinReferences(rows: Rows, members: Uint32Array): Uint32Array {
  const firsts = new Map<string, number>();
  const references = new Map<number, Set<string>>();
  for (const row of members) {
    const key = rows.isOutlined ? rows.hashOf(row) : rows.textsOf(row)![0];
    const first = firsts.get(key);
    if (first === undefined) {
      firsts.set(key, row);
      continue;
    }
    if (!references.has(first)) references.set(first, new Set(rows.valuesOf(rows.answerOf(first))));
    for (const value of rows.valuesOf(rows.answerOf(row))) references.get(first)!.add(value);
  }
  for (const [row, values] of references) rows.setAnswer(row, [...values]);
  return Uint32Array.from(firsts.values());
}

/** The examples with their texts, where {@linkcode readDescribed} gave them without. */
export async function readTexts<E extends TextInput>(
  reading: Reading,
  sources: TableSources,
  examples: readonly E[],
): Promise<E[]> {
  const outlined = examples.filter((example) => example instanceof OutlinedExample);
  if (outlined.length === 0) return [...examples];
  const numbers = new Set(outlined.map(({ number }) => number));
  const texts = new Map<string, readonly string[]>();
  for (const [part, source] of Object.entries(sources)) {
    const take = ({ part, number, turn, texts: found }: CompleteRow) => {
      texts.set(idOf(part, number, turn), found.map(ownCopy));
    };
    await eachRow(reading, part, source, () => take, (number) => numbers.has(number));
  }
  return examples.map((example) =>
    example instanceof OutlinedExample ? example.withTexts(texts.get(example.id)!) as E : example
  );
}
