/**
 * What several tasks do with the examples they read: compare texts, remove duplicates, and order them for a sample.
 * @module
 */
import { createHash } from "node:crypto";
import type { Example, TextInput } from "./types.ts";

/** A key that is equal for texts, or pairs, that differ only in case and white space. */
export function textKey(example: TextInput): string {
  return [example.text, example.pair ?? ""].map((text) => text.toLowerCase().replace(/\s+/g, " ").trim()).join("\n");
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
