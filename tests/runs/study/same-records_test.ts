/** What must not change with the code: names of runs, the form of a record, and whatever of it no processor decides. */
import assert from "node:assert/strict";
import { cellsOf } from "../../../runs/launch/cells.ts";
import { presets } from "../../../runs/study/presets.ts";
import type { RunRecord } from "../../../runs/study/record.ts";
import { runCell } from "../../../runs/training/run-cell.ts";
import { inFolder } from "../../in-folder.ts";

const golden = async (name: string) =>
  JSON.parse(await Deno.readTextFile(new URL(`../../golden/${name}`, import.meta.url)));

/** The keys of a value, inside and out; entries of lists look alike. */
function form(value: unknown): unknown {
  if (Array.isArray(value)) return value.length > 0 ? [form(value[0])] : [];
  if (value === null || typeof value !== "object") return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, form(inner)]));
}

Deno.test("the runs of every preset have the ids that they have always had", async () => {
  const expected: Record<string, string[]> = await golden("run-ids.json");
  for (const [name, { study }] of Object.entries(presets)) {
    assert.deepEqual((await cellsOf(study)).map(({ id }) => id), expected[name], name);
  }
});

Deno.test("a run made today has the record of an earlier one, apart from what the processor rounds and the clock measures", () =>
  inFolder({}, async (out) => {
    const expected: RunRecord = await golden("record-1.json");
    const result = await runCell(expected.spec, { threads: 1, out, keep: false, onProgress() {} });
    // `flops` came later.
    const { planned, flops, ...rest } = result;
    assert.deepEqual(flops?.inference.map(Number.isInteger), [true, true, true]);
    const { version: _, id: __, setting: ___, spec: ____, memory, environment: _____, ...before } = expected;
    assert.deepEqual(form(rest), form(before));
    for (const key of ["task", "model", "metrics", "parameters"] as const) {
      assert.deepEqual(rest[key], before[key], key);
    }
    assert.deepEqual(planned, memory.planned);
    assert.deepEqual(rest.predictions.map(({ id }) => id), before.predictions.map(({ id }) => id));
    assert.deepEqual(rest.scores.majority, before.scores.majority);
    for (const [step, loss] of rest.curve.stepLoss.entries()) {
      assert(Math.abs(loss - before.curve.stepLoss[step]) < 1e-4, `loss of step ${step + 1}`);
    }
  }));
