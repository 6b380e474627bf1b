import assert from "node:assert/strict";
import type { Report } from "../../../../perf/measure/report.ts";

const root = new URL("../../../../", import.meta.url);

/** Measures files in a process of its own: the memory of what this one starts would be counted from its own. */
async function measured(cases: readonly object[]): Promise<Report> {
  const program = `import { measureRows } from "${new URL("perf/measure/rows.ts", root)}";
    console.log(JSON.stringify(await measureRows(${JSON.stringify(cases)})));`;
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", program], cwd: root, stderr: "inherit" })
    .output();
  return JSON.parse(new TextDecoder().decode(stdout));
}

Deno.test("a file of 60 MB is described and drawn from in a process of less than 210 MB, and what is over a limit is named", async () => {
  const { text, violations } = await measured([
    { form: "csv", rows: 200_000, bytes: 300, peakBytes: 210e6 },
    { form: "csv", rows: 5000, bytes: 60, peakBytes: 1 },
    { form: "parquet", rows: 12_000, bytes: 60 },
  ]);
  for (const rows of ["200000 (csv)", "12000 (parquet)"]) assert.ok(text.includes(`| ${rows} `), rows);
  assert.equal(violations.length, 1, violations[0]);
  assert.match(violations[0], /^5000 rows \(csv\): peakBytes must be at most 1, current value is \d/);
});
