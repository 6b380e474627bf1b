import assert from "node:assert/strict";
import fc from "fast-check";
import {
  addDims,
  allLabelled,
  type Dim,
  evaluateDim,
  evaluateShape,
  fitDim,
  fixed,
  isFixed,
  TRACED_SIZES,
} from "../../../engine/graph/dim.ts";
import type { CallSizes } from "../../../engine/types.ts";

const coefficient = fc.integer({ min: -1000, max: 1000 });
const dims: fc.Arbitrary<Dim> = fc.tuple(coefficient, coefficient, coefficient, coefficient, coefficient);
const size = fc.integer({ min: 1, max: 512 });
const calls: fc.Arbitrary<CallSizes> = fc.record({ batch: size, length: size, labels: size });

/** The values of a size in the traces. */
function traced(size: (call: CallSizes) => number): number[] {
  return TRACED_SIZES.map(size);
}

Deno.test("the expression that is fitted to traced values is the one that made them", () => {
  fc.assert(fc.property(dims, (dim) => {
    assert.deepEqual(
      fitDim(traced((call) => evaluateDim(dim, call)))?.map((coefficient) => coefficient + 0),
      dim.map((coefficient) => coefficient + 0),
    );
    const withoutLabels: Dim = [dim[0], dim[1], dim[2], dim[3], 0];
    const values = traced((call) => evaluateDim(withoutLabels, call)).slice(0, -1);
    assert.deepEqual(fitDim(values)?.map((coefficient) => coefficient + 0), withoutLabels.map((each) => each + 0));
  }));
});

Deno.test("an expression is 1 and the sizes times its coefficients, and a sum has the sum of the values", () => {
  fc.assert(fc.property(dims, dims, calls, (a, b, call) => {
    const { batch, length, labels } = call;
    assert.equal(evaluateDim(a, call), a[0] + a[1] * batch + a[2] * length + a[3] * batch * length + a[4] * labels);
    assert.equal(evaluateDim(addDims(a, b), call), evaluateDim(a, call) + evaluateDim(b, call));
  }));
  const shape: Dim[] = [fixed(3), [0, 1, 0, 0, 0], [2, 0, 1, 0, 0], [0, 0, 0, 4, 0], [1, 0, 0, 0, 1]];
  assert.deepEqual(evaluateShape(shape, { batch: 5, length: 7, labels: 20 }), [3, 5, 9, 140, 21]);
  assert.deepEqual(evaluateShape(shape, allLabelled(5, 7)), [3, 5, 9, 140, 36]);
});

Deno.test("no expression is fitted to values of which one is wrong", () => {
  const wrong = fc.integer({ min: 1, max: 1000 });
  fc.assert(fc.property(dims, fc.nat(TRACED_SIZES.length - 1), wrong, (dim, index, error) => {
    const values = traced((call) => evaluateDim(dim, call));
    values[index] += error;
    assert.equal(fitDim(values), undefined);
  }));
});

Deno.test("an expression that is fitted has the traced values", () => {
  const values = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 6, maxLength: 6 });
  fc.assert(fc.property(values, (sizes) => {
    const dim = fitDim(sizes);
    if (dim) assert.deepEqual(traced((call) => evaluateDim(dim, call)), sizes);
  }));
});

Deno.test("no expression is fitted to sizes of another form", () => {
  const others: ((call: CallSizes) => number)[] = [
    ({ batch }) => batch ** 2,
    ({ length }) => length ** 2,
    ({ labels }) => labels ** 2,
    ({ batch, labels }) => batch * labels,
    ({ batch, length }) => (batch * length) ** 2,
    ({ length }) => Math.floor(length / 2),
    ({ length }) => Math.ceil(length / 2),
    ({ batch }) => 1 / batch,
    ({ batch, length }) => Math.max(batch, length),
    ({ length }) => length % 5,
    ({ length }) => 2 ** length,
    () => 0.5,
    () => NaN,
  ];
  for (const other of others) assert.equal(fitDim(traced(other)), undefined, String(other));
});

Deno.test("a size is fixed when no size of a call changes it", () => {
  const some = [1, 2].flatMap((batch) =>
    [1, 2].flatMap((length) => [1, 2].map((labels) => ({ batch, length, labels })))
  );
  fc.assert(fc.property(dims, (dim) => {
    assert.equal(isFixed(dim), new Set(some.map((call) => evaluateDim(dim, call))).size === 1);
  }));
  assert.ok(isFixed(fixed(3)));
});
