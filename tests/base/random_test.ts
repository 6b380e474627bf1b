import assert from "node:assert/strict";
import { Random } from "../../base/random.ts";

function draw(random: Random, count: number): number[] {
  return Array.from({ length: count }, () => random.uniform());
}

Deno.test("the first numbers of a stream are those of xoroshiro128+ from the SHA-256 of seed and purpose", () => {
  // From a computation in Python's whole numbers: rotations 24, 16, 37; the low 32 bits of each sum.
  const golden = [2422942038, 2801326903, 2485337547, 1234946705, 954187474];
  assert.deepEqual(draw(new Random(7, "order/epoch/3"), 5).map((value) => value * 2 ** 32), golden);
});

Deno.test("a seed and a purpose name a stream; another seed or purpose names another", () => {
  const streams = [[0, "order"], [1, "order"], [0, "mask"], [0, "order/1"], [1, "0/order"]] as const;
  const texts = streams.map(([seed, purpose]) => draw(new Random(seed, purpose), 20).join());
  assert.equal(new Set(texts).size, streams.length);
  assert.deepEqual(streams.map(([seed, purpose]) => draw(new Random(seed, purpose), 20).join()), texts);
});

Deno.test("streams of neighbouring seeds are not correlated", () => {
  const [a, b] = [0, 1].map((seed) => draw(new Random(seed, "x"), 10_000));
  const covariance = a.reduce((sum, value, at) => sum + (value - 0.5) * (b[at] - 0.5), 0) / a.length;
  assert.ok(Math.abs(covariance * 12) < 0.04);
});

Deno.test("uniform numbers have the moments of [0, 1)", () => {
  const values = draw(new Random(3, "moments"), 100_000);
  assert.ok(values.every((value) => value >= 0 && value < 1));
  // Moment k is 1 ÷ (k + 1); bounds are four standard errors.
  for (const k of [1, 2, 3]) {
    const moment = values.reduce((sum, value) => sum + value ** k, 0) / values.length;
    const error = Math.sqrt((1 / (2 * k + 1) - 1 / (k + 1) ** 2) / values.length);
    assert.ok(Math.abs(moment - 1 / (k + 1)) < 4 * error, `moment ${k} is ${moment}`);
  }
});

Deno.test("normal numbers have the moments of N(0, 1)", () => {
  const random = new Random(3, "moments");
  const values = Array.from({ length: 100_000 }, () => random.normal());
  // Moments 1 to 4 are 0, 1, 0, 3 with variances 1, 2, 15, 96; bounds are four standard errors.
  [[0, 1], [1, 2], [0, 15], [3, 96]].forEach(([expected, variance], at) => {
    const moment = values.reduce((sum, value) => sum + value ** (at + 1), 0) / values.length;
    assert.ok(Math.abs(moment - expected) < 4 * Math.sqrt(variance / values.length), `moment ${at + 1} is ${moment}`);
  });
  const products = values.slice(1).reduce((sum, value, at) => sum + value * values[at], 0) / values.length;
  assert.ok(Math.abs(products) < 4 / Math.sqrt(values.length), "neighbours are correlated");
});

Deno.test("whole numbers are below their bound and equally frequent", () => {
  const random = new Random(5, "integers");
  const counts = new Array(7).fill(0);
  for (let at = 0; at < 70_000; at++) counts[random.integer(7)]++;
  assert.equal(counts.length, 7);
  assert.ok(counts.every((count) => Math.abs(count - 10_000) < 4 * Math.sqrt(10_000 * 6 / 7)), String(counts));
});

Deno.test("a shuffle is a permutation, leaves its argument, and puts every item everywhere equally often", () => {
  const items = Object.freeze(["a", "b", "c", "d"]);
  const random = new Random(5, "shuffles");
  const firsts: Record<string, number> = {};
  const orders = new Set<string>();
  for (let at = 0; at < 24_000; at++) {
    const shuffled = random.shuffle(items);
    assert.deepEqual(shuffled.toSorted(), items);
    orders.add(shuffled.join(""));
    firsts[shuffled[0]] = (firsts[shuffled[0]] ?? 0) + 1;
  }
  assert.equal(orders.size, 24);
  assert.ok(items.every((item) => Math.abs(firsts[item] - 6000) < 4 * Math.sqrt(6000 * 3 / 4)));
  assert.deepEqual(random.shuffle([]), []);
});
