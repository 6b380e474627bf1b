/**
 * Why a process ended, by what it wrote.
 * @module
 */

/** The last line of an output; of a native library that panicked, the line that says why. */
export function lastWords(log: string): string | undefined {
  const [, why] = /panicked at [^\n]*\n([^\n]+)/.exec(log) ?? [];
  return why ?? (log.trim().split("\n").at(-1) || undefined);
}
