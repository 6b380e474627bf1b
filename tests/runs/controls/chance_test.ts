import assert from "node:assert/strict";
import { mostByChance } from "../../../runs/controls/chance.ts";

Deno.test("the most right answers by chance are the quantile of the binomial distribution", () => {
  // scipy 1.17.1: binom.ppf(0.999, n, p).
  for (const [n, p, most] of [[64, 0.5, 44], [400, 0.5, 231], [400, 0.9, 377], [10, 0.3, 8], [5, 1, 5]]) {
    assert.equal(mostByChance(n, p), most, `${n} ${p}`);
  }
});
