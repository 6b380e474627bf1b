/**
 * Gradients beside finite differences.
 * @module
 */
import type { Executable, Feed } from "../../../engine/types.ts";
import { expect } from "./types.ts";

/** Step of a difference: large enough for float32, small enough for the loss to be nearly a line. */
const STEP = 1e-2;

/** Entries of each parameter that are tried. */
const ENTRIES = 3;

/** Least size of a gradient that errors are measured against. */
const FLOOR = 1e-2;

/**
 * Makes sure that gradients are central differences of the loss, at some entries of each parameter.
 * @param names of the parameters that are compared
 * @returns the number of parameters
 * @throws {Error} with an entry where they differ by more than 1 %
 */
export async function requireDerivative(
  executable: Executable,
  feed: Feed,
  names: readonly string[] = Object.keys(feed.parameters),
): Promise<number> {
  await executable.run(feed);
  const scratch = Object.fromEntries(
    Object.entries(feed.parameters).map(([name, { length }]) => [name, new Float32Array(length)]),
  );
  const loss = async () => (await executable.run({ ...feed, gradients: scratch })).loss[0];
  const slope = async (values: Float32Array, at: number, step: number) => {
    const before = values[at];
    values[at] = before + step;
    const above = await loss();
    values[at] = before - step;
    const below = await loss();
    values[at] = before;
    return (above - below) / (2 * step);
  };
  for (const name of names) {
    const values = feed.parameters[name];
    const gradient = feed.gradients![name];
    const largest = gradient.reduce((most, value) => Math.max(most, Math.abs(value)), FLOOR);
    const steepestFirst = [...values.keys()].sort((a, b) => Math.abs(gradient[b]) - Math.abs(gradient[a]));
    let tried = 0;
    for (const at of steepestFirst) {
      const difference = await slope(values, at, STEP);
      // Where a ReLU switches within the step, or the loss bends, a difference is no derivative.
      if (Math.abs(difference - await slope(values, at, STEP / 10)) > 5e-3 * largest) continue;
      expect(
        Math.abs(difference - gradient[at]) <= 1e-2 * largest,
        `the gradient of ${name}[${at}] is ${gradient[at]}, the loss differs by ${difference} in a central difference`,
      );
      if (++tried === ENTRIES) break;
    }
    expect(tried === Math.min(ENTRIES, values.length), `the loss bends too much in ${name} to tell`);
  }
  return names.length;
}
