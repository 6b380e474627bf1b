/**
 * Errors in one sentence: "Cannot X: rule, current value is N", with the nearest valid name where a name is unknown.
 * @module
 */

/** A mistake of the user: a wrong name, a value out of range. Commands exit with 2. */
export class UsageError extends Error {
  /** Name of the error. */
  override name = "UsageError";
}

/** A text as messages show it: cut after `limit` characters, with an ellipsis. */
export function shorten(text: string, limit = 100): string {
  return text.length > limit ? `${text.slice(0, limit)}…` : text;
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

/**
 * The candidate with the smallest edit distance from `name` (insertions, deletions, replacements; Levenshtein, 1966); of
 * equally near ones, the first. The distance to a candidate that begins with the name is 1: "prefix" means
 * "prefix-tuning", not "lora".
 */
export function nearest(name: string, candidates: Iterable<string>): string {
  let best = "";
  let least = Infinity;
  for (const candidate of candidates) {
    const edits = distance(name.toLowerCase(), candidate.toLowerCase());
    if (edits < least) [best, least] = [candidate, edits];
  }
  return best;
}

/** Edit distance, computed row by row of the usual table. */
function distance(a: string, b: string): number {
  if (b !== a && b.startsWith(a)) return 1;
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

/**
 * The entry of a table with this name.
 * @param kind what the table holds, for the message: "method"
 * @throws {UsageError} if there is no such entry; the message names the nearest one
 */
export function lookUp<T>(kind: string, table: Readonly<Record<string, T>>, name: string): T {
  if (Object.hasOwn(table, name)) return table[name];
  throw new UsageError(`Cannot find ${kind} ${name}: the nearest name is ${nearest(name, Object.keys(table))}`);
}
