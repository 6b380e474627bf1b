/**
 * What the cells of a row say: texts and right answers.
 * @module
 */
import { requireTexts } from "../../task-files.ts";
import type { Reading } from "../read.ts";
import { columnsOf, fill, refuseEmpty, requireText } from "../fields.ts";
import { answerColumns, answerValues, mayBeEmpty } from "../right-answers.ts";
import type { Cell, Table } from "../table.ts";
import { responsesOf, speakersOf, turnsOf } from "./turns.ts";

/** What stands between the parts of a list that a text is made of, as between facts of WebNLG. */
const LIST_SEPARATOR = " | ";

/** Texts of a row with their right answers. */
export interface TextRow {
  /** Part of the data, number of the row in it, and of a turn of a dialogue its number: "train/12/4". */
  id: string;
  /** The part of the data that it belongs to. */
  part: string;
  /** Where the row stands in its file. */
  line: number;
  /** The text, and the second text of a pair. */
  texts: string[];
  /** What it has in common with others that must not be torn apart. */
  group?: string;
  /** The values of its answer. */
  answers: () => string[];
}

/** Where a row stands. */
export interface RowPlace {
  /** Its file. */
  table: Table;
  /** Its line, or its number, in the file. */
  line: number;
  /** Its number in its part of the data. */
  number: number;
  /** The part of the data; where a column says it, that counts. */
  part: string;
}

/** Reads rows of one part of the data. */
export class RowReader {
  /** The columns that are read. */
  readonly columns: string[];
  /** Speakers of dialogues that were seen, where a description names one. */
  readonly speakers = new Set<string>();
  readonly #ofAnswer: string[];
  readonly #isGeneration: boolean;
  readonly #mayHaveNone: boolean[];

  /**
   * A reader of rows.
   * @param reading what of a description decides how they are read
   */
  constructor(private readonly reading: Reading) {
    const { columns: { text, pair, split, group } } = reading;
    this.#ofAnswer = answerColumns(reading);
    this.#isGeneration = reading.kind === "generation";
    const fields = [text, pair ?? [], split ?? [], group ?? []].flat();
    this.columns = [...new Set([...fields.flatMap(columnsOf), ...this.#ofAnswer])];
    this.#mayHaveNone = this.columns.map((column) => mayBeEmpty(reading) && this.#ofAnswer.includes(column));
  }

  /** The column whose value a row lacks; undefined where it lacks none. */
  missing(values: readonly Cell[]): string | undefined {
    const isEmpty = (value: Cell, at: number) =>
      value === null
        ? !(this.#isGeneration && this.#mayHaveNone[at])
        : value.length === 0 && Array.isArray(value) && !mayBeEmpty(this.reading) ||
          typeof value === "string" && value.trim() === "" && !this.#mayHaveNone[at];
    const empty = values.findIndex(isEmpty);
    return empty < 0 ? undefined : this.columns[empty];
  }

  /**
   * What a row says: one text; of a dialogue whose turns are the answers, one for each of these.
   * @param values of {@linkcode columns}, none of which is missing
   */
  read(values: readonly Cell[], { table: { path, unit }, line, number, part }: RowPlace): TextRow[] {
    const { columns: { text, pair, split, group, references }, dialogue, speaker } = this.reading;
    const place = `${unit} ${line}`;
    const cellOf = (column: string) => values[this.columns.indexOf(column)]!;
    const textIn = (column: string) => {
      const cell = cellOf(column);
      return this.#isGeneration && Array.isArray(cell)
        ? cell.join(LIST_SEPARATOR)
        : requireText(cell, { path, column, place });
    };
    const turnsIn = (column: string) => turnsOf(cellOf(column)!).join("\n");
    const textOf = (field: string, read = textIn) => this.columns.includes(field) ? read(field) : fill(field, read);
    const texts = [textOf(text, dialogue ? turnsIn : textIn), ...pair === undefined ? [] : [textOf(pair)]];
    requireTexts(path, texts, line);
    const ofRow = split === undefined ? part : textOf(split).trim();
    const row = { part: ofRow, line, ...group !== undefined && { group: textOf(group) } };
    const id = `${ofRow}/${number}`;
    if (dialogue && references === undefined) {
      const turns = texts[0].split("\n");
      if (speaker !== undefined) { for (const name of speakersOf(turns)) this.speakers.add(name); }
      // The turns of a dialogue must not be torn apart.
      return responsesOf(turns, speaker).map(({ turn, text, answer }) => ({
        group: id,
        ...row,
        id: `${id}/${turn}`,
        texts: [text],
        answers: () => [answer],
      }));
    }
    const answers = () => {
      const cells = this.#ofAnswer.map((column) =>
        this.#isGeneration || mayBeEmpty(this.reading) && this.#ofAnswer.length === 1 ? cellOf(column) : textIn(column)
      );
      const answer = answerValues(this.reading, cells, { path, place });
      if (this.#isGeneration && answer.length === 0) refuseEmpty(path, this.#ofAnswer[0], place);
      return answer;
    };
    return [{ ...row, id, texts, answers }];
  }
}
