/**
 * Texts that are made of columns: one column as it is, or several with words between them.
 * @module
 */
import { shorten } from "../../base/errors.ts";
import type { Cell } from "./text/types.ts";

/** A column's name within a text of several: "{word}: {sentence}". */
const PLACE = /\{([^{}]+)\}/g;

/** The columns that a text is made of: those in braces, or the one that it names. */
export function columnsOf(field: string): string[] {
  const places = [...field.matchAll(PLACE)].map(([, column]) => column);
  return places.length > 0 ? places : [field];
}

/** The text of a row. @param valueOf the value of a column */
export function fill(field: string, valueOf: (column: string) => string): string {
  return columnsOf(field)[0] === field ? valueOf(field) : field.replace(PLACE, (_, column) => valueOf(column));
}

/** The text of a cell. @throws {Error} if it is a list */
export function requireText(
  cell: Cell,
  { path, column, place }: { path: string; column: string; place: string },
): string {
  if (typeof cell === "string") return cell;
  throw new Error(
    `Cannot use ${path}: ${shorten(column)} must be a text, a number or a boolean, it is a list in ${place}`,
  );
}

/** Says that a row lacks a value. @throws {Error} always */
export function refuseEmpty(path: string, column: string, place: string): never {
  throw new Error(
    `Cannot use ${path}: a row must have a ${shorten(column)}, it is empty in ${place}; ` +
      'such rows are passed over with "missing": "drop" in a description, or --drop-missing',
  );
}
