import assert from "node:assert/strict";
import { haltonCoordinate } from "../../base/quasi-random.ts";

const PRIMES = [2, 3, 5, 7, 11, 13];
const pointsOf = (seed: number, axis: number, count: number) =>
  Array.from({ length: count }, (_, index) => haltonCoordinate(seed, index, axis));

Deno.test("the first b, or b², points of a coordinate with base b have one in each of as many equal parts", () => {
  for (const seed of [0, 1, 7]) {
    for (const [axis, base] of PRIMES.entries()) {
      for (const count of [base, base ** 2]) {
        const parts = pointsOf(seed, axis, count).map((value) => Math.floor(value * count));
        assert.deepEqual(parts.toSorted((a, b) => a - b), [...Array(count).keys()]);
      }
    }
  }
});

Deno.test("points fill each plane: six of the first coordinates 2 and 3 lie in six different cells", () => {
  const cells = pointsOf(3, 0, 6).map((x, index) => [Math.floor(2 * x), Math.floor(3 * haltonCoordinate(3, index, 1))]);
  assert.equal(new Set(cells.map(String)).size, 6);
});

Deno.test("the same seed gives the same points, another seed others, and a point does not depend on those after it", () => {
  assert.deepEqual(pointsOf(0, 1, 4), pointsOf(0, 1, 9).slice(0, 4));
  assert.notDeepEqual(pointsOf(0, 1, 4), pointsOf(1, 1, 4));
});

Deno.test("coordinates of large bases are not a line, as those of the plain sequence are", () => {
  const [x, y] = [4, 5].map((axis) => pointsOf(0, axis, 8));
  const rank = (values: number[]) => values.map((value) => values.filter((other) => other < value).length);
  assert.notDeepEqual(rank(x), rank(y));
});
