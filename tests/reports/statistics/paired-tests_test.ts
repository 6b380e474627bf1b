import assert from "node:assert/strict";
import { bootstrapInterval, mcNemarTest, signFlipTest } from "../../../reports/statistics/paired-tests.ts";
import { rankMethods } from "../../../reports/statistics/ranks.ts";

const golden = JSON.parse(await Deno.readTextFile(new URL("../../golden/statistics.json", import.meta.url)));

function assertClose(actual: number, expected: number, tolerance = 1e-9) {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected}`);
}

Deno.test("the sign-flip test equals scipy's exact permutation test, and says what it could reach at least", () => {
  assert.equal(golden.signFlip.length, 4);
  for (const { differences, p, least } of golden.signFlip) {
    assertClose(signFlipTest(differences)!.p, p);
    assertClose(signFlipTest(differences)!.least, least);
  }
  assert.deepEqual(signFlipTest([1, 2, 3]), { p: 0.25, least: 0.25 });
  assert.equal(signFlipTest(Array(21).fill(1)), null);
});

Deno.test("McNemar's test equals statsmodels'", () => {
  assert.equal(golden.mcnemar.length, 6);
  for (const { first, second, p } of golden.mcnemar) assertClose(mcNemarTest(first, second), p);
  assert.equal(mcNemarTest(0, 0), 1);
});

Deno.test("mean ranks and Nemenyi's critical difference equal scipy's", () => {
  assert.equal(golden.ranks.length, 3);
  for (const { scores, ranks, critical } of golden.ranks) {
    const computed = rankMethods(scores, "higher");
    computed.ranks.forEach((rank, index) => assertClose(rank, ranks[index]));
    assertClose(computed.critical, critical, 1e-4);
  }
  assert.deepEqual(rankMethods([[1, 2, 2], [1, 2, 3]], "lower").ranks, [1, 2.25, 2.75]);
});

Deno.test("the bootstrap of a mean is about as wide as theory says, and the same each time", () => {
  const values = Array.from({ length: 400 }, (_, at) => at % 5 === 0 ? 0 : 1);
  const meanAt = (places: Int32Array) => places.reduce((sum, at) => sum + values[at], 0) / places.length;
  const interval = bootstrapInterval(400, 3, meanAt);
  // 0.8 ± 1.96 · √(0.16 / 400)
  assertClose(interval.low, 0.7608, 0.006);
  assertClose(interval.high, 0.8392, 0.006);
  assert.deepEqual(bootstrapInterval(400, 3, meanAt), interval);
});
