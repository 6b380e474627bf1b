import assert from "node:assert/strict";
import { bucketOfDistances } from "../../../models/layers/relative.ts";

Deno.test("distances share biases as in transformers", () => {
  const distances = [-200, -128, -91, -90, -64, -16, -15, -12, -11, -8, -7, -1, 0, 1, 7, 8, 11, 12, 16, 90, 91, 200];
  // transformers 5.23, T5Attention._relative_position_bucket with 32 buckets up to 128.
  const both = [15, 15, 15, 14, 14, 10, 9, 9, 8, 8, 7, 1, 0, 17, 23, 24, 24, 25, 26, 30, 31, 31];
  const before = [31, 31, 29, 29, 26, 16, 15, 12, 11, 8, 7, 1, ...Array(10).fill(0)];
  for (const [bothWays, expected] of [[true, both], [false, before]] as const) {
    const buckets = bucketOfDistances({ count: 32, farthest: 128, bothWays });
    assert.equal(buckets.length, 257);
    const indices = distances.map((distance) => buckets[Math.max(0, Math.min(256, distance + 128))]);
    assert.deepEqual(indices, expected);
  }
});
