/**
 * Records of separated values, which csv-parse reads the same at a tenth of the speed: what lies between two delimiters is not looked at.
 * @module
 */

/** How a file is written. */
export interface Writing {
  /** What stands between values: one character. */
  delimiter: string;
  /** Whether values may stand in quotes, quotes in them doubled; else a quote is a character as any other. */
  isQuoted: boolean;
}

/**
 * Takes a record.
 * @param line where it begins, from 1
 * @param values those of the columns that are read; empty where the record is shorter
 * @param count of all its values
 */
export type TakeRecord = (line: number, values: string[], count: number) => void;

/** Characters of the longest record: a longer one begins with a quote that does not belong there. */
const LONGEST_RECORD = 1 << 28;

const NEWLINE = 10, QUOTE = 34;

/**
 * Reads the records of a text. Blank lines are none.
 * @param parts of the text, each of whole lines
 * @param columns numbers from 0 of the columns that are read
 * @throws {Error} if it is not written so: a quote stands inside a value, or none ends one
 */
export async function readRecords(
  parts: AsyncIterable<string>,
  writing: Writing,
  columns: readonly number[],
  take: TakeRecord,
): Promise<void> {
  const reader = new RecordReader(writing, columns, take);
  let held: string[] = [];
  let length = 0;
  // A record that is not whole is looked at again once there is twice as much of it.
  let enough = 0;
  for await (const part of parts) {
    held.push(part);
    length += part.length;
    if (length < enough) continue;
    const rest = reader.read(held.length === 1 ? part : held.join(""), false);
    if (rest.length > LONGEST_RECORD) refuseQuote();
    held = rest === "" ? [] : [rest];
    length = rest.length;
    enough = 2 * length;
  }
  reader.read(held.join(""), true);
}

/** Says that values are not quoted as they must be. @throws {Error} always */
function refuseQuote(): never {
  throw new Error("Cannot read values: a quote must begin or end one, another is there");
}

/** Where a string occurs in a text from an index on; infinite if it does not. */
function indexFrom(text: string, searched: string, at: number): number {
  const found = text.indexOf(searched, at);
  return found < 0 ? Infinity : found;
}

/** Where the quote stands that ends a value; −1 if there is none. @param at where the value's first quote stands */
function closingQuote(text: string, at: number): number {
  let quote = text.indexOf('"', at + 1);
  while (quote >= 0 && text.charCodeAt(quote + 1) === QUOTE) quote = text.indexOf('"', quote + 2);
  return quote;
}

class RecordReader {
  readonly #delimiter: string;
  readonly #isQuoted: boolean;
  /** By a column's number, which of the values that are read it has; −1: none. */
  readonly #places: Int32Array;
  readonly #width: number;
  readonly #take: TakeRecord;
  #line = 1;

  constructor({ delimiter, isQuoted }: Writing, columns: readonly number[], take: TakeRecord) {
    this.#delimiter = delimiter;
    this.#isQuoted = isQuoted;
    this.#places = new Int32Array(Math.max(...columns) + 1).fill(-1);
    columns.forEach((column, place) => this.#places[column] = place);
    this.#width = columns.length;
    this.#take = take;
  }

  /** Reads the records of a text. @param isEnd whether nothing follows @returns the text from the first record on that is not whole */
  read(text: string, isEnd: boolean): string {
    // Each is looked for once: where there is none, that goes to the end of the text.
    let quote = this.#isQuoted ? indexFrom(text, '"', 0) : Infinity;
    let delimiter = indexFrom(text, this.#delimiter, 0);
    for (let begin = 0; begin < text.length;) {
      const end = Math.min(indexFrom(text, "\n", begin), text.length);
      if (quote < begin) quote = indexFrom(text, '"', begin);
      if (quote < end) {
        const next = this.#readQuoted(text, begin, end, isEnd);
        if (next === undefined) return text.slice(begin);
        begin = next;
        continue;
      }
      if (end === text.length && !isEnd) return text.slice(begin);
      const values = this.#emptyValues();
      let count = 0;
      for (let from = begin; from <= end; count++) {
        if (delimiter < from) delimiter = indexFrom(text, this.#delimiter, from);
        const stop = Math.min(delimiter, end);
        const place = this.#placeOf(count);
        if (place >= 0) values[place] = text.slice(from, stop);
        from = stop + 1;
      }
      this.#end(values, count, 1, count > 1 ? undefined : text.slice(begin, end));
      begin = end + 1;
    }
    return "";
  }

  /**
   * Reads a record with a quote in its first line.
   * @param newline the end of that line
   * @returns where the next one begins; undefined if this one is not whole
   */
  #readQuoted(text: string, begin: number, newline: number, isEnd: boolean): number | undefined {
    const values = this.#emptyValues();
    let lines = 1;
    for (let count = 0, from = begin;; count++) {
      const isInQuotes = text.charCodeAt(from) === QUOTE;
      const stop = isInQuotes ? closingQuote(text, from) : this.#plainEnd(text, from);
      if (stop < 0 && isEnd) refuseQuote();
      const end = isInQuotes ? stop + 1 : stop;
      if (stop < 0 || end === text.length && !isEnd) return undefined;
      for (; newline < stop; newline = indexFrom(text, "\n", newline + 1)) lines++;
      const value = isInQuotes ? text.slice(from + 1, stop).replaceAll('""', '"') : text.slice(from, stop);
      const place = this.#placeOf(count);
      if (place >= 0) values[place] = value;
      if (end === text.length || text.charCodeAt(end) === NEWLINE) {
        this.#end(values, count + 1, lines, count > 0 ? undefined : value);
        return end + 1;
      }
      if (text[end] !== this.#delimiter) refuseQuote();
      from = end + 1;
    }
  }

  /** The end of a value without quotes. @throws {Error} if one is in it */
  #plainEnd(text: string, from: number): number {
    for (let at = from; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) refuseQuote();
      if (code === NEWLINE || text[at] === this.#delimiter) return at;
    }
    return text.length;
  }

  #emptyValues(): string[] {
    return new Array<string>(this.#width).fill("");
  }

  #placeOf(column: number): number {
    return column < this.#places.length ? this.#places[column] : -1;
  }

  /** @param only the value of a record that has no other */
  #end(values: string[], count: number, lines: number, only: string | undefined): void {
    const line = this.#line;
    this.#line += lines;
    if (only === undefined || only.trim() !== "") this.#take(line, values, count);
  }
}
