/**
 * Mistakes of whoever asked.
 * @module
 */

/** What was asked for cannot be done as it stands: a wrong name, a value out of range. Commands exit with 2. */
export class UsageError extends Error {
  /** Name of the error. */
  override name = "UsageError";
}
