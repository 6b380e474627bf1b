import assert from "node:assert/strict";
import { cpu } from "../../../../engine/devices/cpu.ts";
import { compose } from "../../../../methods/adaptation/compose.ts";
import { findFolder } from "../../../../models/mod.ts";
import { groupResults } from "../../../../reports/results.ts";
import { renderResultsCsv } from "../../../../reports/text/csv.ts";
import { cellsOf } from "../../../../runs/launch/cells.ts";
import { checkRecord } from "../../../../runs/study/check-record.ts";
import { asLanguageModel, trainableLanguageModel } from "../../../../runs/programs/language-model.ts";
import { parseRecord, type RunRecord } from "../../../../runs/study/record.ts";
import { estimateCell } from "../../../../runs/training/estimates/estimate-cell.ts";
import { runCell, runTrial } from "../../../../runs/training/run-cell.ts";
import { runId, settingId } from "../../../../runs/study/spec.ts";
import type { Study } from "../../../../runs/study/study.ts";
import { UsageError } from "../../../../base/errors.ts";
import { makeFolder } from "../../../models/folder/copies.ts";
import { saving } from "../checkpoints/saving.ts";
import { makeRecord } from "../../../reports/record-factory.ts";
import { CHARACTERS, folder, paths, run, specOf, study, taskFiles } from "./setup.ts";

Deno.test("the model as it is generates what repeated choice of the likeliest token gives, and nothing is trained or stored", async () => {
  const out = await makeFolder({});
  const spec = await specOf({ methods: ["hand-written"] });
  assert.deepEqual(spec.method, [{ name: "hand-written", options: {} }]);
  const result = await run(spec, out);
  const backbone = asLanguageModel(await (await findFolder(folder)).open());
  const { program, signature } = trainableLanguageModel(backbone, compose([], backbone)).scores;
  const scores = await cpu.compile(program, signature, { threads: 1 });
  const expected = await Array.fromAsync(result.predictions, async ({ id }) => {
    const prompt = [..."name[" + (40 + Number(id.split("/")[1])) + "]\n"].map((c) => CHARACTERS.indexOf(c));
    const ids = [...prompt];
    while (ids.length < prompt.length + 10 && ids.at(-1) !== 97) {
      const outputs = await scores.run({ parameters: {}, inputs: backbone.collate([ids]) });
      const last = outputs.scores.slice(-backbone.vocabularySize);
      ids.push(last.indexOf(Math.max(...last)));
    }
    return await backbone.decode!(ids.slice(prompt.length));
  });
  await scores.release();
  assert.deepEqual(result.predictions.map(({ predicted }) => predicted), expected);
  assert.deepEqual([result.bestEpoch, result.curve], [0, { stepLoss: [], validation: [] }]);
  assert.deepEqual([result.parameters.trainable, result.parameters.storedBytes], [0, 0]);
  assert.deepEqual([result.planned.gradients, result.planned.optimiser, result.planned.parameters], [0, 0, 0]);
  assert.deepEqual(result.flops?.training, [0, 0, 0]);
  assert.deepEqual(result.time.trainSeconds, 0);
  assert.deepEqual(result.time.tokensPerSecond, { value: null, reason: "nothing was trained" });
  assert.deepEqual(result.checks.flags.map(({ name }) => name), ["data not as published"]);
  assert.deepEqual([...Deno.readDirSync(out)], []);
  const estimate = await estimateCell(spec, { folder, taskFiles });
  assert.ok(Math.abs(estimate.planned.total / result.planned.total - 1) < 0.01);
  assert.equal(estimate.parameters.trainable, 0);
});

Deno.test("what is not trained has a record beside those that are, which is checked as theirs, and a trial and a checkpoint as theirs", async () => {
  const out = await makeFolder({});
  const spec = await specOf({ methods: ["hand-written"] });
  const options = { ...paths, threads: 1, out, keep: false, onProgress() {} };
  const again = await runCell(spec, { ...options, ...saving({ stopAfter: 1 }).options });
  const { planned, ...result } = again;
  const record: RunRecord = { ...makeRecord(), ...result, spec, id: runId(spec), setting: settingId(spec) };
  const memory = { ...makeRecord().memory, planned };
  checkRecord(parseRecord(JSON.parse(JSON.stringify({ ...record, memory }))));
  for (const change of [{ bestEpoch: 1 }, { curve: { stepLoss: [], validation: [result.scores.validation] } }]) {
    assert.throws(() => checkRecord({ ...record, ...change }), /its validation scores must be those of its best epoch/);
  }
  const trained = { ...record, spec: { ...spec, training: { ...spec.training, epochs: 2 } } };
  assert.throws(
    () => checkRecord({ ...trained, id: runId(trained.spec), setting: settingId(trained.spec) }),
    /best epoch/,
  );
  assert.match(renderResultsCsv(groupResults([record], [])), /hand-written/);
  const trial = await runTrial({ ...spec, trial: true }, options);
  assert.deepEqual(trial.scores.validation, result.scores.validation);
  // In a study that tunes, it has nothing to tune.
  const tuned = await cellsOf(study({ methods: ["hand-written"], tuning: { trials: 2 } }));
  assert.deepEqual(tuned.map(({ id }) => id), [runId(spec)]);
  // Its patience is that of the others, in whose table it stands.
  const both = await cellsOf(
    study({ methods: ["hand-written", "bitfit"], training: { outputLength: 10, patience: 3 } }),
  );
  assert.deepEqual(
    both.map(({ spec: { training: { epochs: _, ...others } } }) => others)[0],
    both.map(({ spec }) => {
      const { epochs: _, ...others } = spec.training;
      return others;
    })[1],
  );
});

Deno.test("what is not trained is refused where it is joined, and where there is a classifier to train", async () => {
  const refused = (changes: Partial<Study>, message: RegExp) =>
    assert.rejects(cellsOf(study(changes)), (error) => error instanceof UsageError && message.test(error.message));
  await refused(
    { methods: ["lora+hand-written"] },
    /^Cannot join hand-written and lora: a method that trains nothing must/,
  );
  await refused(
    { tasks: ["sentiment/amazon"], taskFiles: undefined, methods: ["hand-written"], training: {} },
    /^Cannot use hand-written for the task sentiment\/amazon: it trains nothing, and so no classifier either/,
  );
  await refused(
    { methods: ["in-context"] },
    /^Cannot use in-context for the task e2e: the task must be one of classif/,
  );
  await refused(
    { methods: [{ "hand-written": { epochs: 3 } }] },
    /^Cannot use hand-written: it must be given no option, current value is \{"epochs":3\}$/,
  );
});
