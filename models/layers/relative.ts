/**
 * Relative position biases of T5 (Raffel et al., 2020, https://arxiv.org/abs/1910.10683, section 2.1): learned numbers
 * that are added to attention's scores by how far a key stands from a query.
 * @module
 */
import { type Tensor, tf } from "../../engine/tensor.ts";

/** How distances share biases: small ones have one each, larger ones share one the more, the larger they are. */
export interface DistanceBuckets {
  /** Number of biases, at least 4. */
  count: number;
  /** The distance from which on all share the last; more than half of `count`. */
  farthest: number;
  /** Whether keys after a query have biases of their own; else all of them share that of the distance 0. */
  bothWays: boolean;
}

/** Number of the bias of each distance key − query, from −farthest to farthest. */
export function bucketOfDistances({ count, farthest, bothWays }: DistanceBuckets): Int32Array {
  const perWay = bothWays ? Math.floor(count / 2) : count;
  const exact = Math.floor(perWay / 2);
  const ofLength = (length: number) => {
    if (length < exact) return length;
    // In float32, as transformers rounds, so that distances on the edge between two biases fall to the same one.
    const share = Math.fround(
      Math.fround(Math.log(Math.fround(length / exact))) / Math.fround(Math.log(farthest / exact)),
    );
    return Math.min(perWay - 1, exact + Math.trunc(Math.fround(share * (perWay - exact))));
  };
  return Int32Array.from({ length: 2 * farthest + 1 }, (_, at) => {
    const distance = at - farthest;
    if (!bothWays) return ofLength(Math.max(0, -distance));
    return (distance > 0 ? perWay : 0) + ofLength(Math.abs(distance));
  });
}

/**
 * The bias of each distance: [n, m, heads].
 * @param table the biases [count, heads]
 * @param distances key − query, float32 [n, m]
 */
export function relativeBias(table: Tensor, distances: Tensor, buckets: DistanceBuckets): Tensor {
  const { farthest, count } = buckets;
  const places = distances.clipByValue(-farthest, farthest).add(farthest).cast("int32");
  const chosen = tf.gather(tf.tensor1d(bucketOfDistances(buckets), "int32"), places);
  // As products, because a lookup would have a gradient over n·m in a row, which no program here can have.
  const tables = table.expandDims(0).add(tf.zeros([distances.shape[0], count, table.shape[1]!]));
  return tf.oneHot(chosen, count).cast("float32").matMul(tables);
}
