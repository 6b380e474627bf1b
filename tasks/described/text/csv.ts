/**
 * Comma- or tab-separated values with a header.
 * @module
 */
import { CsvError, parse } from "csv-parse";
import { parse as parseAll } from "csv-parse/sync";
import { counted, shorten } from "../../../base/errors.ts";
import { requireColumns } from "../../task-files.ts";
import { readRecords, type TakeRecord } from "./records.ts";
import { type Parts, untilRefused, type Visit } from "./types.ts";

/** What may stand between values; spreadsheets of some countries write semicolons. */
const DELIMITERS = [",", "\t", ";"];

/** Characters of the longest header that is looked at. */
const LONGEST_HEADER = 1 << 20;

/** What reads the records of a text. */
type ReadRecords = (delimiter: string, columns: readonly number[], take: TakeRecord) => Promise<void>;

/**
 * Reads rows of values between delimiters. What stands between them is what gives the header all columns.
 * @param begin the first part of the text
 * @param start called before the first row, and again where the file has to be read another way
 * @throws {Error} if it has no such columns, or a row has more or fewer values than the header; else what a visit threw
 */
export async function readCsv(
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
  const indices = columns.map((column) => header.indexOf(column));
  const readBy = async (read: ReadRecords) => {
    const { visit, settle } = untilRefused(start());
    let wrong: Error | undefined;
    await read(delimiter, indices, (line, values, count) => {
      if (line === 1) return;
      if (count === header.length) return visit({ line, values });
      wrong ??= new Error(
        `Cannot use ${path}: a row must have ${counted(header.length, "value")} as the header has, ` +
          `current value is ${count}, line ${line}`,
      );
    });
    if (wrong) throw wrong;
    return settle;
  };
  const strictly = (isQuoted: boolean): ReadRecords => (delimiter, columns, take) =>
    readRecords(parts(), { delimiter, isQuoted }, columns, take);
  // Many files with tabs have no quoting: a quote is then a character as any other. In others one may stand inside a value.
  const otherwise: ReadRecords = delimiter === "\t"
    ? strictly(false)
    : (delimiter, columns, take) => readRelaxed(parts(), path, delimiter, columns, take);
  const settle = await readBy(strictly(true)).catch(() => readBy(otherwise));
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

/** Reads records in which quotes stand inside of values, as csv-parse takes them. */
async function readRelaxed(
  parts: AsyncIterable<string>,
  path: string,
  delimiter: string,
  columns: readonly number[],
  take: TakeRecord,
): Promise<void> {
  let begin = 1;
  const on_record = (record: string[], { lines }: { lines: number }): null => {
    const line = begin;
    begin = lines + 1;
    if (record.length > 1 || record[0].trim() !== "") {
      take(line, columns.map((column) => record[column] ?? ""), record.length);
    }
    return null;
  };
  const parser = parse({ delimiter, relax_quotes: true, relax_column_count: true, on_record });
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
}
