/**
 * Scores of the tokens of a vocabulary by a hidden state: products with the rows of an output embedding.
 * @module
 */
import { notBefore } from "../../engine/not-before.ts";
import { type Tensor, type Tensors, tf, withGradient } from "../../engine/tensor.ts";
import type { WordScores } from "../types.ts";

/** What a head has besides the output embedding. */
export interface WordScoresOptions {
  /** What is multiplied with the output embedding: states [n, d] → [n, width]; absent: the states. */
  transform?(weights: Tensors, states: Tensor): Tensor;
  /** Bias [vocabulary] that is added to the scores; absent: none. */
  bias?(weights: Tensors): Tensor;
}

/** Most rows of a table that are multiplied at once. */
const SLICE = 1 << 13;

/** x·rowᵀ + bias: [n, rows]. */
function scoresOf(x: Tensor, rows: Tensor, bias?: Tensor): Tensor {
  const product = x.matMul(rows, false, true);
  return bias ? product.add(bias) : product;
}

/**
 * log Σ exp(x·rowᵀ + bias) over the rows of a table: [n]. Its gradient by x is the mean of the rows, weighted by the softmax.
 * That is computed at once from the exponentials, slice by slice of the table: an array of [n, rows] is made where the table is trained,
 * for its gradient alone.
 * @param x [n, width]
 * @param table [rows, width]
 * @param bias [rows]; absent: none
 */
export function logSumExpOfRows(x: Tensor, table: Tensor, bias?: Tensor): Tensor {
  return withGradient(bias ? [x, table, bias] : [x, table], (x, table, bias?) => {
    const slices: { greatest: Tensor; sums: Tensor; means: Tensor }[] = [];
    for (let first = 0; first < table.shape[0]; first += SLICE) {
      const count = Math.min(SLICE, table.shape[0] - first);
      const rows = table.slice([first, 0], [count, -1]);
      const before = slices.at(-1);
      const scores = scoresOf(before ? notBefore(x, before.means) : x, rows, bias?.slice([first], [count]));
      const greatest = scores.max(1, true);
      const exponentials = scores.sub(greatest).exp();
      slices.push({ greatest, sums: exponentials.sum(1, true), means: exponentials.matMul(rows) });
    }
    const greatest = slices.map((slice) => slice.greatest).reduce((a, b) => a.maximum(b));
    const shares = slices.map((slice) => slice.greatest.sub(greatest).exp());
    const total = (key: "sums" | "means") =>
      slices.map((slice, at) => slice[key].mul(shares[at])).reduce((a, b) => a.add(b));
    const sums = total("sums");
    const logSums = sums.log().add(greatest);
    return {
      value: logSums.squeeze([1]),
      kept: [x, table, logSums, total("means").div(sums), ...bias ? [bias] : []],
      gradients(dy, [x, table, logSums, means, bias]) {
        const perRow = dy.expandDims(1);
        const ofX = means.mul(perRow);
        const softmax = scoresOf(notBefore(x, ofX), table, bias).sub(logSums).exp();
        const ofTable = softmax.matMul(x.mul(perRow), true);
        return bias ? [ofX, ofTable, softmax.matMul(perRow, true).squeeze([1])] : [ofX, ofTable];
      },
    };
  });
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
    scores: (weights, states) => scoresOf(transform(weights, states), table(weights), bias?.(weights)),
    scoresOf: (weights, states, tokens) =>
      scoresOf(transform(weights, states), tf.gather(table(weights), tokens), bias && tf.gather(bias(weights), tokens)),
    scoreOfEach(weights, states, tokens) {
      const product = transform(weights, states).mul(tf.gather(table(weights), tokens)).sum(1);
      return bias ? product.add(tf.gather(bias(weights), tokens)) : product;
    },
    logSumExp: (weights, states) => logSumExpOfRows(transform(weights, states), table(weights), bias?.(weights)),
  };
}
