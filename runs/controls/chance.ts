/**
 * What chance alone makes of answers.
 * @module
 */

/** How improbable more right answers must be. */
const IMPROBABLE = 0.001;

/**
 * The most right answers that chance explains: more have a probability of at most one in a thousand (binomial distribution).
 * @param n answers
 * @param p probability that one is right
 */
export function mostByChance(n: number, p: number): number {
  if (p >= 1) return n;
  // P(X = k), from log P(X = 0) = n log(1 − p), and P(X = k + 1) = P(X = k) (n − k) / (k + 1) · p / (1 − p).
  let log = n * Math.log1p(-p);
  let below = 0;
  for (let k = 0; k < n; k++) {
    below += Math.exp(log);
    if (1 - below <= IMPROBABLE) return k;
    log += Math.log((n - k) / (k + 1)) + Math.log(p / (1 - p));
  }
  return n;
}
