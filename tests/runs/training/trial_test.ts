import assert from "node:assert/strict";
import { exists } from "../../../base/files.ts";
import { lookUp } from "../../../base/errors.ts";
import { cellsOf } from "../../../runs/launch/cells.ts";
import { presets } from "../../../runs/study/presets.ts";
import { knownScores } from "../../../runs/study/record.ts";
import { runCell, runTrial } from "../../../runs/training/run-cell.ts";
import { splitExamples } from "../../../runs/training/split.ts";
import { openCell } from "../../../runs/training/prepare.ts";
import type { Study } from "../../../runs/study/study.ts";
import { tasks } from "../../../tasks/mod.ts";
import type { Example, Task } from "../../../tasks/types.ts";
import { inFolder } from "../../in-folder.ts";

const specOf = async (changes: Partial<Study> = {}) =>
  (await cellsOf({
    ...presets.smoke.study,
    methods: ["lora"],
    data: { train: 24, validation: 16, test: 32 },
    ...changes,
  }))[0]
    .spec;
const options = (out: string) => ({ threads: 1, out, keep: false, onProgress() {} });

Deno.test("a trial ends as the run with the same options does on the validation examples, without a test score", () =>
  inFolder({}, async (out) => {
    for (const methods of [["lora"], ["linear-probe"]]) {
      const run = await runCell(await specOf({ methods }), options(out));
      const trial = await runTrial(await specOf({ methods, trial: true }), options(`${out}/trial`));
      assert.deepEqual(trial.scores, { validation: run.scores.validation });
      assert.deepEqual([trial.curve, trial.bestEpoch], [run.curve, run.bestEpoch]);
      assert.ok(trial.loss.value! > 0 && trial.loss.value! < 2);
      const { test: _, ...splits } = run.task.splits;
      assert.deepEqual(trial.task.splits, splits);
      assert.ok(!("predictions" in trial));
      assert.ok(!await exists(`${out}/trial`));
    }
  }));

Deno.test("a trial reads no test example: the split that decides which they are is the last to see them", async () => {
  const spec = await specOf({ trial: true });
  const task = lookUp("task", tasks, spec.task.name) as Task;
  const data = await task.load();
  const { test } = splitExamples(data, spec.data, spec.seed);
  /** How often the text of each example is read. */
  const reads = new Map<string, number>();
  const watch = ({ text, ...rest }: Example): Example => ({
    ...rest,
    get text() {
      reads.set(rest.id, (reads.get(rest.id) ?? 0) + 1);
      return text;
    },
  });
  // Anew each time: of data that it knows, splitting has what it read.
  const watched = () => ({ pool: data.pool!.map(watch) });
  const readsBy = async (work: () => unknown) => {
    reads.clear();
    await work();
    return test.map(({ id }) => reads.get(id));
  };
  tasks[spec.task.name] = { ...task, load: () => Promise.resolve(watched()) };
  try {
    const bySplitting = await readsBy(() => splitExamples(watched(), spec.data, spec.seed));
    assert.deepEqual(await readsBy(() => openCell(spec, {}, 1)), bySplitting);
    const { trial: _, ...run } = spec;
    assert.notDeepEqual(await readsBy(() => openCell(run, {}, 1)), bySplitting);
  } finally {
    tasks[spec.task.name] = task;
  }
  const { trainingTask: { splits } } = await openCell(spec, {}, 1);
  assert.deepEqual([splits.train.length, splits.validation.length, splits.test], [24, 16, []]);
});

Deno.test("a trial whose training diverges has no score and says why, where a run fails", () =>
  inFolder({}, async (out) => {
    const diverging = { methods: ["bitfit"], training: { epochs: 2, headLearningRate: 1e38 } };
    await assert.rejects(runCell(await specOf(diverging), options(out)), /^Error: Cannot /);
    const { scores, loss, bestEpoch } = await runTrial(await specOf({ ...diverging, trial: true }), options(out));
    assert.equal(knownScores(scores.validation), null);
    assert.match(
      (scores.validation as { reason: string }).reason,
      /^Cannot (go on training|evaluate): |^a trained parameter/,
    );
    assert.deepEqual([loss.value, bestEpoch], [null, 0]);
  }));
