/**
 * Which examples are computed together: batches of one optimiser step, and the micro-batches they are computed in.
 * @module
 */
import type { Random } from "../../base/random.ts";

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

/** What a call of a program costs besides its rows, in rows. */
const CALL_ROWS = 16;

/**
 * Examples in the parts that cost least to compute one after the other, shortest first: each costs its examples ×
 * longest length, padding included, and some rows for the call; of equals, those with the smallest largest part.
 *
 * None has more than `rows` (unless it is one example): about 512 keep a layer's activations in the processor's cache,
 * which makes a step faster and smaller. The sum of the parts' gradients is the gradient of them all.
 */
export function microBatches(indices: readonly number[], lengths: readonly number[], rows: number): number[][] {
  const sorted = [...indices].sort(byLength(lengths));
  // For the first n examples: least cost, largest part, and where the last part begins.
  const best = [{ cost: 0, largest: 0, begin: 0 }];
  for (let end = 1; end <= sorted.length; end++) {
    const length = Math.max(1, lengths[sorted[end - 1]]);
    best[end] = { cost: Infinity, largest: Infinity, begin: end };
    for (let begin = end - 1; begin >= 0; begin--) {
      const size = (end - begin) * length;
      if (size > rows && end - begin > 1) break;
      const cost = best[begin].cost + size + CALL_ROWS;
      const largest = Math.max(best[begin].largest, size);
      if (cost < best[end].cost || cost === best[end].cost && largest < best[end].largest) {
        best[end] = { cost, largest, begin };
      }
    }
  }
  const parts: number[][] = [];
  for (let end = sorted.length; end > 0; end = best[end].begin) parts.unshift(sorted.slice(best[end].begin, end));
  return parts;
}
