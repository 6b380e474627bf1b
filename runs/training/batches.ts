/**
 * Which examples are computed together: the batch of an optimiser step, and the micro-batches that it is computed in.
 * @module
 */
import type { Random } from "../../base/random.ts";

/** Compares indices by their examples' lengths, then by themselves. */
function byLength(lengths: readonly number[]) {
  return (a: number, b: number) => lengths[a] - lengths[b] || a - b;
}

/**
 * The batches of an epoch, as indices. Examples are shuffled and cut into groups of several batches; each group is
 * sorted by length and cut into batches; the batches are shuffled. Sentences of similar length meet, so little padding
 * is computed, and the order stays random. A group has at most 50 batches and at most a quarter of the epoch's.
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

/** What a call of a program costs in addition to its rows, expressed in rows. */
const CALL_ROWS = 16;

/**
 * Cuts examples, sorted by length, into the micro-batches that cost least to compute one after the other. A micro-batch
 * costs its number of texts × their greatest length, padding included, and some rows for the call. Of equally cheap
 * cuts, the one whose largest micro-batch is smallest is taken.
 *
 * A micro-batch has at most `rows` rows, unless it is a single example. About 512 rows keep a layer's activations in the
 * processor's cache, which makes a step faster and smaller. The micro-batches' gradients add up to the batch's.
 * @param textsOf number of texts that an example is read in; left out: one
 */
export function microBatches(
  indices: readonly number[],
  lengths: readonly number[],
  rows: number,
  textsOf: (index: number) => number = () => 1,
): number[][] {
  const sorted = [...indices].sort(byLength(lengths));
  // For the first n examples: the least cost, the largest part, and where the last part begins.
  const best = [{ cost: 0, largest: 0, begin: 0 }];
  for (let end = 1; end <= sorted.length; end++) {
    const length = Math.max(1, lengths[sorted[end - 1]]);
    best[end] = { cost: Infinity, largest: Infinity, begin: end };
    let texts = 0;
    for (let begin = end - 1; begin >= 0; begin--) {
      texts += textsOf(sorted[begin]);
      const size = texts * length;
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
