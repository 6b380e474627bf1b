import assert from "node:assert/strict";
import fc from "fast-check";
import {
  addDims,
  type Dim,
  evaluate,
  evaluateShape,
  fit,
  fixed,
  isFixed,
  RECORDED_SIZES,
} from "../../../engine/graph/dim.ts";

const coefficient = fc.integer({ min: -1000, max: 1000 });
const dims: fc.Arbitrary<Dim> = fc.tuple(coefficient, coefficient, coefficient, coefficient);
const size = fc.integer({ min: 1, max: 512 });

function recorded(of: (batch: number, length: number) => number): number[] {
  return RECORDED_SIZES.map(([batch, length]) => of(batch, length));
}

Deno.test("the expression fitted to recorded values is the one that made them", () => {
  fc.assert(fc.property(dims, (dim) => {
    assert.deepEqual(
      fit(recorded((batch, length) => evaluate(dim, batch, length)))?.map((of) => of + 0),
      dim.map((of) => of + 0),
    );
  }));
});

Deno.test("an expression is 1, batch, length and batch·length times its coefficients, and sums are sums", () => {
  fc.assert(fc.property(dims, dims, size, size, (a, b, batch, length) => {
    assert.equal(evaluate(a, batch, length), a[0] + a[1] * batch + a[2] * length + a[3] * batch * length);
    assert.equal(evaluate(addDims(a, b), batch, length), evaluate(a, batch, length) + evaluate(b, batch, length));
  }));
  assert.deepEqual(evaluateShape([fixed(3), [0, 1, 0, 0], [2, 0, 1, 0], [0, 0, 0, 4]], 5, 7), [3, 5, 9, 140]);
});

Deno.test("values with one wrong entry are never explained", () => {
  const wrong = fc.integer({ min: 1, max: 1000 });
  fc.assert(fc.property(dims, fc.nat(RECORDED_SIZES.length - 1), wrong, (dim, at, error) => {
    const values = recorded((batch, length) => evaluate(dim, batch, length));
    values[at] += error;
    assert.equal(fit(values), undefined);
  }));
});

Deno.test("whatever is fitted has the recorded values", () => {
  const values = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 5, maxLength: 5 });
  fc.assert(fc.property(values, (given) => {
    const dim = fit(given);
    if (dim) assert.deepEqual(recorded((batch, length) => evaluate(dim, batch, length)), given);
  }));
});

Deno.test("sizes that are no such expression are not fitted", () => {
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
  for (const other of others) assert.equal(fit(recorded(other)), undefined, String(other));
});

Deno.test("a size is fixed when neither batch nor length changes it", () => {
  fc.assert(fc.property(dims, (dim) => {
    const values = new Set([[1, 1], [1, 2], [2, 1], [2, 2]].map(([batch, length]) => evaluate(dim, batch, length)));
    assert.equal(isFixed(dim), values.size === 1);
  }));
  assert.ok(isFixed(fixed(3)));
});
