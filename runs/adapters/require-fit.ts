/**
 * Checks the tensors of an adapter's file against those that it must hold.
 * @module
 */
import { shorten } from "../../base/errors.ts";
import { FLOAT_TYPES } from "../../engine/floats.ts";
import type { StoredEntry } from "../../engine/safetensors.ts";

/** Most differences that a message lists. */
const MOST_LISTED = 5;

/** The differences between the shapes of a file's tensors and those expected, in words. */
function differences(
  entries: Record<string, StoredEntry>,
  expected: Record<string, readonly number[]>,
): string[] {
  return [...new Set([...Object.keys(expected), ...Object.keys(entries)])].flatMap((name) => {
    const current = Object.hasOwn(entries, name) ? `[${entries[name].shape}]` : "absent";
    const rule = Object.hasOwn(expected, name) ? `[${expected[name]}]` : "absent";
    return current === rule ? [] : [`${shorten(name)} must be ${rule}, current value is ${current}`];
  });
}

/**
 * Makes sure that a file holds exactly the tensors expected, in types that can be read.
 * @param entries the tensors that the file holds
 * @param expected the shapes of those that it must hold
 * @throws {Error} the first differences, or the first tensor of another type
 */
export function requireFit(
  path: string,
  entries: Record<string, StoredEntry>,
  expected: Record<string, readonly number[]>,
): void {
  const all = differences(entries, expected);
  if (all.length > 0) {
    const rest = all.length > MOST_LISTED ? `; and ${all.length - MOST_LISTED} more` : "";
    throw new Error(
      `Cannot use ${path}: its tensors must fit the model: ${all.slice(0, MOST_LISTED).join("; ")}${rest}`,
    );
  }
  for (const [name, { dtype }] of Object.entries(entries)) {
    if (FLOAT_TYPES.includes(dtype)) continue;
    throw new Error(`Cannot use ${path}: tensors must be ${FLOAT_TYPES.join(", ")}, ${shorten(name)} is ${dtype}`);
  }
}
