/**
 * What the cells of rows say, texts and right answers, file by file.
 * @module
 */
import { shorten } from "../../base/errors.ts";
import { requireTexts } from "../task-files.ts";
import type { DescribedSpec } from "./description.ts";
import { columnsOf, fill, refuseEmpty, requireText } from "./fields.ts";
import { answerColumns, type AnswerReading, answerValues, mayBeEmpty } from "./right-answers.ts";
import { labelText } from "./labels.ts";
import { type ChoiceRow, choicesOf, type RowChoices } from "./rows/choices.ts";
import type { CompleteRow } from "./rows/rows.ts";
import { responsesOf, speakersOf, turnsOf } from "./rows/turns.ts";
import { readTables, type TableSource } from "./table.ts";
import type { Cell, Table } from "./text/types.ts";

/** What of a description decides how rows are read. */
export type Reading =
  & AnswerReading
  & Pick<DescribedSpec, "encoding" | "missing" | "splits" | "dialogue" | "speaker" | "placeholder">;

/** What stands between the parts of a list that a text is made of, as between facts of WebNLG. */
const LIST_SEPARATOR = " | ";

/** Where a row stands. */
interface RowPlace {
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
class RowReader {
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
    const { columns: { text, pair, choices, split, group } } = reading;
    this.#ofAnswer = answerColumns(reading);
    this.#isGeneration = reading.kind === "generation";
    const fields = [text, pair ?? [], choices ?? [], split ?? [], group ?? []].flat();
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
  read(values: readonly Cell[], { table: { path, unit }, line, number, part }: RowPlace): CompleteRow[] {
    const { columns: { text, pair, choices, split, group, references }, dialogue, speaker, placeholder } = this.reading;
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
    const row = { part: ofRow, number, line, ...group !== undefined && { group: textOf(group) } };
    if (dialogue && references === undefined) {
      const turns = texts[0].split("\n");
      if (speaker !== undefined) { for (const name of speakersOf(turns)) this.speakers.add(name); }
      // The turns of a dialogue must not be torn apart.
      return responsesOf(turns, speaker).map(({ turn, text, answer }) => ({
        group: `${ofRow}/${number}`,
        ...row,
        turn,
        texts: [text],
        answer: [answer],
      }));
    }
    if (choices !== undefined) {
      const found = this.#choicesIn(choices, { path, place }, cellOf, textIn);
      requireTexts(path, found.choices, line);
      if (placeholder !== undefined && !texts[1].includes(placeholder)) {
        throw new Error(
          `Cannot use ${path}: the second text must have the placeholder ${shorten(placeholder)}, current value is ${
            shorten(texts[1])
          } in ${place}`,
        );
      }
      return [{ ...row, texts: [texts[0], texts[1] ?? "", ...found.choices], answer: found.right }];
    }
    const cells = this.#ofAnswer.map((column) =>
      this.#isGeneration || mayBeEmpty(this.reading) && this.#ofAnswer.length === 1 ? cellOf(column) : textIn(column)
    );
    const answer = answerValues(this.reading, cells, { path, place });
    if (this.#isGeneration && answer.length === 0) refuseEmpty(path, this.#ofAnswer[0], place);
    return [{ ...row, texts, answer }];
  }

  #choicesIn(
    columns: string | string[],
    place: Pick<ChoiceRow, "path" | "place">,
    cellOf: (column: string) => NonNullable<Cell>,
    textIn: (column: string) => string,
  ): RowChoices {
    const { labels = [], values = labels, columns: { label } } = this.reading;
    const cells = [columns].flat().map((column) =>
      this.columns.includes(column) ? cellOf(column) : fill(column, textIn)
    );
    const right = label === undefined
      ? { texts: this.#ofAnswer.flatMap(cellOf) }
      : { label: labelText(textIn(this.#ofAnswer[0])) };
    return choicesOf({ ...place, columns, cells, right, labels: values });
  }
}

/** What was read of a part of the data. */
export interface ReadPart {
  /** SHA-256 of its files. */
  sha256: string;
  /** Number of rows. */
  rows: number;
  /** Number of rows that were passed over, as something is missing in them. */
  dropped: number;
  /** Speakers of dialogues that were seen. */
  speakers: ReadonlySet<string>;
}

/**
 * Visits the texts of rows that have all values.
 * @param start called before a table's first row, and again with it where it has to be read another way
 * @param isWanted whether the row of a number is read; left out: all are
 * @throws {Error} if a row has not all values, unless such rows are dropped
 */
export async function eachRow(
  reading: Reading,
  part: string,
  source: TableSource,
  start: (table: Table) => (row: CompleteRow) => void,
  isWanted: (number: number) => boolean = () => true,
): Promise<ReadPart> {
  const reader = new RowReader(reading);
  const count = { rows: 0, dropped: 0 };
  let begun: Table | undefined;
  let before = { ...count };
  const sha256 = await readTables(source, reader.columns, reading.encoding, (table) => {
    if (table !== begun) before = { ...count };
    begun = table;
    Object.assign(count, before);
    const visit = start(table);
    return ({ line, values }) => {
      const number = ++count.rows;
      if (!isWanted(number)) return;
      const missing = reader.missing(values);
      if (missing !== undefined) {
        if (reading.missing !== "drop") refuseEmpty(table.path, missing, `${table.unit} ${line}`);
        count.dropped++;
        return;
      }
      for (const row of reader.read(values, { table, line, number, part })) visit(row);
    };
  });
  return { sha256, ...count, speakers: reader.speakers };
}
