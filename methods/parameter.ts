/**
 * Parameters that start as random numbers.
 * @module
 */
import { sizeOf } from "../base/shapes.ts";
import type { Random } from "../base/random.ts";
import type { MethodParameter } from "./types.ts";

/** Draws one number. */
export type Draw = (random: Random) => number;

/** From the uniform distribution over [−bound, bound). */
export function uniform(bound: number): Draw {
  return (random) => bound * (2 * random.uniform() - 1);
}

/** From the normal distribution with mean 0. */
export function normal(deviation: number): Draw {
  return (random) => deviation * random.normal();
}

/** A parameter whose entries are drawn one after the other, row by row. */
export function drawn(name: string, shape: readonly number[], draw: Draw): MethodParameter {
  const length = sizeOf(shape);
  return { name, shape, start: ({ random }) => Float32Array.from({ length }, () => draw(random)) };
}

/** Shapes by name. */
export function shapesOf(parameters: readonly MethodParameter[]): Record<string, readonly number[]> {
  return Object.fromEntries(parameters.map(({ name, shape }) => [name, shape]));
}
