/**
 * What tasks do to the examples they read: remove repeated texts, draw a sample.
 * @module
 */
import { createHash } from "node:crypto";
import type { Example } from "./types.ts";

/** The first of the examples with equal texts, case ignored; none of them where their labels differ. */
export function uniqueUnambiguous<E extends Example>(examples: readonly E[]): E[] {
  const groups = Map.groupBy(examples, (example) => example.text.toLowerCase());
  return [...groups.values()]
    .filter(([first, ...others]) => others.every((other) => other.label === first.label))
    .map(([first]) => first);
}

/** The examples by the SHA-256 of their ids: an order that looks random and depends on nothing else. */
export function byHash<E extends Example>(examples: readonly E[]): E[] {
  return examples
    .map((example) => ({ example, hash: createHash("sha256").update(example.id).digest("hex") }))
    .sort((a, b) => (a.hash < b.hash ? -1 : 1))
    .map(({ example }) => example);
}
