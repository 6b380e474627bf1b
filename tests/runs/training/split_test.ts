import assert from "node:assert/strict";
import fc from "fast-check";
import { fewSizes, splitExamples, splitRecord, type Splits } from "../../../runs/training/split.ts";
import type { Example, TaskData } from "../../../tasks/types.ts";

/** A pool with the given numbers of examples by class. */
function poolOf(...counts: number[]): Example[] {
  return counts.flatMap((count, label) =>
    Array.from({ length: count }, (_, at) => ({ id: `${label}-${at}`, text: `class ${label}, text ${at}`, label }))
  );
}

const share = (examples: Example[], label: number) => examples.filter((example) => example.label === label).length;
const all = ({ train, validation, test }: Splits) => [...train, ...validation, ...test];

Deno.test("splits have the sizes asked for, no example twice, and every class its share", () => {
  const counts = fc.array(fc.integer({ min: 20, max: 60 }), { minLength: 2, maxLength: 5 });
  fc.assert(fc.property(counts, fc.nat(1000), (counts, seed) => {
    const pool = poolOf(...counts);
    const sizes = { train: 16, validation: 8, test: 12 };
    const splits = splitExamples({ pool }, sizes, seed);
    for (const name of ["train", "validation", "test"] as const) {
      assert.equal(splits[name].length, sizes[name]);
      for (const [label, count] of counts.entries()) {
        // Test is within 1 of its share of the pool; the others are drawn from what was left.
        const expected = (sizes[name] * count) / pool.length;
        assert.ok(Math.abs(share(splits[name], label) - expected) <= 2, `${name}, class ${label}`);
      }
    }
    assert.equal(new Set(all(splits).map((example) => example.id)).size, 36);
  }));
});

Deno.test("a balanced pool gives balanced splits", () => {
  const { train, validation, test } = splitExamples(
    { pool: poolOf(500, 500) },
    { train: 300, validation: 150, test: 400 },
    0,
  );
  assert.deepEqual([train, validation, test].map((split) => share(split, 0)), [150, 75, 200]);
});

Deno.test("the seed alone decides a split", () => {
  const pool = poolOf(40, 40);
  const sizes = { train: 20, validation: 10, test: 20 };
  assert.deepEqual(splitExamples({ pool }, sizes, 3), splitExamples({ pool: [...pool] }, sizes, 3));
  assert.notDeepEqual(splitExamples({ pool }, sizes, 3), splitExamples({ pool }, sizes, 4));
});

Deno.test("classes are mixed within a split", () => {
  const { train } = splitExamples({ pool: poolOf(100, 100) }, { train: 100, validation: 10, test: 10 }, 0);
  const firstHalf = share(train.slice(0, 50), 0);
  assert.ok(firstHalf > 10 && firstHalf < 40, String(firstHalf));
});

Deno.test("more training examples leave the test examples as they are", () => {
  const pool = poolOf(50, 50);
  const small = splitExamples({ pool }, { train: 20, validation: 10, test: 30 }, 1);
  const large = splitExamples({ pool }, { train: 50, validation: 10, test: 30 }, 1);
  assert.deepEqual(small.test, large.test);
  assert.deepEqual(small.validation, large.validation);
});

Deno.test("texts that differ in case and white space alone never stand in two splits", () => {
  const base = poolOf(20, 20);
  const pool = base.flatMap((example) => [
    example,
    { ...example, id: `${example.id}-copy`, text: `  ${example.text.toUpperCase().replace(" ", " \t\n")}` },
  ]);
  const splits = splitExamples({ pool }, { train: 20, validation: 8, test: 12 }, 0);
  const texts = all(splits).map(({ text }) => text.toLowerCase().split(/\s+/).filter(Boolean).join(" "));
  assert.equal(new Set(texts).size, 40);
  assert.ok(all(splits).every(({ id }) => !id.endsWith("copy")));
  assert.throws(() => splitExamples({ pool }, { train: 33, validation: 8, test: 12 }, 0), /the data have 40/);
});

Deno.test("test takes what is left where that is less than asked for", () => {
  const { test } = splitExamples({ pool: poolOf(500, 500) }, { train: 600, validation: 150, test: 400 }, 0);
  assert.equal(test.length, 250);
});

Deno.test("too small a pool is an error that says how many there are", () => {
  assert.throws(
    () => splitExamples({ pool: poolOf(10, 10) }, { train: 15, validation: 5, test: 1 }, 0),
    { message: /must leave an example for test, 15 and 5 are asked for and the data have 20/ },
  );
});

