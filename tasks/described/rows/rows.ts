/**
 * The rows of a described task, column by column, as there may be millions.
 * @module
 */
import type { Table } from "../text/types.ts";
import { Distinct, Numbers, ownCopy } from "./columns.ts";
import { countWords, outlineOf } from "./outline.ts";

/** A row that has all that is needed. */
export interface CompleteRow {
  /** The part of the data that it belongs to. */
  part: string;
  /** Its number in the files of the data, from 1; with the part, it names the row. */
  number: number;
  /** Of a turn of a dialogue, its number; it is part of the name, too. */
  turn?: number;
  /** Where it stands in its file. */
  line: number;
  /** Its text, and the second text of a pair; or where it has choices its text, the second one or an empty one, and the choices. */
  texts: readonly string[];
  /** What it has in common with others. */
  group?: string;
  /** The values of its answer; of choices, the places of the right ones. */
  answer: readonly string[];
}

/** The name of a row: its part and its number, and that of a turn. */
export function idOf(part: string, number: number, turn?: number): string {
  return `${part}/${number}${turn === undefined ? "" : `/${turn}`}`;
}

/** Rows, each with an index from 0. */
export class Rows {
  readonly #parts = new Distinct<string>();
  readonly #groups = new Distinct<string>();
  readonly #answers = new Distinct<readonly string[]>();
  readonly #tables: Table[] = [];
  /** The texts of the first rows, as many as there is room for. */
  readonly #texts: string[][] = [];
  /** The hash of each row's texts, if there is no room for all. */
  readonly #hashes: string[] = [];
  readonly #columns = {
    part: new Numbers(),
    number: new Numbers(),
    turn: new Numbers(),
    table: new Numbers(),
    line: new Numbers(),
    words: new Numbers(),
    answer: new Numbers(),
    group: new Numbers(),
  };
  #room: number;
  /** What there was before the rows of the last table. */
  #before = { length: 0, room: 0 };

  /** No rows. @param most characters of texts that are kept */
  constructor(most: number) {
    this.#room = most;
  }

  /** How many there are. */
  get length(): number {
    return this.#columns.part.length;
  }

  /** Whether there are more texts than may be kept: rows have hashes then, and all but the first no texts. */
  get isOutlined(): boolean {
    return this.#room < 0;
  }

  /** Begins a table; if it is the last one again, what it gave before is left out. */
  begin(table: Table): void {
    if (this.#tables.at(-1) !== table) {
      this.#tables.push(table);
      this.#before = { length: this.length, room: this.#room };
      return;
    }
    for (const column of Object.values(this.#columns)) column.length = this.#before.length;
    for (const list of [this.#texts, this.#hashes]) list.length = Math.min(list.length, this.#before.length);
    this.#room = this.#before.room;
  }

  /** Adds a row of the table that was begun last. */
  add({ part, number, turn, line, texts, group, answer }: CompleteRow): void {
    const columns = this.#columns;
    columns.part.push(this.#parts.indexOf(part, (part) => part));
    columns.number.push(number);
    if (turn !== undefined) columns.turn.push(turn);
    columns.table.push(this.#tables.length - 1);
    columns.line.push(line);
    columns.answer.push(this.#indexOfAnswer(answer));
    if (group !== undefined) columns.group.push(this.#groups.indexOf(group, (group) => group));
    this.#room -= texts.reduce((sum, { length }) => sum + length, 0);
    if (this.#room >= 0) {
      this.#texts.push(texts.map(ownCopy));
      columns.words.push(texts.reduce((sum, text) => sum + countWords(text), 0));
      return;
    }
    // Then all have hashes, as texts are compared by them.
    while (this.#hashes.length < this.#texts.length) {
      this.#hashes.push(outlineOf(this.#texts[this.#hashes.length]).hash);
    }
    const { words, hash } = outlineOf(texts);
    columns.words.push(words);
    this.#hashes.push(hash);
  }

  #indexOfAnswer(answer: readonly string[]): number {
    // No text of a file begins with NUL.
    const key = answer.length === 1 ? answer[0] : `\0${JSON.stringify(answer.toSorted())}`;
    return this.#answers.indexOf(key, () => answer.map(ownCopy));
  }

  /** Names a row. */
  idOf(row: number): string {
    const { turn } = this.#columns;
    return idOf(this.partOf(row), this.numberOf(row), row < turn.length ? turn.at(row) : undefined);
  }

  /** The number of a row in the files of the data. */
  numberOf(row: number): number {
    return this.#columns.number.at(row);
  }

  /** The part of the data that a row belongs to. */
  partOf(row: number): string {
    return this.#parts.at(this.#columns.part.at(row));
  }

  /** The file of a row. */
  tableOf(row: number): Table {
    return this.#tables[this.#columns.table.at(row)];
  }

  /** Where a row stands in its file: "line 12". */
  placeOf(row: number): string {
    return `${this.tableOf(row).unit} ${this.#columns.line.at(row)}`;
  }

  /** The number of words of a row's texts. */
  wordsOf(row: number): number {
    return this.#columns.words.at(row);
  }

  /** The texts of a row; undefined if they were not kept. */
  textsOf(row: number): readonly string[] | undefined {
    return this.#texts[row];
  }

  /** The hash of a row's texts, where rows have hashes. */
  hashOf(row: number): string {
    return this.#hashes[row];
  }

  /** What a row has in common with others; undefined if no row has anything. */
  groupOf(row: number): string | undefined {
    return row < this.#columns.group.length ? this.#groups.at(this.#columns.group.at(row)) : undefined;
  }

  /** A number for what is right, equal for rows with the same. */
  answerOf(row: number): number {
    return this.#columns.answer.at(row);
  }

  /** The values of an answer. */
  valuesOf(answer: number): readonly string[] {
    return this.#answers.at(answer);
  }

  /** Gives a row another answer. */
  setAnswer(row: number, values: readonly string[]): void {
    this.#columns.answer.set(row, this.#indexOfAnswer(values));
  }
}
