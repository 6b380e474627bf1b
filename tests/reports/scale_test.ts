import assert from "node:assert/strict";
import { measureReports } from "../../perf/measure/reports.ts";
import { inventRecords } from "../../perf/processes/invent-records.ts";
import { readResults } from "../../reports/mod.ts";
import { inFolder } from "../in-folder.ts";

Deno.test("invented records are read as real ones, and the same each time", () =>
  inFolder({}, async (folder) => {
    for (const name of ["a", "b"]) await inventRecords(`${folder}/${name}`, { tasks: 2, settings: 2, seeds: 2 });
    const [a, b] = [await readResults([`${folder}/a`]), await readResults([`${folder}/a`, `${folder}/b`])];
    assert.deepEqual([a.runs.length, a.unreadable, b.runs.length, b.conflicts], [8, [], 8, []]);
    assert.equal(a.protocols.length, 2);
  }));

Deno.test("what reports take is measured in a process of their own, and what is over a limit is named", async () => {
  const { text, violations } = await measureReports([{
    size: { tasks: 1, settings: 2, seeds: 2 },
    pageBytes: 1,
    peakBytes: 1e12,
  }]);
  assert.match(text, /^\| 4 +\|/m);
  assert.equal(violations.length, 1);
  assert.match(violations[0], /^Reports of 4 runs: pageBytes must be at most 1, current value is \d/);
});
