/**
 * Tables in text: comma- or tab-separated values with a header, and JSON lines.
 * @module
 */
import { CsvError, parse } from "csv-parse";
import { parse as parseAll } from "csv-parse/sync";
import { counted, shorten } from "../../base/errors.ts";
import { cellText } from "../parquet/cell-text.ts";
import { requireColumns } from "../task-files.ts";
import type { Cell, TableRow } from "./table.ts";

/** What may stand between values; spreadsheets of some countries write semicolons. */
const DELIMITERS = [",", "\t", ";"];

/** Characters of the longest header that is looked at. */
const LONGEST_HEADER = 1 << 20;

/** The text of a file in parts of whole lines, from the start with each call. */
export type Parts = () => AsyncIterable<string>;

/** Takes the rows of a table, one after the other. */
export type Visit = (row: TableRow) => void;

/**
 * Reads some columns of a table in text, part by part.
 * @param start called before the first row, and again where the file has to be read another way: then what the rows before have given
 * must be forgotten
 * @throws {Error} if it has no such columns, or a row cannot be read; else what a visit threw
 */
export async function readTextTable(
  parts: Parts,
  path: string,
  columns: readonly string[],
  start: () => Visit,
): Promise<void> {
  const begin = await beginOf(parts);
  await (/^\s*\{/.test(begin)
    ? readJsonLines(parts, path, columns, start)
    : readCsv(parts, begin, path, columns, start));
}

async function beginOf(parts: Parts): Promise<string> {
  for await (const part of parts()) return part;
  return "";
}

/** Visits until one throws: the rows after it are read still, as what is wrong with the file itself is said first. */
function untilRefused(visit: Visit): { visit: Visit; settle: () => void } {
  let refused: unknown;
  return {
    visit(row) {
      if (refused !== undefined) return;
      try {
        visit(row);
      } catch (error) {
        refused = error;
      }
    },
    settle() {
      if (refused !== undefined) throw refused;
    },
  };
}

/** How csv-parse takes quotes. */
interface Quoting {
  quote: '"' | false;
  relax_quotes?: true;
}

/** Reads rows of values between delimiters. What stands between them is what gives the header all columns. */
async function readCsv(
  parts: Parts,
  begin: string,
  path: string,
  columns: readonly string[],
  start: () => Visit,
): Promise<void> {
  const headers = DELIMITERS.map((delimiter) => ({ delimiter, header: headerOf(begin, delimiter) }));
  const { delimiter, header } = headers.find(({ header }) => columns.every((column) => header.includes(column))) ??
    headers.reduce((most, other) => (other.header.length > most.header.length ? other : most));
  requireColumns(path, columns, header);
  const twice = columns.find((column) => header.indexOf(column) !== header.lastIndexOf(column));
  if (twice !== undefined) {
    throw new Error(`Cannot use ${path}: it must have the column ${shorten(twice)} once, it is there twice`);
  }
  const read = async (quoting: Quoting) => {
    const { visit, settle } = untilRefused(start());
    await readRecords(parts(), path, { delimiter, quoting, header, columns }, visit);
    return settle;
  };
  // Many files with tabs have no quoting: a quote is then a character as any other. In others one may stand inside a value.
  const settle = await read({ quote: '"' }).catch(() =>
    read(delimiter === "\t" ? { quote: false } : { quote: '"', relax_quotes: true })
  );
  settle();
}

/** The names of the columns, if values had this delimiter between them. */
function headerOf(text: string, delimiter: string): string[] {
  try {
    const [header = []] = parseAll(text.slice(0, LONGEST_HEADER), {
      delimiter,
      relax_quotes: true,
      to: 1,
    }) as string[][];
    return header.map((name) => name.trim());
  } catch {
    return []; // Another delimiter may read it; if none does, the columns are missing.
  }
}

async function readRecords(
  parts: AsyncIterable<string>,
  path: string,
  { delimiter, quoting, header, columns }: {
    delimiter: string;
    quoting: Quoting;
    header: readonly string[];
    columns: readonly string[];
  },
  visit: Visit,
): Promise<void> {
  const indices = columns.map((column) => header.indexOf(column));
  let begin = 1;
  let wrong: Error | undefined;
  const take = (record: string[], { lines }: { lines: number }): null => {
    const line = begin;
    begin = lines + 1;
    const isEmpty = record.length === 1 && record[0].trim() === "";
    if (line === 1 || isEmpty) return null;
    if (record.length !== header.length) {
      wrong ??= new Error(
        `Cannot use ${path}: a row must have ${counted(header.length, "value")} as the header has, ` +
          `current value is ${record.length}, line ${line}`,
      );
    } else visit({ line, values: indices.map((index) => record[index]) });
    return null;
  };
  const parser = parse({ delimiter, ...quoting, relax_column_count: true, on_record: take });
  parser.resume();
  const failed = new Promise<never>((_, reject) => parser.once("error", reject));
  failed.catch(() => {}); // It is waited for below, once there is something to read.
  const ended = new Promise<void>((resolve) => parser.once("end", resolve));
  try {
    for await (const part of parts) {
      await Promise.race([failed, new Promise<void>((resolve) => parser.write(part, () => resolve()))]);
    }
    parser.end();
    await Promise.race([failed, ended]);
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new Error(`Cannot use ${path}: it must hold separated values, ${shorten(error.message)}`);
  } finally {
    parser.destroy();
  }
  if (wrong) throw wrong;
}

/** Reads rows that are JSON objects, one a line. */
async function readJsonLines(
  parts: Parts,
  path: string,
  columns: readonly string[],
  start: () => Visit,
): Promise<void> {
  const { visit, settle } = untilRefused(start());
  const found = new Set<string>();
  let number = 0;
  let isFirst = true;
  for await (const part of parts()) {
    for (const text of part.replace(/\n$/, "").split("\n")) {
      number++;
      if (text.trim() === "") continue;
      const row = parseObject(text, path, number);
      for (const key of isFirst ? Object.keys(row) : []) found.add(key);
      isFirst = false;
      const values = columns.map((column) => {
        if (!Object.hasOwn(row, column)) return null;
        found.add(column);
        return valueOf(row[column], path, column, number);
      });
      visit({ line: number, values });
    }
  }
  requireColumns(path, columns, [...found]);
  settle();
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
  const text = cellText(value);
  if (text !== undefined) return text;
  throw new Error(
    `Cannot use ${path}: ${shorten(column)} must be a text, a number or a boolean, ` +
      `it is ${Array.isArray(value) ? "a list of other things" : "an object"} in line ${line}`,
  );
}
