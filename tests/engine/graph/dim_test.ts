import assert from "node:assert/strict";
import fc from "fast-check";
import {
  addDims,
  type Dim,
  evaluateDim,
  evaluateShape,
  fitDim,
  fixed,
  isFixed,
  TRACED_SIZES,
} from "../../../engine/graph/dim.ts";

const coefficient = fc.integer({ min: -1000, max: 1000 });
const dims: fc.Arbitrary<Dim> = fc.tuple(coefficient, coefficient, coefficient, coefficient);
const size = fc.integer({ min: 1, max: 512 });

/** The values of a size in the traces. */
function traced(size: (batch: number, length: number) => number): number[] {
  return TRACED_SIZES.map(([batch, length]) => size(batch, length));
}

Deno.test("the expression that is fitted to traced values is the one that made them", () => {
  fc.assert(fc.property(dims, (dim) => {
    assert.deepEqual(
      fitDim(traced((batch, length) => evaluateDim(dim, batch, length)))?.map((coefficient) => coefficient + 0),
      dim.map((coefficient) => coefficient + 0),
    );
  }));
});

Deno.test("an expression is 1, batch, length and batch·length times its coefficients, and a sum has the sum of the values", () => {
  fc.assert(fc.property(dims, dims, size, size, (a, b, batch, length) => {
    assert.equal(evaluateDim(a, batch, length), a[0] + a[1] * batch + a[2] * length + a[3] * batch * length);
    assert.equal(
      evaluateDim(addDims(a, b), batch, length),
      evaluateDim(a, batch, length) + evaluateDim(b, batch, length),
    );
  }));
  assert.deepEqual(evaluateShape([fixed(3), [0, 1, 0, 0], [2, 0, 1, 0], [0, 0, 0, 4]], 5, 7), [3, 5, 9, 140]);
});

Deno.test("no expression is fitted to values of which one is wrong", () => {
  const wrong = fc.integer({ min: 1, max: 1000 });
  fc.assert(fc.property(dims, fc.nat(TRACED_SIZES.length - 1), wrong, (dim, index, error) => {
    const values = traced((batch, length) => evaluateDim(dim, batch, length));
    values[index] += error;
    assert.equal(fitDim(values), undefined);
  }));
});

Deno.test("an expression that is fitted has the traced values", () => {
  const values = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 5, maxLength: 5 });
  fc.assert(fc.property(values, (sizes) => {
    const dim = fitDim(sizes);
    if (dim) assert.deepEqual(traced((batch, length) => evaluateDim(dim, batch, length)), sizes);
  }));
});

Deno.test("no expression is fitted to sizes of another form", () => {
  const others: ((batch: number, length: number) => number)[] = [
    (batch) => batch ** 2,
    (_, length) => length ** 2,
    (batch, length) => (batch * length) ** 2,
    (_, length) => Math.floor(length / 2),
    (_, length) => Math.ceil(length / 2),
    (batch) => 1 / batch,
    (batch, length) => Math.max(batch, length),
    (_, length) => length % 5,
    (_, length) => 2 ** length,
    () => 0.5,
    () => NaN,
  ];
  for (const other of others) assert.equal(fitDim(traced(other)), undefined, String(other));
});

Deno.test("a size is fixed when neither batch nor length changes it", () => {
  fc.assert(fc.property(dims, (dim) => {
    const values = new Set([[1, 1], [1, 2], [2, 1], [2, 2]].map(([batch, length]) => evaluateDim(dim, batch, length)));
    assert.equal(isFixed(dim), values.size === 1);
  }));
  assert.ok(isFixed(fixed(3)));
});
