import assert from "node:assert/strict";
import { Random } from "../../../base/random.ts";
import { expectedGreatest } from "../../../reports/statistics/expected-best.ts";

/** All sets of n of these numbers. */
function subsets(values: readonly number[], n: number): number[][] {
  if (n === 0) return [[]];
  return values.flatMap((value, at) => subsets(values.slice(at + 1), n - 1).map((rest) => [value, ...rest]));
}

Deno.test("the expected greatest of n scores is the mean of the greatest over all sets of n", () => {
  const random = new Random(0, "scores");
  for (const count of [1, 2, 5, 9]) {
    // Some are equal, as scores of few examples are.
    const scores = Array.from({ length: count }, () => random.integer(6) / 6);
    for (let n = 1; n <= count; n++) {
      const greatest = subsets(scores, n).map((set) => Math.max(...set));
      const brute = greatest.reduce((sum, value) => sum + value, 0) / greatest.length;
      assert.ok(Math.abs(expectedGreatest(scores, n) - brute) < 1e-12, `${count} ${n}`);
    }
  }
});

Deno.test("one of the scores is to be expected at their mean, all of them at the greatest, also where they are many", () => {
  const scores = Array.from({ length: 1000 }, (_, at) => at);
  assert.ok(Math.abs(expectedGreatest(scores, 1) - 499.5) < 1e-9);
  assert.equal(expectedGreatest(scores, 1000), 999);
});
