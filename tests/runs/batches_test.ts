import assert from "node:assert/strict";
import fc from "fast-check";
import { Random } from "../../engine/random.ts";
import { epochBatches, evaluationBatches, microBatches } from "../../runs/batches.ts";

const someLengths = fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1, maxLength: 300 });

function padded(batches: number[][], lengths: number[]): number {
  return batches.reduce((sum, batch) => sum + batch.length * Math.max(...batch.map((index) => lengths[index])), 0);
}

Deno.test("an epoch holds every example once, in batches of the size asked for", () => {
  fc.assert(fc.property(someLengths, fc.integer({ min: 1, max: 40 }), fc.nat(), (lengths, size, seed) => {
    const batches = epochBatches(lengths, size, new Random(seed, "order"));
    assert.deepEqual(batches.flat().sort((a, b) => a - b), [...lengths.keys()]);
    assert.equal(batches.length, Math.ceil(lengths.length / size));
    assert(batches.every((batch) => batch.length <= size));
  }));
});

Deno.test("an epoch pads less than batches in random order do, and its order follows from the seed", () => {
  const random = new Random(1, "lengths");
  const lengths = Array.from({ length: 640 }, () => 3 + random.integer(40));
  const grouped = epochBatches(lengths, 16, new Random(2, "order"));
  const mixed = epochBatches(lengths.map(() => 1), 16, new Random(2, "order"));
  assert(padded(grouped, lengths) < 0.75 * padded(mixed, lengths));
  assert.deepEqual(epochBatches(lengths, 16, new Random(2, "order")), grouped);
  assert.notDeepEqual(epochBatches(lengths, 16, new Random(3, "order")), grouped);
});

Deno.test("micro-batches share out a batch and stay below the rows where one example does", () => {
  fc.assert(fc.property(someLengths, fc.integer({ min: 1, max: 600 }), (lengths, rows) => {
    const batch = [...lengths.keys()];
    const parts = microBatches(batch, lengths, rows);
    assert.deepEqual(parts.flat().sort((a, b) => a - b), batch);
    for (const part of parts) {
      assert(part.length === 1 || part.length * Math.max(...part.map((index) => lengths[index])) <= rows + 64);
    }
  }));
  assert.deepEqual(microBatches([0, 1, 2, 3], [64, 8, 64, 8], 128), [[1, 3], [0, 2]]);
  assert.equal(microBatches([...Array(16).keys()], Array(16).fill(20), 512).length, 1);
  assert.equal(microBatches([...Array(32).keys()], Array(32).fill(64), 512).length, 4);
});

Deno.test("evaluation batches hold every example once and at most the rows asked for", () => {
  fc.assert(fc.property(someLengths, fc.integer({ min: 64, max: 600 }), (lengths, rows) => {
    const batches = evaluationBatches(lengths, rows);
    assert.deepEqual(batches.flat().sort((a, b) => a - b), [...lengths.keys()]);
    assert(batches.every((batch) => padded([batch], lengths) <= rows));
  }));
});
