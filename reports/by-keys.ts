/**
 * An order that is the same on every machine.
 * @module
 */

/** A comparison by the first key that differs; texts are compared by code unit, so that the locale does not matter. */
export function byKeys<T>(...keys: ((item: T) => string | number)[]): (a: T, b: T) => number {
  return (a, b) => {
    const key = keys.find((key) => key(a) !== key(b));
    return key === undefined ? 0 : key(a) < key(b) ? -1 : 1;
  };
}
