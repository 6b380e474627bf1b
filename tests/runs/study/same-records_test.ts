/** What must not change with the code: names of runs, the form of a record, and whatever of it no processor decides. */
import assert from "node:assert/strict";
import { cellsOf } from "../../../runs/launch/cells.ts";
import { presets } from "../../../runs/study/presets.ts";
import type { RunRecord } from "../../../runs/study/record.ts";
import type { MethodEntry, Study } from "../../../runs/study/study.ts";
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

/** Defaults of the methods when the ids were written down: step size and epochs. */
const earlier: Record<string, { learningRate: number; epochs: number }> = {
  "full": { learningRate: 6e-4, epochs: 3 },
  "linear-probe": { learningRate: 1e-2, epochs: 20 },
  "bitfit": { learningRate: 1e-2, epochs: 4 },
  "prompt-tuning": { learningRate: 0.1, epochs: 4 },
  "p-tuning": { learningRate: 1e-2, epochs: 4 },
  "prefix-tuning": { learningRate: 0.1, epochs: 4 },
  "lora": { learningRate: 3e-3, epochs: 4 },
};

/** A study that says what presets left to the defaults of then. */
function asOfThen(study: Study): Study {
  const { epochs } = study.training;
  const parts = (entry: MethodEntry) =>
    String(entry).split("+").map((name) => [name, { ...earlier[name], ...epochs && { epochs } }]);
  return {
    ...study,
    methods: study.methods.map((entry) => Object.fromEntries(parts(entry))),
    training: { ...study.training, patience: 0 },
  };
}

Deno.test("the runs of the first presets have the ids that they have always had, where these say what the defaults were then", async () => {
  const expected: Record<string, string[]> = await golden("run-ids.json");
  assert.deepEqual(Object.keys(expected), ["smoke", "quick", "standard", "few-shot"]);
  for (const [name, ids] of Object.entries(expected)) {
    assert.deepEqual((await cellsOf(asOfThen(presets[name].study))).map(({ id }) => id), ids, name);
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
