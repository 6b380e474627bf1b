import assert from "node:assert/strict";
import fc from "fast-check";
import { Random } from "../../../base/random.ts";
import { epochBatches, microBatches } from "../../../runs/training/batches.ts";
import { encodeTexts } from "../../../runs/training/examples.ts";

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

Deno.test("micro-batches hold every example once, shortest first, and at most the rows asked for", () => {
  fc.assert(fc.property(someLengths, fc.integer({ min: 1, max: 600 }), (lengths, rows) => {
    const parts = microBatches([...lengths.keys()], lengths, rows);
    assert.deepEqual(parts.flat().sort((a, b) => a - b), [...lengths.keys()]);
    const inOrder = parts.flat().map((index) => lengths[index]);
    assert.deepEqual(inOrder, inOrder.toSorted((a, b) => a - b));
    assert(parts.every((part) => part.length === 1 || padded([part], lengths) <= rows));
  }));
});

Deno.test("micro-batches cost no more than any other way to cut the sorted examples", () => {
  const cost = (parts: number[][], lengths: number[]) => padded(parts, lengths) + 16 * parts.length;
  fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1, maxLength: 9 }), (lengths) => {
    const sorted = [...lengths.keys()].sort((a, b) => lengths[a] - lengths[b]);
    const least = cost(microBatches(sorted, lengths, 128), lengths);
    for (let cuts = 0; cuts < 2 ** (sorted.length - 1); cuts++) {
      const parts: number[][] = [[]];
      sorted.forEach((index, at) => {
        parts.at(-1)!.push(index);
        if (cuts >> at & 1) parts.push([]);
      });
      const whole = parts.filter((part) => part.length > 0);
      const allowed = whole.every((part) => part.length === 1 || padded([part], lengths) <= 128);
      assert(!allowed || cost(whole, lengths) >= least);
    }
  }));
});

Deno.test("equal lengths are shared out evenly", () => {
  const sizes = (count: number, length: number) =>
    microBatches([...Array(count).keys()], Array(count).fill(length), 512).map((part) => part.length);
  assert.deepEqual(sizes(16, 20), [16]);
  assert.deepEqual(sizes(16, 40), [8, 8]);
  assert.deepEqual(sizes(32, 64), [8, 8, 8, 8]);
  assert.deepEqual(microBatches([0, 1, 2, 3], [64, 8, 64, 8], 512), [[1, 3], [0, 2]]);
});

Deno.test("texts are encoded several at once, not all, and stand in their order", async () => {
  let [underWay, most] = [0, 0];
  const encode = async (text: string) => {
    most = Math.max(most, ++underWay);
    for (let turn = 0; turn < 3 - Number(text) % 3; turn++) await Promise.resolve();
    underWay--;
    return [Number(text)];
  };
  const examples = Array.from({ length: 1000 }, (_, at) => ({ id: "", text: String(at) }));
  const encoded = await encodeTexts({ encode }, examples, 8);
  assert.deepEqual(encoded, examples.map((_, at) => [at]));
  assert.ok(most > 1 && most < examples.length);
});
