/**
 * Planned memory of a training step.
 * @module
 */
import process from "node:process";
import type { Device, MemoryPlan, Training } from "../../engine/types.ts";
import { microBatches } from "./batches.ts";
import type { EncodedExamples } from "./examples.ts";
import type { TrainingSpec } from "../study/spec.ts";

/** The memory plan of the most expensive step: the largest micro-batch of a batch with the longest examples. */
export function planStepMemory(
  { planMemory }: Pick<Training, "planMemory">,
  examples: EncodedExamples,
  spec: TrainingSpec,
): MemoryPlan {
  const longest = [...examples.lengths.keys()].sort((a, b) => examples.positions[b] - examples.positions[a])
    .slice(0, spec.batchSize);
  return microBatches(longest, examples.positions, spec.microBatchRows)
    .map((part) => planMemory(part.length, Math.max(...part.map((index) => examples.positions[index]))))
    .reduce((largest, plan) => plan.total > largest.total ? plan : largest);
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
