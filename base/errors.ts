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

function closest(name: string, candidates: Iterable<string>): { candidate: string; edits: number } {
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
function suggestion(name: string, names: readonly string[]): string {
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
