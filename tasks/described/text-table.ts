/**
 * Tables in text: comma- or tab-separated values with a header, and JSON lines.
 * @module
 */
import { parse } from "csv-parse/sync";
import { counted, shorten } from "../../base/errors.ts";
import { requireColumns } from "../task-files.ts";
import type { Cell, Table, TableRow } from "./table.ts";

/** What may stand between values; spreadsheets of some countries write semicolons. */
const DELIMITERS = [",", "\t", ";"];

/** Characters of the longest header that is looked at. */
const LONGEST_HEADER = 1 << 20;

/** A record of csv-parse with the number of lines up to its end. */
interface Parsed {
  record: string[];
  info: { lines: number };
}

/** Reads some columns of a table in text. @throws {Error} if it has no such columns, or a row cannot be read */
export function readTextTable(text: string, path: string, columns: readonly string[]): Table {
  return {
    path,
    unit: "line",
    rows: /^\s*\{/.test(text) ? readJsonLines(text, path, columns) : readCsv(text, path, columns),
  };
}

/** How csv-parse takes quotes. */
interface Quoting {
  quote: '"' | false;
  relax_quotes?: true;
}

/** Reads rows of values between delimiters. What stands between them is what gives the header all columns. */
function readCsv(text: string, path: string, columns: readonly string[]): TableRow[] {
  const headers = DELIMITERS.map((delimiter) => ({ delimiter, header: headerOf(text, delimiter) }));
  const { delimiter, header } = headers.find(({ header }) => columns.every((column) => header.includes(column))) ??
    headers.reduce((most, other) => (other.header.length > most.header.length ? other : most));
  requireColumns(path, columns, header);
  const twice = columns.find((column) => header.indexOf(column) !== header.lastIndexOf(column));
  if (twice !== undefined) {
    throw new Error(`Cannot use ${path}: it must have the column ${shorten(twice)} once, it is there twice`);
  }
  const read = (quoting: Quoting) => rowsOf(text, path, { delimiter, quoting, header, columns });
  try {
    return read({ quote: '"' });
  } catch {
    // Many files with tabs have no quoting: a quote is then a character as any other. In others one may stand inside a value.
    return read(delimiter === "\t" ? { quote: false } : { quote: '"', relax_quotes: true });
  }
}

/** The names of the columns, if values had this delimiter between them. */
function headerOf(text: string, delimiter: string): string[] {
  try {
    const [header = []] = parse(text.slice(0, LONGEST_HEADER), { delimiter, relax_quotes: true, to: 1 }) as string[][];
    return header.map((name) => name.trim());
  } catch {
    return []; // Another delimiter may read it; if none does, the columns are missing.
  }
}

function rowsOf(
  text: string,
  path: string,
  { delimiter, quoting, header, columns }: {
    delimiter: string;
    quoting: Quoting;
    header: readonly string[];
    columns: readonly string[];
  },
): TableRow[] {
  let parsed: Parsed[];
  try {
    parsed = parse(text, { delimiter, ...quoting, relax_column_count: true, info: true }) as unknown as Parsed[];
  } catch (error) {
    throw new Error(`Cannot use ${path}: it must hold separated values, ${shorten((error as Error).message)}`);
  }
  const indices = columns.map((column) => header.indexOf(column));
  const rows: TableRow[] = [];
  let begin = 1;
  for (const { record, info } of parsed) {
    const line = begin;
    begin = info.lines + 1;
    const isEmpty = record.length === 1 && record[0].trim() === "";
    if (line === 1 || isEmpty) continue;
    if (record.length !== header.length) {
      throw new Error(
        `Cannot use ${path}: a row must have ${counted(header.length, "value")} as the header has, ` +
          `current value is ${record.length}, line ${line}`,
      );
    }
    rows.push({ line, values: indices.map((index) => record[index]) });
  }
  return rows;
}

/** Reads rows that are JSON objects, one a line. */
function readJsonLines(text: string, path: string, columns: readonly string[]): TableRow[] {
  const rows: TableRow[] = [];
  const found = new Set<string>();
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const row = parseObject(line, path, index + 1);
    for (const key of rows.length === 0 ? Object.keys(row) : []) found.add(key);
    const values = columns.map((column) => {
      if (!Object.hasOwn(row, column)) return null;
      found.add(column);
      return valueOf(row[column], path, column, index + 1);
    });
    rows.push({ line: index + 1, values });
  }
  requireColumns(path, columns, [...found]);
  return rows;
}

function parseObject(line: string, path: string, number: number): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    value = undefined;
  }
  if (value !== null && typeof value === "object" && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new Error(
    `Cannot use ${path}: each line must be a JSON object, line ${number} is not, it begins with ${shorten(line, 40)}`,
  );
}

function valueOf(value: unknown, path: string, column: string, line: number): Cell {
  if (value === null) return null;
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value) && value.every((item) => item !== null && typeof item !== "object")) {
    return value.map(String);
  }
  throw new Error(
    `Cannot use ${path}: ${shorten(column)} must be a text, a number or a boolean, ` +
      `it is ${Array.isArray(value) ? "a list of other things" : "an object"} in line ${line}`,
  );
}
