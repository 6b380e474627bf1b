/**
 * Files of rows, and how their rows are visited.
 * @module
 */

/** A value as text, or a list of them as JSON lines and Parquet have; null where there is none. */
export type Cell = string | readonly string[] | null;

/** A row of values. */
export interface TableRow {
  /** Its line, or its number, from 1. */
  line: number;
  /** The values, in the order of the columns. */
  values: Cell[];
}

/** A file of rows. */
export interface Table {
  /** The file. */
  path: string;
  /** What {@linkcode TableRow.line} counts. */
  unit: "line" | "row";
}

/** The text of a file in parts of whole lines, from the start with each call. */
export type Parts = () => AsyncIterable<string>;

/** Takes the rows of a table, one after the other. */
export type Visit = (row: TableRow) => void;

/** Visits until one throws: the rows after it are read still, as what is wrong with the file itself is said first. */
export function untilRefused(visit: Visit): { visit: Visit; settle: () => void } {
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
