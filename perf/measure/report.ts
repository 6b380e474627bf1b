/**
 * What a measurement reports, and how it writes numbers and tables.
 * @module
 */
import { markdownTable } from "markdown-table";
import { median } from "../../reports/statistics/basics.ts";

/** The result of a measurement. */
export interface Report {
  /** Markdown for the terminal. */
  text: string;
  /** Checks that failed, one sentence each. */
  violations: string[];
}

/** "median (least–greatest)". */
export function spread(values: readonly number[], digits: number): string {
  const [middle, least, greatest] = [median(values), Math.min(...values), Math.max(...values)];
  return `${middle.toFixed(digits)} (${least.toFixed(digits)}–${greatest.toFixed(digits)})`;
}

/** Bytes in units of 2^20. */
export const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);

/** A share as a percentage. */
export const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

/** A row of a table: cells by the titles of their columns. */
export type Row = Record<string, string>;

/** A Markdown table of rows with the same columns; the first column is aligned left, the others right. */
export function table(rows: readonly Row[]): string {
  const header = Object.keys(rows[0]);
  const align = header.map((_, column) => column === 0 ? "l" : "r");
  return markdownTable([header, ...rows.map((row) => Object.values(row))], { align });
}
