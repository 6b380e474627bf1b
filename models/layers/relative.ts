/**
 * Relative position biases of T5 (Raffel et al., 2020, https://arxiv.org/abs/1910.10683, section 2.1): learned numbers
 * that are added to the scores of attention, chosen by the distance from the query to the key.
 * @module
 */
import { type Tensor, tf } from "../../engine/tensor.ts";

/** How distances share biases: a small distance has its own; larger ones share one, the more the larger they are. */
export interface DistanceBuckets {
  /** Number of biases, at least 4. */
  count: number;
  /** Distances from this one on all share the last bias; more than half of `count`. */
  farthest: number;
  /** Whether keys after a query have their own biases; if not, all of them use that of distance 0. */
  bothWays: boolean;
}

/** Index of the bias for each distance key − query, from −farthest to farthest. */
export function bucketOfDistances({ count, farthest, bothWays }: DistanceBuckets): Int32Array {
  const perWay = bothWays ? Math.floor(count / 2) : count;
  const exact = Math.floor(perWay / 2);
  const indexOf = (length: number) => {
    if (length < exact) return length;
    // Rounded to float32 at each step as transformers does, so that distances between two biases get the same one as there.
    const share = Math.fround(
      Math.fround(Math.log(Math.fround(length / exact))) / Math.fround(Math.log(farthest / exact)),
    );
    return Math.min(perWay - 1, exact + Math.trunc(Math.fround(share * (perWay - exact))));
  };
  return Int32Array.from({ length: 2 * farthest + 1 }, (_, at) => {
    const distance = at - farthest;
    if (!bothWays) return indexOf(Math.max(0, -distance));
    return (distance > 0 ? perWay : 0) + indexOf(Math.abs(distance));
  });
}

/**
 * The biases of distances: [n, m, heads].
 * @param table the biases [count, heads]
 * @param distances key − query, float32 [n, m]
 */
export function relativeBias(table: Tensor, distances: Tensor, buckets: DistanceBuckets): Tensor {
  const { farthest, count } = buckets;
  const indices = distances.clipByValue(-farthest, farthest).add(farthest).cast("int32");
  const chosen = tf.gather(tf.tensor1d(bucketOfDistances(buckets), "int32"), indices);
  // Products with one-hot rows instead of a lookup, whose gradient would need n·m as one axis: the engine has no such axes.
  const tables = table.expandDims(0).add(tf.zeros([distances.shape[0], count, table.shape[1]!]));
  return tf.oneHot(chosen, count).cast("float32").matMul(tables);
}
