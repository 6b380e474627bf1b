/**
 * Entries of tables by name.
 * @module
 */
import { nearest } from "../engine/nearest.ts";
import { UsageError } from "./usage-error.ts";

/**
 * The entry of that name.
 * @param kind what the table holds, for the message: "method"
 * @throws {UsageError} if there is none; the message names the nearest
 */
export function lookUp<T>(kind: string, table: Readonly<Record<string, T>>, name: string): T {
  if (Object.hasOwn(table, name)) return table[name];
  throw new UsageError(`Cannot find ${kind} ${name}: the nearest name is ${nearest(name, Object.keys(table))}`);
}
