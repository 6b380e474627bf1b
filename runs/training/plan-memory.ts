/**
 * Planned memory of a training step, and the memory that several cells may plan at a time.
 * @module
 */
import process from "node:process";
import type { Device, MemoryPlan, Training } from "../../engine/types.ts";
import { countTexts, cutExamples, type EncodedExamples } from "./examples.ts";
import type { TrainingSpec } from "../study/spec.ts";

/** The memory plan of the most expensive step: the largest micro-batch of a batch with the longest examples. */
export function planStepMemory(
  { planMemory }: Pick<Training, "planMemory">,
  examples: EncodedExamples,
  spec: Pick<TrainingSpec, "batchSize" | "microBatchRows">,
): MemoryPlan {
  const { positions } = examples;
  const rowsOf = (index: number) => countTexts(examples, [index]) * positions[index];
  const longest = [...positions.keys()].sort((a, b) => rowsOf(b) - rowsOf(a)).slice(0, spec.batchSize);
  return cutExamples(examples, longest, spec.microBatchRows)
    .map((part) => planMemory(countTexts(examples, part), Math.max(...part.map((index) => examples.positions[index]))))
    .reduce((largest, plan) => plan.total > largest.total ? plan : largest);
}

/**
 * Bytes of programs that are ready beside the one that trains: the runtime keeps what a call has taken. Their parameters are
 * those that are trained.
 * @param shareWeights whether they read one copy of the frozen weights
 */
export function programBytes(plans: readonly MemoryPlan[], shareWeights: boolean): number {
  const weights = plans.map((plan) => plan.weights);
  const ownBytes = plans.reduce((sum, { activations, runtime }) => sum + activations + runtime, 0);
  return ownBytes + (shareWeights ? Math.max(0, ...weights) : weights.reduce((a, b) => a + b, 0));
}

/**
 * Bytes that this process may still take, at most; infinite where the device has memory of its own.
 * @param available bytes that the machine has free
 * @param limit most bytes of this process by its control group, versions 1 and 2: that of a container, or of a batch job
 */
export function freeMemory(
  { ownMemory }: Pick<Device, "ownMemory">,
  available: number = Deno.systemMemoryInfo().available,
  // 0 where the group has no limit ("max", in version 2), or where there is none.
  limit: number = process.constrainedMemory() || Infinity,
): number {
  return ownMemory ? Infinity : Math.min(available, Math.max(0, limit - Deno.memoryUsage().rss));
}

/**
 * The least memory of training so many values: each in float32 with its gradient and the two moments of AdamW.
 */
export function leastMemory(trainable: number): Pick<MemoryPlan, "total"> {
  return { total: 4 * Float32Array.BYTES_PER_ELEMENT * trainable };
}

/**
 * Refuses a step that does not fit into memory; the operating system would end the process in the middle of it.
 * @param available bytes of free memory
 * @throws {Error} if the planned step needs more
 */
export function requireMemory(planned: Pick<MemoryPlan, "total">, available: number): void {
  if (planned.total <= available) return;
  const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(2)} GiB`;
  throw new Error(
    `Cannot train: the planned step must fit into free memory, it needs ${gib(planned.total)} of ${gib(available)}`,
  );
}

/** A cell's place in memory; disposing of it gives it up. */
export interface MemoryPlace extends Disposable {
  /** Whether the cell may take its memory at once. */
  fits: boolean;
  /** Resolves when it may. */
  free: Promise<void>;
}

/** The free memory of this machine, which cells share that are trained at the same time. */
export class MemoryRoom {
  /** Bytes that were free when nobody had a place. */
  #free = 0;
  readonly #taken = new Set<number>();
  readonly #waiting: { bytes: number; key: number; enter: () => void }[] = [];
  #keys = 0;
  #bytes = 0;

  /** All of it is free. @param readFree how many bytes that is now */
  constructor(private readonly readFree: () => number) {}

  /**
   * A place for the planned bytes of a cell, beside the places of others; in the order of asking. A cell that needs more than
   * is free gets its place when nobody else has one.
   */
  take(bytes: number): MemoryPlace {
    const key = this.#keys++;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ bytes, key, enter: resolve });
    this.#admit();
    return {
      fits: this.#taken.has(key),
      free: promise,
      [Symbol.dispose]: () => {
        const at = this.#waiting.findIndex((waiting) => waiting.key === key);
        if (at >= 0) this.#waiting.splice(at, 1);
        else if (this.#taken.delete(key)) this.#bytes -= bytes;
        this.#admit();
      },
    };
  }

  #admit(): void {
    while (this.#waiting.length > 0) {
      const [{ bytes, key, enter }] = this.#waiting;
      if (this.#taken.size === 0) this.#free = this.readFree();
      else if (this.#bytes + bytes > this.#free) return;
      this.#waiting.shift();
      this.#taken.add(key);
      this.#bytes += bytes;
      enter();
    }
  }
}
