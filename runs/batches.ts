/**
 * Which examples are computed together: batches of one optimiser step, and the micro-batches they are computed in.
 * @module
 */
import type { Random } from "../engine/random.ts";

function byLength(lengths: readonly number[]) {
  return (a: number, b: number) => lengths[a] - lengths[b] || a - b;
}

/**
 * The batches of an epoch, as indices. Examples are shuffled, sorted by length within groups of several batches, cut
 * into batches and these shuffled: sentences of like length meet, little padding is computed, and the order stays
 * random. An epoch has at least four groups where it has that many batches, and a group at most 50 batches.
 */
export function epochBatches(lengths: readonly number[], batchSize: number, random: Random): number[][] {
  const order = random.shuffle([...lengths.keys()]);
  const perGroup = Math.max(1, Math.min(50, Math.floor(order.length / (4 * batchSize))));
  const batches: number[][] = [];
  for (let start = 0; start < order.length; start += perGroup * batchSize) {
    const group = order.slice(start, start + perGroup * batchSize).sort(byLength(lengths));
    for (let at = 0; at < group.length; at += batchSize) batches.push(group.slice(at, at + batchSize));
  }
  return random.shuffle(batches);
}

/**
 * A batch in as few equal parts as keep each below `rows` = examples × longest length, shortest sentences first.
 * About 512 rows keep a layer's activations in the processor's cache, which makes a step faster and smaller; the sum of
 * the parts' gradients is the batch's gradient.
 */
export function microBatches(batch: readonly number[], lengths: readonly number[], rows: number): number[][] {
  const sorted = [...batch].sort(byLength(lengths));
  const parts = Math.min(sorted.length, Math.ceil(sorted.length * lengths[sorted.at(-1)!] / rows));
  const size = Math.ceil(sorted.length / parts);
  return Array.from({ length: Math.ceil(sorted.length / size) }, (_, at) => sorted.slice(at * size, (at + 1) * size));
}

/** All examples in batches for evaluation: like lengths together, as many as `rows` allow. */
export function evaluationBatches(lengths: readonly number[], rows: number): number[][] {
  const batches: number[][] = [];
  // From the longest down, so that the first of a batch sets its length.
  for (const index of [...lengths.keys()].sort(byLength(lengths)).reverse()) {
    const batch = batches.at(-1);
    if (batch && (batch.length + 1) * lengths[batch[0]] <= rows) batch.push(index);
    else batches.push([index]);
  }
  return batches;
}
