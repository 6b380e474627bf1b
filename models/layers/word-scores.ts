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
 * log Σ exp(x·rowᵀ + bias) over the rows of a table: [n]. Its gradient by x is the mean of the rows, weighted by the softmax.
 * That is computed at once from the exponentials, which are the only array of [n, rows] that is kept: a softmax of its own, its
 * logarithm and both of their gradients would be four of them.
 * @param x [n, width]
 * @param table [rows, width]
 * @param bias [rows]; absent: none
 */
export function logSumExpOfRows(x: Tensor, table: Tensor, bias?: Tensor): Tensor {
  const operands = bias ? [x, table, bias] : [x, table];
  const compute = tf.customGrad((...given) => {
    const [x, table, bias] = given.slice(0, operands.length) as Tensor[];
    const save = given.at(-1) as (tensors: Tensor[]) => void;
    const product = x.matMul(table, false, true);
    const scores = bias ? product.add(bias) : product;
    const greatest = scores.max(1, true);
    const exponentials = scores.sub(greatest).exp();
    const sums = exponentials.sum(1, true);
    save([x, exponentials, sums, exponentials.matMul(table).div(sums)]);
    return {
      value: sums.log().add(greatest).squeeze([1]),
      gradFunc(dy: Tensor, [x, exponentials, sums, means]: Tensor[]) {
        const perRow = dy.expandDims(1);
        const shares = perRow.div(sums);
        const gradients = [means.mul(perRow), exponentials.matMul(x.mul(shares), true)];
        return bias ? [...gradients, exponentials.matMul(shares, true).squeeze([1])] : gradients;
      },
    };
  });
  return compute(...operands);
}

/**
 * How tokens are scored.
 * @param table the output embedding [vocabulary, width]
 */
export function wordScores(
  table: (weights: Tensors) => Tensor,
  { transform = (_, states) => states, bias }: WordScoresOptions = {},
): Pick<WordScores, "scores" | "scoresOf" | "scoreOfEach" | "logSumExp"> {
  return {
    scores(weights, states) {
      const product = transform(weights, states).matMul(table(weights), false, true);
      return bias ? product.add(bias(weights)) : product;
    },
    scoresOf(weights, states, tokens) {
      const product = transform(weights, states).matMul(tf.gather(table(weights), tokens), false, true);
      return bias ? product.add(tf.gather(bias(weights), tokens)) : product;
    },
    scoreOfEach(weights, states, tokens) {
      const product = transform(weights, states).mul(tf.gather(table(weights), tokens)).sum(1);
      return bias ? product.add(tf.gather(bias(weights), tokens)) : product;
    },
    logSumExp: (weights, states) => logSumExpOfRows(transform(weights, states), table(weights), bias?.(weights)),
  };
}
