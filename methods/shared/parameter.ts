/**
 * Parameters that start as random numbers.
 * @module
 */
import { sizeOf } from "../../base/shapes.ts";
import type { Random } from "../../base/random.ts";
import type { MethodParameter } from "../types.ts";

/** Draws one random number. */
export type Draw = (random: Random) => number;

/** Draws from the uniform distribution over [−bound, bound). */
export function uniform(bound: number): Draw {
  return (random) => bound * (2 * random.uniform() - 1);
}

/** Draws from the normal distribution with mean 0. @param deviation its standard deviation */
export function normal(deviation: number): Draw {
  return (random) => deviation * random.normal();
}

/** A parameter whose start values are drawn one after the other, row by row. */
export function drawn(name: string, shape: readonly number[], draw: Draw): MethodParameter {
  const length = sizeOf(shape);
  return { name, shape, start: ({ random }) => Float32Array.from({ length }, () => draw(random)) };
}

/** The shapes of parameters, by name. */
export function shapesOf(parameters: readonly MethodParameter[]): Record<string, readonly number[]> {
  return Object.fromEntries(parameters.map(({ name, shape }) => [name, shape]));
}
