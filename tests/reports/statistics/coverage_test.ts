import assert from "node:assert/strict";
import { metrics } from "../../../tasks/metrics.ts";
import { measureCoverageOf } from "../../../perf/measure/coverage.ts";

// A hundred studies know a share of 95 % to ± 4 points, one of 5 % to ± 4; `deno task perf coverage` takes ten times as many.
for (const design of ["pool", "published"] as const) {
  for (const seeds of [3, 5, 10]) {
    Deno.test(`intervals cover new seeds and new examples: ${design}, ${seeds} seeds`, () => {
      const { means, differences, falselyBelow } = measureCoverageOf(design, seeds, 100, "accuracy");
      for (const share of [means, differences]) assert.ok(share >= 0.91 && share <= 0.99, `${share} is not about 0.95`);
      assert.ok(falselyBelow <= 0.12, `in ${falselyBelow} of the studies, an equal method is marked`);
    });
  }
}

for (const metric of Object.keys(metrics).filter((name) => name !== "accuracy")) {
  Deno.test(`intervals of ${metric}, which is no mean over examples, cover new seeds and new examples`, () => {
    const { means, differences, falselyBelow } = measureCoverageOf("published", 3, 100, metric);
    for (const share of [means, differences]) assert.ok(share >= 0.91 && share <= 0.99, `${share} is not about 0.95`);
    assert.ok(falselyBelow <= 0.12, `in ${falselyBelow} of the studies, an equal method is marked`);
  });
}
