/**
 * Random numbers as PyTorch draws them on a processor, for tensors that PEFT makes from a key instead of storing them.
 * @module
 */
import { mersenne } from "pure-rand/generator/mersenne";
import { sizeOf } from "../base/shapes.ts";

/** PyTorch's generator: `torch.Generator("cpu").manual_seed(seed)`, a Mersenne Twister (Matsumoto and Nishimura, 1998). */
export class TorchRandom {
  readonly #generator: ReturnType<typeof mersenne>;

  /** Starts as PyTorch does: the lower 32 bits of the seed count. */
  constructor(seed: number) {
    this.#generator = mersenne(seed % 2 ** 32);
  }

  /** `torch.empty(shape).uniform_(-bound, bound)`: 24 random bits an entry, scaled in double precision. */
  uniform(shape: readonly number[], bound: number): Float32Array {
    const high = Math.fround(bound);
    const low = -high;
    return Float32Array.from(
      { length: sizeOf(shape) },
      () => (this.#generator.next() & 0xffffff) / 2 ** 24 * (high - low) + low,
    );
  }
}
