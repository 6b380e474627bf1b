import assert from "node:assert/strict";
import { type Compared, compareSettings } from "../../../reports/statistics/comparison.ts";
import { type Sample, TestSet } from "../../../reports/statistics/sample.ts";

const SIZE = 200;
const sets = new Map<number, TestSet>();

/** A run that has the first `right` of 200 examples right; every seed has a test set of its own. */
function sample(seed: number, right: number): Sample {
  const test = sets.get(seed) ?? new TestSet(Array.from({ length: SIZE }, (_, at) => `${seed}/${at}`));
  sets.set(seed, test);
  const deviations = Float64Array.from({ length: SIZE }, (_, at) => (at < right ? 1 : 0) - right / SIZE);
  return { seed, test, score: right / SIZE, deviations };
}

function setting(id: string, right: readonly number[], seeds = right.map((_, index) => index)): Compared {
  return { id, samples: right.map((count, index) => sample(seeds[index], count)) };
}

const high = setting("high", [180, 182, 181]);
const near = setting("near", [179, 181, 181]);
const low = setting("low", [120, 122, 119]);

function bestOf(settings: Compared[], direction: "higher" | "lower" = "higher"): string[] | null {
  const comparison = compareSettings(settings, direction);
  return comparison && [...comparison.best].sort();
}

Deno.test("the best are the best mean and those that are not shown to be below it", () => {
  const comparison = compareSettings([low, near, high], "higher")!;
  assert.deepEqual(comparison.ranking, ["high", "near", "low"]);
  assert.deepEqual([...comparison.best].sort(), ["high", "near"]);
  const { estimate, p } = comparison.difference("high", "low");
  assert.ok(Math.abs(estimate.mean - 0.3033333) < 1e-6 && p! < 0.001);
  assert.ok(comparison.difference("high", "near").p! > 0.05);
});

Deno.test("where lower is better, the lowest mean is the best", () => {
  assert.deepEqual(bestOf([high, near, low], "lower"), ["low"]);
});

Deno.test("a method that is alone is not compared", () => {
  assert.equal(bestOf([high]), null);
  assert.equal(bestOf([]), null);
});

Deno.test("with one seed, differences are of the test sample alone and nothing is the best", () => {
  const comparison = compareSettings([setting("x", [180]), setting("y", [120])], "higher")!;
  assert.deepEqual([...comparison.best], []);
  assert.equal(comparison.difference("x", "y").p, null);
});

Deno.test("a setting of one seed stands aside where others have more", () => {
  assert.deepEqual(bestOf([setting("lucky", [200]), high, low]), ["high"]);
});

Deno.test("settings are compared on the seeds that all have, whatever their order", () => {
  const late = setting("late", [0, 181, 182], [7, 2, 1]);
  const comparison = compareSettings([high, late], "higher")!;
  assert.deepEqual(comparison.seeds, [1, 2]);
  assert.deepEqual([...comparison.best].sort(), ["high", "late"]);
});

Deno.test("settings without a seed that all have are not compared", () => {
  const others = [setting("x", [180, 181, 180], [7, 8, 9]), setting("y", [100, 101, 99], [7, 8, 9])];
  assert.equal(compareSettings([high, low, ...others], "higher"), null);
});

Deno.test("runs of a seed with other test examples are not paired", () => {
  const test = new TestSet(["other"]);
  const strange = { id: "s", samples: [0, 1, 2].map((seed) => ({ ...sample(seed, 100), test })) };
  assert.equal(compareSettings([high, strange], "higher"), null);
});
