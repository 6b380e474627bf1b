/**
 * Random numbers as PyTorch draws them on the CPU, for tensors that PEFT draws from a seed instead of storing them.
 * @module
 */
import { mersenne } from "pure-rand/generator/mersenne";
import { sizeOf } from "../../base/shapes.ts";

/** PyTorch's generator: `torch.Generator("cpu").manual_seed(seed)`, a Mersenne Twister (Matsumoto and Nishimura, 1998). */
export class TorchRandom {
  readonly #generator: ReturnType<typeof mersenne>;

  /**
   * Starts the generator.
   * @param seed a whole number; as in PyTorch, only its lower 32 bits count
   */
  constructor(seed: number) {
    this.#generator = mersenne(seed % 2 ** 32);
  }

  /** `torch.empty(shape).uniform_(-bound, bound)`, row by row: 24 random bits an entry, scaled in double precision. */
  uniform(shape: readonly number[], bound: number): Float32Array {
    const high = Math.fround(bound);
    const low = -high;
    return Float32Array.from(
      { length: sizeOf(shape) },
      () => (this.#generator.next() & 0xffffff) / 2 ** 24 * (high - low) + low,
    );
  }
}
