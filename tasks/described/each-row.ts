/**
 * Visits the rows of a described task's files that have all that is needed.
 * @module
 */
import { requireTexts } from "../task-files.ts";
import type { DescribedSpec } from "./description.ts";
import { columnsOf, fill, refuseEmpty, requireText } from "./fields.ts";
import { answerColumns, type AnswerReading, answerValues, mayBeEmpty } from "./right-answers.ts";
import { readTables, type TableSource } from "./table.ts";
import type { Cell, Table } from "./text/types.ts";
import type { CompleteRow } from "./rows/rows.ts";

/** What of a description decides how rows are read. */
export type Reading = AnswerReading & Pick<DescribedSpec, "encoding" | "missing" | "splits">;

/** What stands between the parts of a list that a text is made of, as between facts of WebNLG. */
const LIST_SEPARATOR = " | ";

/** Where a row stands. */
interface Place {
  path: string;
  place: string;
}

/** Reads fields of a description from the cells of its columns. */
class FieldReader {
  /** The columns that are read. */
  readonly columns: string[];
  readonly #reading: Reading;
  readonly #answerColumns: string[];
  readonly #isGeneration: boolean;
  readonly #mayHaveNone: boolean[];

  constructor(reading: Reading) {
    const { text, pair, split, group } = reading.columns;
    this.#reading = reading;
    this.#answerColumns = answerColumns(reading);
    this.columns = [
      ...new Set([
        ...[text, pair ?? [], split ?? [], group ?? []].flat().flatMap(columnsOf),
        ...this.#answerColumns,
      ]),
    ];
    this.#isGeneration = reading.kind === "generation";
    this.#mayHaveNone = this.columns.map((column) => mayBeEmpty(reading) && this.#answerColumns.includes(column));
  }

  /** The first column whose cell is empty and must not be. */
  emptyColumn(cells: readonly Cell[]): string | undefined {
    for (let at = 0; at < cells.length; at++) if (this.#isEmpty(cells[at], at)) return this.columns[at];
  }

  #isEmpty(value: Cell, at: number): boolean {
    if (value === null) return !(this.#isGeneration && this.#mayHaveNone[at]);
    if (typeof value === "string") return !this.#mayHaveNone[at] && value.trim() === "";
    return value.length === 0 && !mayBeEmpty(this.#reading);
  }

  /** The text of a field. @throws {Error} if a cell of it holds a list */
  text(field: string, cells: readonly Cell[], place: Place): string {
    return this.columns.includes(field)
      ? this.#textIn(field, cells, place)
      : fill(field, (column) => this.#textIn(column, cells, place));
  }

  #cellOf(column: string, cells: readonly Cell[]): Cell {
    return cells[this.columns.indexOf(column)]!;
  }

  #textIn(column: string, cells: readonly Cell[], place: Place): string {
    const cell = this.#cellOf(column, cells);
    return this.#isGeneration && Array.isArray(cell)
      ? cell.join(LIST_SEPARATOR)
      : requireText(cell, { ...place, column });
  }

  /** The values of what is right. @throws {Error} if a cell holds what it must not, or of generation if there are none */
  answer(cells: readonly Cell[], place: Place): string[] {
    const columns = this.#answerColumns;
    const mayBeList = this.#isGeneration || mayBeEmpty(this.#reading) && columns.length === 1;
    const ofAnswer = columns.map((column) =>
      mayBeList ? this.#cellOf(column, cells) : this.#textIn(column, cells, place)
    );
    const answer = answerValues(this.#reading, ofAnswer, place);
    if (this.#isGeneration && answer.length === 0) refuseEmpty(place.path, columns[0], place.place);
    return answer;
  }
}

/**
 * Takes a row.
 * @param id names it
 * @param read reads it, and throws an error if something in it cannot be used
 */
export type TakeRow = (id: string, read: () => CompleteRow) => void;

/**
 * Visits the rows of a part of the data that have all values.
 * @param start called before a table's first row, and again where it has to be read another way
 * @returns the checksum of its files, and the number of rows
 * @throws {Error} if a row has not all values, unless such rows are dropped
 */
export async function eachRow(
  reading: Reading,
  part: string,
  source: TableSource,
  start: (table: Table) => TakeRow,
): Promise<{ sha256: string; count: number }> {
  const { columns: { text, pair, split, group }, encoding, missing } = reading;
  const fields = new FieldReader(reading);
  const textFields = pair === undefined ? [text] : [text, pair];
  let begun: Table | undefined;
  let before = 0;
  let number = 0;
  const sha256 = await readTables(source, fields.columns, encoding, (table) => {
    if (table !== begun) before = number;
    begun = table;
    number = before;
    const { path, unit } = table;
    const take = start(table);
    return ({ line, values: cells }) => {
      number++;
      const empty = fields.emptyColumn(cells);
      if (empty !== undefined && missing === "drop") return;
      const place = { path, place: `${unit} ${line}` };
      if (empty !== undefined) refuseEmpty(path, empty, place.place);
      const ofRow = split === undefined ? part : fields.text(split, cells, place).trim();
      take(`${ofRow}/${number}`, () => {
        const texts = textFields.map((field) => fields.text(field, cells, place));
        requireTexts(path, texts, line);
        return {
          part: ofRow,
          number,
          line,
          texts,
          ...group !== undefined && { group: fields.text(group, cells, place) },
          answer: fields.answer(cells, place),
        };
      });
    };
  });
  return { sha256, count: number };
}
