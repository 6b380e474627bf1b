/**
 * Tokens that are the nodes of a tree, in the order of a walk that takes each branch to its end.
 * @module
 */
import { type Tensor, tf } from "../engine/tensor.ts";

/**
 * Which tokens lead to which, each one to itself: float32 [batch, tokens, keys] of 1 and 0.
 * @param until places [batch, keys] of the last token that is behind each key
 * @param tokens number of the last keys, to which is asked what leads; left out: all
 */
export function leadsTo(until: Tensor, tokens: number = until.shape[1]!): Tensor {
  const [batch, keys] = until.shape;
  const places = tf.range(keys! - tokens, keys!, 1, "float32").reshape([1, tokens, 1]);
  const isEarlier = places.greaterEqual(tf.range(0, keys!, 1, "float32").reshape([1, 1, keys!]));
  return until.reshape([batch, 1, keys!]).greaterEqual(places).logicalAnd(isEarlier).cast("float32");
}
