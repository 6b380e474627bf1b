/**
 * Quasi-random points: they fill a cube more evenly than random ones, however few there are.
 * @module
 */
import { Random } from "./random.ts";

/** Digits are computed as long as they count for more than this. */
const PRECISION = 2 ** -32;

/**
 * A coordinate of a point of the Halton sequence (Halton, 1960), randomised as by Owen (2017, https://arxiv.org/abs/1706.02808):
 * the digits of the point's number in the base of the coordinate, a prime, are permuted at random and stand behind the point in
 * reverse. Coordinates do not depend on how many of them are asked for, nor points on how many there are.
 * @param seed of the permutations
 * @param index number of the point, from 0
 * @param axis number of the coordinate, from 0
 * @returns a number from 0 to below 1
 */
export function haltonCoordinate(seed: number, index: number, axis: number): number {
  const base = prime(axis);
  const random = new Random(seed, `halton/${axis}`);
  let coordinate = 0;
  let rest = index;
  for (let unit = 1 / base; unit * base > PRECISION; unit /= base) {
    const digits = random.shuffle([...Array(base).keys()]);
    coordinate += digits[rest % base] * unit;
    rest = Math.floor(rest / base);
  }
  return coordinate;
}

/** The prime number of this place: 2, 3, 5, … */
function prime(place: number): number {
  const primes: number[] = [];
  for (let candidate = 2; primes.length <= place; candidate++) {
    if (primes.every((divisor) => candidate % divisor > 0)) primes.push(candidate);
  }
  return primes[place];
}
