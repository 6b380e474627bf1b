import assert from "node:assert/strict";
import { mean, standardDeviation } from "../../../reports/statistics/basics.ts";
import { meanInterval, studentizedRangeTail, studentQuantile } from "../../../reports/statistics/distributions.ts";

const golden = JSON.parse(await Deno.readTextFile(new URL("../../golden/metrics.json", import.meta.url))).statistics;

function assertClose(actual: number, expected: number, tolerance = 1e-9) {
  assert.ok(Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected)), `${actual} is not ${expected}`);
}

Deno.test("mean, standard deviation and 95 % interval equal scipy's", () => {
  assert.equal(golden.samples.length, 4);
  for (const sample of golden.samples) {
    assertClose(mean(sample.values), sample.mean);
    assertClose(standardDeviation(sample.values)!, sample.std);
    const interval = meanInterval(sample.values)!;
    assertClose(interval.low, sample.ci95[0]);
    assertClose(interval.high, sample.ci95[1]);
  }
});

Deno.test("the interval of paired differences equals scipy's", () => {
  assert.equal(golden.pairs.length, 8);
  for (const pair of golden.pairs) {
    const interval = meanInterval(pair.a.map((value: number, index: number) => value - pair.b[index]))!;
    assertClose(interval.low, pair.ci95[0]);
    assertClose(interval.high, pair.ci95[1]);
  }
});

Deno.test("the interval of n values uses scipy's quantile of n - 1 degrees of freedom", () => {
  for (const { df, t_0_975 } of golden.t_quantiles) {
    const values = Array.from({ length: df + 1 }, (_, index) => index);
    const standardError = Math.sqrt((df + 1) * (df + 2) / 12 / (df + 1));
    assertClose(meanInterval(values)!.high, df / 2 + t_0_975 * standardError, 1e-8);
  }
});

Deno.test("one value has neither a standard deviation nor an interval", () => {
  assert.equal(standardDeviation([0.8]), null);
  assert.equal(meanInterval([0.8]), null);
});

const scipy = JSON.parse(await Deno.readTextFile(new URL("../../golden/statistics.json", import.meta.url)));

Deno.test("quantiles of Student's t equal scipy's, also of a fraction of degrees", () => {
  assert.equal(scipy.student.length, 14);
  for (const { probability, degrees, quantile } of scipy.student) {
    assertClose(studentQuantile(probability, degrees), quantile, 1e-7);
  }
});

Deno.test("tails of the studentised range equal scipy's", () => {
  assert.equal(scipy.studentizedRange.length, 48);
  for (const { q, count, degrees, tail } of scipy.studentizedRange) {
    assertClose(studentizedRangeTail(q, count, degrees), tail, 1e-7);
  }
});
