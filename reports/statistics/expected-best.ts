/**
 * The best score that tuning is to be expected to find, by the number of trials.
 * @module
 */

/**
 * The expected greatest of n of these scores, drawn without replacement: Σ C(i − 1, n − 1) ÷ C(N, n) · v₍ᵢ₎ over the scores in
 * ascending order. It is the unbiased estimate of the greatest of n new trials (Tang et al., 2020,
 * https://arxiv.org/abs/2004.13705); drawing with replacement (Dodge et al., 2019) makes it too low.
 * @param n from 1 to the number of scores
 */
export function expectedGreatest(scores: readonly number[], n: number): number {
  const sorted = scores.toSorted((a, b) => a - b);
  // The weight of the greatest score is C(N − 1, n − 1) ÷ C(N, n) = n ÷ N; each follows from the one after it.
  let weight = n / sorted.length;
  let expected = 0;
  for (let rank = sorted.length; rank >= n; rank--) {
    expected += weight * sorted[rank - 1];
    weight *= (rank - n) / (rank - 1);
  }
  return expected;
}
