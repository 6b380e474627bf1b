import assert from "node:assert/strict";
import { compareRuns, environmentDifferences } from "../../../reports/verify/compare.ts";
import { makeRecord } from "../record-factory.ts";

const first = makeRecord({ seed: 0, accuracy: 0.8 });
const other = makeRecord({ seed: 1, accuracy: 0.82 });

Deno.test("the same result is identical, whatever its time and memory", () => {
  const again = makeRecord({ change: ({ time, memory }) => (time.trainSeconds = 99, memory.peak = { value: 1 }) });
  assert.deepEqual(compareRuns(first, again, [first]), { verdict: "identical", details: [] });
});

Deno.test("losses within a thousandth of themselves are within rounding, and what differs is said", () => {
  const again = makeRecord({ change: ({ curve }) => curve.stepLoss = curve.stepLoss.map((loss) => loss * 1.0005) });
  const { verdict, details } = compareRuns(first, again, [first]);
  assert.equal(verdict, "within rounding");
  assert.deepEqual(details.slice(1), ["0 of 400 predictions differ", "losses differ by up to 5.0e-4 of themselves"]);
});

Deno.test("other losses are within the noise of seeds only where the scores are, and where the noise is known", () => {
  // The deviation of 80 and 82 % is 1.41; of the difference of two it is 2; t of one degree of freedom is 12.706.
  const again = (accuracy: number) => makeRecord({ accuracy, change: ({ curve }) => curve.stepLoss = [0.7, 0.9] });
  const near = compareRuns(first, again(0.9), [first, other]);
  assert.equal(near.verdict, "within noise");
  assert.deepEqual([near.details[0], near.details.at(-1)], [
    "test accuracy 80.0, again 90.0",
    "two seeds differ by up to 25.4",
  ]);
  assert.equal(compareRuns(first, again(0.5), [first, other]).verdict, "different");
  assert.equal(compareRuns(first, again(0.8), [first]).verdict, "different");
  const shorter = makeRecord({ change: ({ curve }) => curve.stepLoss = [0.7] });
  assert.match(compareRuns(first, shorter, [first]).details[2], /^2 steps, again 1$/);
});

Deno.test("environments differ in facts and versions, not in when they started", () => {
  const { environment } = makeRecord();
  const here = {
    ...environment,
    started: "2030-01-01",
    cores: 64,
    versions: { ...environment.versions, deno: "9.9.9" },
  };
  assert.deepEqual(environmentDifferences(environment, here), [
    `cores ${environment.cores}, here 64`,
    `deno ${environment.versions.deno}, here 9.9.9`,
  ]);
});

Deno.test("without a step, what differs is never called rounding", () => {
  const still = (wrong: number) =>
    makeRecord({
      accuracy: 0.9 - wrong,
      change: (record) => {
        record.curve = { stepLoss: [], validation: [] };
        record.bestEpoch = 0;
      },
    });
  assert.equal(compareRuns(still(0), still(0), [still(0)]).verdict, "identical");
  const { verdict, details } = compareRuns(still(0), still(0.1), [still(0)]);
  assert.equal(verdict, "different");
  assert.ok(!details.some((detail) => /losses/.test(detail)));
});
