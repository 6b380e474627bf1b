/**
 * What several tasks do with the examples they read: compare texts, remove duplicates, and order them for a sample.
 * @module
 */
import { createHash, hash } from "node:crypto";
import type { Example, TextInput } from "./types.ts";

/** A key that is equal for texts, pairs, or texts with choices, that differ only in case and white space. */
export function textKey(example: TextInput): string {
  if (example.hash !== undefined) return example.hash;
  return [example.text, example.pair ?? "", ...example.choices ?? []].map((text) =>
    text.toLowerCase().replace(/\s+/g, " ").trim()
  ).join("\n");
}

/** The first 16 hexadecimal digits of the SHA-256 of a text's key: an adapter's note has them of all that it knows. */
export function textHash(example: TextInput): string {
  return example.hash ?? hashOfKey(textKey(example));
}

/** The hash of texts of that key, which is given as it is or in UTF-8. */
export function hashOfKey(key: string | Uint8Array): string {
  const digits = hash("sha256", key);
  // Joined, as a slice would keep all digits in memory.
  return [digits.slice(0, 8), digits.slice(8, 16)].join("");
}

/** Removes duplicates: of examples with equal texts, case ignored, the first is kept, or none if their labels differ. */
export function uniqueUnambiguous<E extends Example>(examples: readonly E[]): E[] {
  const groups = Map.groupBy(examples, (example) => example.text.toLowerCase());
  return [...groups.values()]
    .filter(([first, ...others]) => others.every((other) => other.label === first.label))
    .map(([first]) => first);
}

/** Orders examples by the SHA-256 of their ids: the order looks random and depends on the ids alone. */
export function byHash<E extends TextInput>(examples: readonly E[]): E[] {
  return examples
    .map((example) => ({ example, hash: createHash("sha256").update(example.id).digest("hex") }))
    .sort((a, b) => (a.hash < b.hash ? -1 : 1))
    .map(({ example }) => example);
}
