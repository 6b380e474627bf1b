/**
 * Texts that are made of columns: one column as it is, or several with words between them.
 * @module
 */

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
