import assert from "node:assert/strict";
import { bench } from "../../../../runs/launch/launcher.ts";
import { readRecords } from "../../../../runs/study/read-records.ts";
import { bestTrial } from "../../../../runs/study/tuning/tuned-record.ts";
import { inFolder } from "../../../in-folder.ts";
import { scoreOf } from "../fake-worker.ts";
import { study } from "../small-study.ts";

Deno.test("a tuned run waits for its trials, and trains with the best of them", () =>
  inFolder({}, async (out) => {
    const worker = new URL("../fake-worker.ts", import.meta.url);
    const done = await bench(study({ tuning: { trials: 2 } }), { worker, jobs: 2, out });
    assert.deepEqual(done, { cells: 3, recorded: 0, trained: 3, failures: [] });
    const { records: [{ spec, tuning }], trials, unreadable } = await readRecords(out);
    assert.deepEqual([trials.length, unreadable], [2, []]);
    const own = tuning!.trials.map(({ id }) => trials.find((trial) => trial.id === id)!);
    const scores = own.map((trial) => scoreOf(trial.spec));
    assert.equal(tuning!.trial, scores.indexOf(Math.max(...scores)));
    assert.deepEqual([tuning!.method, tuning!.training], [
      own[tuning!.trial].spec.method,
      own[tuning!.trial].spec.training,
    ]);
    assert.equal(spec.method[0].options.learningRate, 0.003);
  }));

Deno.test("the best trial has the best score; of equal ones the least loss, then the lowest number", () => {
  const trial = (score: number | null, loss: number | null) => ({ id: "", score, loss });
  const best = (direction: "higher" | "lower", ...trials: ReturnType<typeof trial>[]) => bestTrial(trials, direction);
  assert.equal(best("higher", trial(0.8, 1), trial(0.9, 2), trial(0.7, 0)), 1);
  assert.equal(best("lower", trial(0.8, 1), trial(0.9, 2), trial(0.7, 0)), 2);
  assert.equal(best("higher", trial(0.9, 0.3), trial(0.9, 0.2), trial(0.9, 0.2)), 1);
  assert.equal(best("higher", trial(0.9, null), trial(0.9, null)), 0);
  assert.equal(best("higher", trial(0.9, null), trial(0.9, 0.5)), 1);
  assert.equal(best("higher", trial(null, null), trial(0.1, null)), 1);
  assert.equal(best("higher", trial(null, null)), undefined);
});
