/**
 * Numbers and tables as the measurements print them.
 * @module
 */
import { markdownTable } from "markdown-table";

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** "median (least–greatest)". */
export function spread(values: readonly number[], digits: number): string {
  const [middle, least, greatest] = [median(values), Math.min(...values), Math.max(...values)];
  return `${middle.toFixed(digits)} (${least.toFixed(digits)}–${greatest.toFixed(digits)})`;
}

/** Bytes as millions. */
export const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);

/** A share as a percentage. */
export const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

/** A Markdown table of rows with the same columns, the first of them text. */
export function table(rows: readonly Record<string, string>[]): string {
  const header = Object.keys(rows[0]);
  const align = header.map((_, column) => column === 0 ? "l" : "r");
  return markdownTable([header, ...rows.map((row) => Object.values(row))], { align });
}
