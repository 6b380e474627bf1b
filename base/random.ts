/**
 * Seeded random numbers: one generator, a stream for each seed and purpose.
 * @module
 */
import { createHash } from "node:crypto";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";

/** A stream of random numbers; the same seed and purpose always give the same stream. */
export class Random {
  readonly #generator: ReturnType<typeof xoroshiro128plusFromState>;
  #spare: number | undefined;

  /**
   * Starts a stream.
   * @param seed the run's seed, a whole number
   * @param purpose what the numbers are for ("order/epoch/3"). Streams of different purposes are independent: a method
   * that draws more numbers does not change the data order
   */
  constructor(seed: number, purpose: string) {
    const digest = createHash("sha256").update(`${seed}/${purpose}`).digest();
    const state = [0, 4, 8, 12].map((at) => digest.readInt32LE(at));
    this.#generator = xoroshiro128plusFromState(state);
  }

  /** A number in [0, 1) with 32 random bits. */
  uniform(): number {
    return (this.#generator.next() >>> 0) / 2 ** 32;
  }

  /** A standard normal number (Box and Muller, 1958). */
  normal(): number {
    if (this.#spare !== undefined) {
      const spare = this.#spare;
      this.#spare = undefined;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.#spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** A whole number from 0 to `below` − 1. */
  integer(below: number): number {
    return Math.floor(this.uniform() * below);
  }

  /** A copy of the items in random order (Fisher and Yates). */
  shuffle<T>(items: readonly T[]): T[] {
    const result = [...items];
    for (let last = result.length - 1; last > 0; last--) {
      const other = this.integer(last + 1);
      [result[last], result[other]] = [result[other], result[last]];
    }
    return result;
  }
}
