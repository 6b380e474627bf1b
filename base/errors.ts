/**
 * Errors in one sentence: "Cannot X: rule, current value is N", with the nearest valid name where a name is unknown.
 * @module
 */

/** A mistake of the user: a wrong name, a value out of range. Commands exit with 2. */
export class UsageError extends Error {
  /** Name of the error. */
  override name = "UsageError";
}

/**
 * Characters that a terminal or a reader would not see as themselves: control characters, line ends, marks of direction,
 * byte-order marks and halves of surrogate pairs.
 */
const HIDDEN = /[\p{Cc}\p{Cs}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;
const SHORT_ESCAPES: Record<string, string> = { "\t": "\\t", "\n": "\\n", "\r": "\\r" };

/**
 * A text of others in one line, in which nothing is hidden: control and direction characters are written as in JSON, "\u001b".
 * The text of a JSON value stays the text of that value.
 */
export function visible(text: string): string {
  return text.replace(
    HIDDEN,
    (character) => SHORT_ESCAPES[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A text of others as messages show it: visible, and cut after `limit` characters, with an ellipsis. */
export function shorten(text: string, limit = 100): string {
  if (text.length <= limit) return visible(text);
  return `${visible(text.slice(0, limit).replace(/[\ud800-\udbff]$/, ""))}…`;
}

/** Most characters of an error message. */
const LONGEST_MESSAGE = 4000;

/** The message of an error as it is printed: whatever it quotes, it is one line of bounded length. */
export function shownMessage({ message }: { message: string }): string {
  return shorten(message, LONGEST_MESSAGE);
}

/** A value as messages show it: as JSON, cut where it is long. */
export function showValue(value: unknown): string {
  return shorten(JSON.stringify(value) ?? "missing");
}

/**
 * Runs `work`; an error that it throws is the user's mistake.
 * @throws {UsageError} with the message of that error; a TypeError, which is a mistake of the program, is thrown unchanged
 */
export async function asUsageError<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof TypeError || !(error instanceof Error)) throw error;
    throw new UsageError(error.message);
  }
}

/** A number with what it counts: "1 cell", "2 cells". */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/**
 * The candidate with the smallest edit distance from `name` (insertions, deletions, replacements; Levenshtein, 1966); of
 * equally near ones, the first. The distance is 1 to a candidate that begins with the name, or has it as a part between
 * slashes: "prefix" means "prefix-tuning", not "lora", and "imdb" means "sentiment/imdb".
 */
export function nearest(name: string, candidates: Iterable<string>): string {
  return closest(name, candidates).candidate;
}

function closest(given: string, candidates: Iterable<string>): { candidate: string; edits: number } {
  // Longer ones are near to no name, and would take long.
  const name = given.slice(0, 200);
  let best = { candidate: "", edits: Infinity };
  for (const candidate of candidates) {
    const edits = distance(name.toLowerCase(), candidate.toLowerCase());
    if (edits < best.edits) best = { candidate, edits };
  }
  return best;
}

/** Edit distance, computed row by row of the usual table. */
function distance(a: string, b: string): number {
  if (b !== a && (b.startsWith(a) || b.split("/").includes(a))) return 1;
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length];
}

/** The nearest name, or all of them where none is near, as the end of a sentence. */
export function suggestion(name: string, names: readonly string[]): string {
  const { candidate, edits } = closest(name, names);
  // With more edits than half of its letters it is another word, not a misspelt one.
  return edits <= name.length / 2 ? `the nearest name is ${candidate}` : `it must be one of ${names.join(", ")}`;
}

/**
 * The entry of a table with this name.
 * @param kind what the table holds, for the message: "method"
 * @param hint what else the user may have meant
 * @throws {UsageError} if there is no such entry; the message has the nearest name, or all names where none is near
 */
export function lookUp<T>(kind: string, table: Readonly<Record<string, T>>, name: string, hint?: string): T {
  if (Object.hasOwn(table, name)) return table[name];
  const end = hint === undefined ? "" : `; ${hint}`;
  throw new UsageError(`Cannot find ${kind} ${shorten(name)}: ${suggestion(name, Object.keys(table))}${end}`);
}
