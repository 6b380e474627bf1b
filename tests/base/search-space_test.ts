import assert from "node:assert/strict";
import { isAtEdge, valueAt } from "../../base/search-space.ts";

const places = [0, 0.25, 0.5, 0.75, 0.999];

Deno.test("a range has equal differences, or equal factors, and whole numbers where they are asked for", () => {
  assert.deepEqual(places.map((place) => valueAt({ from: 0, to: 4 }, place)), [0, 1, 2, 3, 3.996]);
  assert.deepEqual([0, 0.5].map((place) => valueAt({ from: 1e-4, to: 1e-2, log: true }, place)), [1e-4, 1e-3]);
  assert.deepEqual(places.map((place) => valueAt({ from: 2, to: 32, log: true, whole: true }, place)), [
    ...[2, 4, 8, 16, 32],
  ]);
});

Deno.test("each value of a list has an equal part of the axis", () => {
  assert.deepEqual(places.map((place) => valueAt(["a", null, 3], place)), ["a", "a", null, 3, 3]);
});

Deno.test("the outer tenths of a range and the ends of a list of numbers are edges, and so is all beyond them", () => {
  const range = { from: 1e-4, to: 1e-2, log: true } as const;
  const edges = [1e-5, 1e-4, 1.5e-4, 1.7e-4, 1e-3, 6e-3, 7e-3, 1e-2, 1].map((value) => isAtEdge(range, value));
  assert.deepEqual(edges, [true, true, true, false, false, false, true, true, true]);
  assert.deepEqual([2, 4, 8, 16].map((value) => isAtEdge([2, 4, 8], value)), [true, false, true, true]);
  assert.deepEqual([isAtEdge([2, 4], 2), isAtEdge(["a", "b", "c"], "a")], [false, false]);
});
