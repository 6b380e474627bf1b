import assert from "node:assert/strict";
import type { BenchEvent } from "../../../../../runs/launch/events.ts";
import { bench, estimateBench } from "../../../../../runs/launch/launcher.ts";
import { cellsOf } from "../../../../../runs/launch/cells.ts";
import { readRecords } from "../../../../../runs/study/read-records.ts";
import type { Study } from "../../../../../runs/study/study.ts";
import { inFolder } from "../../../../in-folder.ts";
import { DIVERGES, scoreOf, TRIAL_FAILS_ONCE } from "../../../../runs/launch/fake-worker.ts";
import { study } from "../../../../runs/launch/small-study.ts";

const worker = new URL("../../../../runs/launch/fake-worker.ts", import.meta.url);
const tuned = (changes: Partial<Study> = {}) => study({ seeds: [0, 1], tuning: { trials: 3 }, ...changes });
const quiet = { worker, jobs: 2 };

Deno.test("a tuned run trains with the best of its own seed's trials, and more trials go on with what is recorded", () =>
  inFolder({}, async (out) => {
    const events: BenchEvent[] = [];
    const first = await bench(tuned(), { ...quiet, out, onEvent: (event) => events.push(event) });
    assert.deepEqual(first, { cells: 8, recorded: 0, trained: 8, failures: [] });
    const { records, trials, unreadable } = await readRecords(out);
    assert.deepEqual([records.length, trials.length, unreadable], [2, 6, []]);
    for (const { spec, tuning, checks } of records) {
      const own = tuning!.trials.map(({ id }) => trials.find((trial) => trial.id === id)!);
      assert.ok(own.every((trial) => trial.spec.seed === spec.seed));
      const scores = own.map((trial) => scoreOf(trial.spec));
      assert.equal(tuning!.trial, scores.indexOf(Math.max(...scores)));
      assert.deepEqual(tuning!.method, own[tuning!.trial].spec.method);
      assert.deepEqual(tuning!.training, own[tuning!.trial].spec.training);
      assert.equal(spec.method[0].options.learningRate, 0.003);
      // The fake worker scores trials otherwise than runs.
      const flag = checks.flags.find(({ name }) => name === "other than its trial")!;
      assert.equal(flag.raised, true);
    }
    const ends = events.filter((event) => event.type === "done").map(({ cell }) => cell);
    for (const { trials = [], id } of ends) {
      const at = ends.findIndex((cell) => cell.id === id);
      assert.ok(trials.every((trial) => ends.findIndex((cell) => cell.id === trial) < at));
    }
    assert.deepEqual(await bench(tuned(), { ...quiet, out }), { cells: 8, recorded: 8, trained: 0, failures: [] });
    const more = await bench(tuned({ tuning: { trials: 4 } }), { ...quiet, out });
    assert.deepEqual(more, { cells: 10, recorded: 6, trained: 4, failures: [] });
  }));

Deno.test("a trial that diverges is a result, and is not chosen", () =>
  inFolder({}, async (out) => {
    const { failures } = await bench(tuned({ seeds: [DIVERGES], tuning: { trials: 4 } }), { ...quiet, out });
    assert.deepEqual(failures, []);
    const { records: [{ tuning }] } = await readRecords(out);
    assert.ok(tuning!.trials.some(({ score }) => score === null));
    assert.ok(tuning!.trials[tuning!.trial].score !== null);
  }));

Deno.test("a tuned run fails with a trial, and --retry-failed runs the two of them alone", () =>
  inFolder({}, async (out) => {
    const failing = tuned({ seeds: [TRIAL_FAILS_ONCE, 0] });
    const { trained, failures } = await bench(failing, { ...quiet, out });
    assert.deepEqual([trained, failures.length], [6, 2]);
    const [trial, run] = failures;
    assert.equal(trial.reason, "Cannot train: this is the first time");
    assert.match(
      run.reason,
      /^Cannot choose a trial: each of the 3 must have a record, trial \d \([0-9a-f]{16}\) has none: Cannot train: this is/,
    );
    assert.ok(run.cell.trials!.includes(trial.cell.id));
    const again = await bench(failing, { ...quiet, out, retryFailed: true });
    assert.deepEqual(again, { cells: 2, recorded: 0, trained: 2, failures: [] });
  }));

Deno.test("two benches share the trials of a tuned study", () =>
  inFolder({}, async (out) => {
    const both = await Promise.all([0, 1].map(() => bench(tuned(), { ...quiet, out, jobs: 1 })));
    assert.equal(both.reduce((sum, { trained }) => sum + trained, 0), 8);
    assert.deepEqual(both.map(({ recorded, trained, failures }) => [recorded + trained, failures]), [[8, []], [8, []]]);
  }));

Deno.test("an estimate of a tuned cell has its trials in it", async () => {
  const [{ cell, estimate }] = await estimateBench(tuned({ seeds: [0] }), worker);
  const cells = await cellsOf(tuned({ seeds: [0] }));
  const epochs = cells.filter(({ spec }) => spec.trial).reduce((sum, { spec }) => sum + spec.training.epochs, 0);
  assert.equal(cell.id, cells.at(-1)!.id);
  const { value } = estimate.seconds;
  assert.ok(Math.abs(value! - 2 * (4 / 3) * epochs / cell.spec.training.epochs) < 1e-9);
});
