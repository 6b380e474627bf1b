/**
 * Checks of the values that a call brings; they are the same on every device.
 * @module
 */
import { sizeOf } from "../base/shapes.ts";
import type { ArrayValue, CallSizes, Feed, Signature } from "./types.ts";

function describe(value: ArrayValue | undefined): string {
  if (!value) return "missing";
  const dtype = value.data instanceof Int32Array ? "int32" : "float32";
  return `${value.data.length} values of ${dtype} as [${value.shape}]`;
}

/**
 * Checks the inputs of a call against the signature.
 * @returns its sizes, read from the shapes of the inputs; 1 where no input has that size
 * @throws {Error} if an input is missing, differs from the signature, or holds an id out of range
 */
export function checkFeed(signature: Signature, feed: Feed): CallSizes {
  const sizes: Partial<CallSizes> = {};
  for (const [name, { shape, dtype, below }] of Object.entries(signature.inputs)) {
    const value = feed.inputs[name];
    const fits = value && value.data instanceof (dtype === "int32" ? Int32Array : Float32Array) &&
      value.data.length === sizeOf(value.shape) &&
      value.shape.length === shape.length && shape.every((size, axis) => {
        const actual = value.shape[axis];
        if (typeof size === "number") return actual === size;
        return (sizes[size] ??= actual) === actual;
      });
    if (!fits) {
      const known = Object.entries(sizes).map(([size, value]) => `${size} ${value}`).join(" and ");
      throw new Error(
        `Cannot run the program: input ${name} must be ${dtype} [${shape}]${known && ` with ${known}`}, ` +
          `current value is ${describe(value)}`,
      );
    }
    if (below !== undefined) {
      const wrong = value.data.find((id) => !(id >= 0 && id < below));
      if (wrong !== undefined) {
        throw new Error(`Cannot run the program: ids of ${name} must be from 0 to ${below - 1}, one is ${wrong}`);
      }
    }
  }
  return { batch: 1, length: 1, labels: 1, ...sizes };
}

/** Adds rows [n, width] to the rows of a table [·, width] that the n ids name; an id may occur several times. */
export function addRows(table: Float32Array, ids: ArrayLike<number>, rows: Float32Array): void {
  const width = rows.length / ids.length;
  for (let row = 0; row < ids.length; row++) {
    const source = row * width;
    const target = ids[row] * width;
    for (let column = 0; column < width; column++) table[target + column] += rows[source + column];
  }
}
