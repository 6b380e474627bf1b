/**
 * Tables in text: comma- or tab-separated values with a header, and JSON lines.
 * @module
 */
import { shorten } from "../../../base/errors.ts";
import { cellText } from "../../parquet/cell-text.ts";
import { requireColumns } from "../../task-files.ts";
import { readCsv } from "./csv.ts";
import { type Cell, type Parts, untilRefused, type Visit } from "./types.ts";

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