Deno.test("published splits are used, and a missing one is cut from the published training examples", () => {
  const named = (name: string) =>
    poolOf(20, 20).map((e) => ({ ...e, id: `${name}-${e.id}`, text: `${name} ${e.text}` }));
  const data = { train: named("train"), test: named("test") };
  const splits = splitExamples(data, { train: 30, validation: 10, test: 100 }, 0);
  assert.ok(splits.test.every(({ id }) => id.startsWith("test")));
  assert.ok([...splits.train, ...splits.validation].every(({ id }) => id.startsWith("train")));
  assert.equal(splits.test.length, 40);
  const leaking = { ...data, train: [...data.train, ...data.test] };
  const clean = splitExamples(leaking, { train: 30, validation: 10, test: 40 }, 0);
  assert.equal(new Set(all(clean).map(({ text }) => text)).size, 80);
  assert.throws(
    () => splitExamples(data, { train: 31, validation: 10, test: 40 }, 0),
    { message: "Cannot split the data: train must have 31 examples, only 30 are left for it" },
  );
});

Deno.test("a split's hash follows its ids and labels in order", () => {
  const [a, b] = poolOf(1, 1);
  // printf '0-0\t0\n1-0\t1\n' | sha256sum
  assert.deepEqual(splitRecord([a, b]), {
    size: 2,
    sha256: "cdec4c795c46f456d61e7f8b04530dfa99bfc629f14212c7b3cc64c811eb81d6",
  });
  assert.notEqual(splitRecord([b, a]).sha256, splitRecord([a, b]).sha256);
});

Deno.test("few examples are so many of each class, whatever its share, and test has all that are left of a pool", () => {
  const pool = poolOf(100, 30, 12);
  const sizes = fewSizes({ pool }, 3, 5);
  assert.deepEqual(sizes, { train: 15, validation: 15, test: 112, perClass: 5 });
  for (const seed of [13, 21]) {
    const splits: Splits<Example> = splitExamples({ pool }, sizes, seed);
    for (const name of ["train", "validation"] as const) {
      assert.deepEqual([0, 1, 2].map((label) => share(splits[name], label)), [5, 5, 5]);
    }
    assert.equal(new Set(all(splits).map(({ id }) => id)).size, 142);
  }
  assert.equal(splitExamples({ pool }, fewSizes({ pool }, 3, 5, 40), 0).test.length, 40);
});

Deno.test("few examples of published splits leave the test split whole, and are of train where there is no validation split", () => {
  const named = (name: string) =>
    poolOf(20, 40).map((e) => ({ ...e, id: `${name}-${e.id}`, text: `${name} ${e.text}` }));
  const [train, validation, test] = ["train", "validation", "test"].map(named);
  const idsOf = (examples: Example[]) => new Set(examples.map(({ id }) => id.split("-")[0]));
  const two = { train: [...train, ...test.slice(0, 4)], test };
  const splits = splitExamples(two, fewSizes(two, 2, 8), 0);
  assert.deepEqual([splits.train, splits.validation].map(idsOf), [new Set(["train"]), new Set(["train"])]);
  assert.equal(splits.test.length, 60);
  const three = { train, validation, test };
  const others = splitExamples(three, fewSizes(three, 2, 20), 0);
  assert.deepEqual([others.train, others.validation].map(idsOf), [new Set(["train"]), new Set(["validation"])]);
  assert.equal(others.test.length, 60);
});

Deno.test("a class that has too few examples is an error with its name, their number and how many are asked for", () => {
  const refuse = (data: TaskData, perClass: number, message: RegExp) =>
    assert.throws(
      () => splitExamples(data, fewSizes(data, 2, perClass), 0, undefined, ["bad", "good"]),
      { message },
    );
  refuse(
    { pool: poolOf(90, 20) },
    16,
    /^Cannot split the data: train must have 16 examples of each class, good has 20, of which 4 are left beside the other splits$/,
  );
  refuse(
    { pool: poolOf(90) },
    4,
    /validation must have 4 examples of each class, good has 0, of which 0 are left beside the other splits/,
  );
  refuse(
    { train: poolOf(90, 90), test: poolOf(90, 90) },
    4,
    /validation must have 4 .* bad has 90, of which 0 are left/,
  );
  refuse({ pool: poolOf(8, 8) }, 4, /^Cannot split the data: train and validation must leave an example for test$/);
});
