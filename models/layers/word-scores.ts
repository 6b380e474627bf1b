/**
 * Scores of the tokens of a vocabulary by a hidden state: products with the rows of an output embedding.
 * @module
 */
import { type Tensor, type Tensors, tf } from "../../engine/tensor.ts";
import type { WordScores } from "../types.ts";

/** What a head has besides the output embedding. */
export interface WordScoresOptions {
  /** What is multiplied with the output embedding: states [n, d] → [n, width]; absent: the states. */
  transform?(weights: Tensors, states: Tensor): Tensor;
  /** Bias [vocabulary] that is added to the scores; absent: none. */
  bias?(weights: Tensors): Tensor;
}

/**
 * How tokens are scored.
 * @param table the output embedding [vocabulary, width]
 */
export function wordScores(
  table: (weights: Tensors) => Tensor,
  { transform = (_, states) => states, bias }: WordScoresOptions = {},
): Pick<WordScores, "scores" | "scoresOf"> {
  return {
    scores(weights, states) {
      const product = transform(weights, states).matMul(table(weights), false, true);
      return bias ? product.add(bias(weights)) : product;
    },
    scoresOf(weights, states, tokens) {
      const product = transform(weights, states).matMul(tf.gather(table(weights), tokens), false, true);
      return bias ? product.add(tf.gather(bias(weights), tokens)) : product;
    },
  };
}
