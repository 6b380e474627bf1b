/**
 * Columns of many values that take few bytes each.
 * @module
 */

/** Whole numbers from 0 to 2³² − 1. */
export class Numbers {
  #values = new Uint32Array(1024);
  #length = 0;

  /** How many they are. */
  get length(): number {
    return this.#length;
  }

  /** Leaves out all from an index on. */
  set length(length: number) {
    this.#length = Math.min(this.#length, length);
  }

  /** Adds one. */
  push(value: number): void {
    if (this.#length === this.#values.length) {
      const values = new Uint32Array(2 * this.#length);
      values.set(this.#values);
      this.#values = values;
    }
    this.#values[this.#length++] = value;
  }

  /** The number at an index. */
  at(index: number): number {
    return this.#values[index];
  }

  /** All of them. */
  all(): Uint32Array {
    return this.#values.slice(0, this.#length);
  }

  /** Changes the number at an index. */
  set(index: number, value: number): void {
    this.#values[index] = value;
  }
}

/** Values that occur again and again, each in memory once: a column has their indices. */
export class Distinct<T> {
  readonly #indices = new Map<string, number>();
  readonly #values: T[] = [];

  /** The index of a value. @param key equal for equal values alone @param value makes it if it is new */
  indexOf(key: string, value: (key: string) => T): number {
    const known = this.#indices.get(key);
    if (known !== undefined) return known;
    // The key of a row may be a slice of its file, which it would keep in memory.
    const own = ownCopy(key);
    this.#indices.set(own, this.#values.length);
    return this.#values.push(value(own)) - 1;
  }

  /** The value at an index. */
  at(index: number): T {
    return this.#values[index];
  }
}

/** The same text, as no part of a longer one that it would keep in memory. */
export function ownCopy(text: string): string {
  const half = text.length >> 1;
  return [text.slice(0, half), text.slice(half)].join("");
}
