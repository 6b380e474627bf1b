import assert from "node:assert/strict";
import { estimateMean, halfWidth, intervalOf, seedsFor } from "../../../reports/statistics/estimate.ts";
import { jackknifeSample, pairSamples, type Sample, TestSet } from "../../../reports/statistics/sample.ts";

const golden = JSON.parse(await Deno.readTextFile(new URL("../../golden/statistics.json", import.meta.url)));

/** A run of accuracy: 1 for right, 0 for wrong. */
function sample(seed: number, test: TestSet, right: readonly number[]): Sample {
  const score = right.reduce((sum, value) => sum + value, 0) / right.length;
  return { seed, test, score, deviations: Float64Array.from(right, (value) => value - score) };
}

function assertClose(actual: number, expected: number, tolerance = 1e-10) {
  assert.ok(Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected)), `${actual} is not ${expected}`);
}

const published = new TestSet(["a", "b", "c", "d"]);

Deno.test("mean, variance, degrees of freedom and interval equal those of numpy and scipy", () => {
  assert.equal(golden.estimates.length, 6);
  for (const { ids, right, mean, variance, degrees, half } of golden.estimates) {
    const sets = new Map<string, TestSet>();
    const samples = ids.map((names: string[], seed: number) => {
      const test = sets.get(names.join()) ?? new TestSet(names);
      sets.set(names.join(), test);
      return sample(seed, test, right[seed]);
    });
    const estimate = estimateMean(samples);
    assertClose(estimate.mean, mean);
    assertClose(estimate.variance, variance);
    assertClose(estimate.degrees, degrees);
    assertClose(halfWidth(estimate), half, 1e-8);
  }
});

Deno.test("one run gives the interval of its test sample alone", () => {
  const estimate = estimateMean([sample(0, published, [1, 1, 1, 0])]);
  // Variance of the mean of four values, of which one is 0: 0.25 / 4.
  assertClose(estimate.variance, 0.0625);
  assertClose(estimate.degrees, 3);
  assertClose(intervalOf(estimate).high, 0.75 + 3.1824463052842624 * 0.25, 1e-8);
  assert.equal(seedsFor(0.5, estimate), null);
});

Deno.test("where no example differs from another, the interval is as though one did", () => {
  const estimate = estimateMean([0, 1, 2].map((seed) => sample(seed, published, [1, 1, 1, 1])));
  assert.equal(estimate.mean, 1);
  assertClose(estimate.variance, 1 / 16);
});

Deno.test("more seeds never make the interval narrower than the shared examples allow", () => {
  // All runs answer alike: they are one sample of four examples, however many they are.
  const runs = (count: number) => Array.from({ length: count }, (_, seed) => sample(seed, published, [1, 1, 0, 1]));
  const alone = estimateMean(runs(1)).variance;
  // C divides by m² where v divides by m(m − 1): with four examples, that is a quarter less.
  for (const count of [2, 10, 100]) assert.ok(estimateMean(runs(count)).variance >= 0.75 * alone);
  assert.equal(seedsFor(0.1, estimateMean(runs(10))), null);
});

Deno.test("the number of seeds for a width is the least that gives it", () => {
  const estimate = { seeds: [0, 1], mean: 0, variance: 1, degrees: 1, perSeed: 1e-4, shared: 0 };
  const count = seedsFor(0.01, estimate)!;
  // t₀.₉₇₅ of 5 and 6 degrees: 2.571 · 0.01 / √6 is above 0.01, 2.447 · 0.01 / √7 below.
  assert.equal(count, 7);
  // Where two settings answer alike, the fewest seeds tell it.
  assert.equal(seedsFor(0.01, { ...estimate, perSeed: 0 }), 2);
});

Deno.test("pairs are of the same seed and the same test examples", () => {
  const other = new TestSet(["a", "b", "c", "e"]);
  const a = [
    sample(0, published, [1, 1, 0, 0]),
    sample(1, published, [1, 1, 1, 0]),
    sample(2, published, [1, 0, 0, 0]),
  ];
  const b = [sample(2, published, [1, 1, 0, 0]), sample(1, other, [1, 1, 1, 0]), sample(3, published, [1, 0, 0, 0])];
  const pairs = pairSamples(a, b);
  assert.deepEqual(pairs.map(({ seed, score }) => [seed, score]), [[2, -0.25]]);
  assert.deepEqual([...pairs[0].deviations], [0.25, -0.75, 0.25, 0.25]);
});

Deno.test("the pseudo-values of a mean are the examples' own scores", () => {
  const values = [0.2, 0.9, 0.4, 0.5];
  const mean = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;
  const { deviations } = jackknifeSample(0, published, mean(values), (at) => mean(values.toSpliced(at, 1)));
  values.forEach((value, at) => assertClose(deviations[at], value - mean(values)));
});
