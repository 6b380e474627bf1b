/**
 * Makes hostile bytes of valid ones.
 * @module
 */
import type { Random } from "../../base/random.ts";

/** Texts that have broken readers: control, escape and direction characters, long ones, names of other things. */
const texts = [
  "\x1b[31m\u202e\0",
  "a".repeat(100_000),
  " ".repeat(60_000),
  "__proto__",
  "../../a",
  "",
  "\ufeff",
  "1e999",
  "\n\n",
];
/** Values that have broken readers. */
const values: readonly unknown[] = [null, -1, 0.5, 2 ** 31, 2 ** 53, 1e308, true, [], {}, [{}], [[[[]]]], ...texts];

const pick = <T>(random: Random, from: readonly T[]) => from[random.integer(from.length)];

/** Changes one value, or one key, somewhere in a JSON value. */
function changed(random: Random, value: unknown): unknown {
  if (value === null || typeof value !== "object" || random.uniform() < 0.1) return pick(random, values);
  const keys = Object.keys(value);
  if (keys.length === 0) return pick(random, values);
  const key = pick(random, keys);
  const copy: Record<string, unknown> = Array.isArray(value) ? [...value] as never : { ...value };
  const kind = random.uniform();
  if (kind < 0.1) delete copy[key];
  else if (kind < 0.2) copy[pick(random, texts)] = copy[key];
  else copy[key] = changed(random, copy[key]);
  return copy;
}

/** Changes some bytes: cuts, repeats, overwrites. */
function changedBytes(random: Random, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = Uint8Array.from(bytes);
  const kind = random.uniform();
  if (kind < 0.2) return copy.slice(0, random.integer(copy.length));
  if (kind < 0.3) {
    const text = new TextEncoder().encode(pick(random, texts));
    const at = random.integer(copy.length);
    return Uint8Array.from([...copy.subarray(0, at), ...text, ...copy.subarray(at)]);
  }
  // Most of a file's structure stands at its beginning.
  const end = random.uniform() < 0.7 ? Math.min(copy.length, 200) : copy.length;
  for (let count = random.integer(8); count >= 0; count--) {
    copy[random.integer(end)] = pick(random, [0, 255, 127, 128, 34, 10]);
  }
  return copy;
}

/** A hostile file made of a valid one: JSON is changed by value as often as by byte, and is at times nested deep. */
export function mutate(random: Random, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const text = new TextDecoder().decode(bytes);
  if (/^\s*[[{]\s*["{]/.test(text) && random.uniform() < 0.7) {
    if (random.uniform() < 0.03) return new TextEncoder().encode(`{"a":`.repeat(4000) + "1" + "}".repeat(4000));
    let value: unknown = JSON.parse(text);
    for (let count = random.integer(3); count >= 0; count--) value = changed(random, value);
    return new TextEncoder().encode(JSON.stringify(value));
  }
  return changedBytes(random, bytes);
}
