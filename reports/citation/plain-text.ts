/**
 * Texts of records as citations show them.
 * @module
 */
import { shorten } from "../../base/errors.ts";

/** Most characters of a text that is cited; records have the whole. */
const LONGEST = 1000;

/**
 * A text of a record in one line that any format can hold: white space, control characters and characters that change the
 * direction of writing become spaces, halves of characters are replaced, and what is very long is cut.
 */
export function plain(text: string): string {
  const line = text.replace(/[\s\p{Cc}\u200E\u200F\u061C\u202A-\u202E\u2066-\u2069\uFFFE\uFFFF]+/gu, " ").trim();
  return shorten(line, LONGEST).toWellFormed();
}
