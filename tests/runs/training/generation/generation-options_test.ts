import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { cpu } from "../../../../engine/devices/cpu.ts";
import { methods } from "../../../../methods/mod.ts";
import type { CommonOptions } from "../../../../methods/types.ts";
import { findFolder } from "../../../../models/mod.ts";
import { generation } from "../../../../runs/training/generation.ts";
import { cellsOf } from "../../../../runs/launch/cells.ts";
import { presets } from "../../../../runs/study/presets.ts";
import { methodName } from "../../../../runs/study/spec.ts";
import { parseStudy, type Study } from "../../../../runs/study/study.ts";
import { UsageError } from "../../../../base/errors.ts";
import { e2e } from "../../../../tasks/e2e.ts";
import { hubDescriptions } from "../../../../tasks/hub/mod.ts";
import { folder, spec, specOf, study, taskFiles } from "./setup.ts";

Deno.test("a model or a method that cannot generate is refused, and so are options of the other kind of task", async () => {
  const refused = (changes: Partial<Study>, message: RegExp) =>
    assert.rejects(cellsOf(study(changes)), (error) => error instanceof UsageError && message.test(error.message));
  await refused(
    { models: [folder, "use-lite"] },
    /^Cannot use the model use-lite for e2e: the task must be one of classification, it is one of generation$/,
  );
  await refused(
    { models: [fileURLToPath(new URL("../../../golden/A/bert/model", import.meta.url))] },
    /for e2e: the task must be one of classification/,
  );
  await refused(
    { methods: ["lora", "linear-probe"] },
    /^Cannot train linear-probe for the task e2e: it must train something/,
  );
  await refused(
    { training: { outputLength: 64 } },
    /outputLength must leave room .* within 64 tokens, current value is 64$/,
  );
  await refused({ training: { headLearningRate: 1 } }, /^Cannot use training\.headLearningRate: a task must be one of/);
  await refused(
    { tasks: ["sentiment/amazon"], taskFiles: undefined },
    /^Cannot use training\.outputLength: a task must be one of generation, current value is sentiment\/amazon$/,
  );
});

Deno.test("options of generation are left out of a spec at their defaults, and what contradicts another is refused", async () => {
  const ofTraining = async (training: Study["training"]) =>
    (await specOf({ training: { ...study().training, ...training } })).training;
  const greedy = await ofTraining({ temperature: 0, topP: 1, beams: 1, stop: [] });
  assert.deepEqual(greedy, spec.training);
  assert.deepEqual(await ofTraining({ topP: 0.9, stop: ["b", "a", "b"] }), {
    ...greedy,
    temperature: 1,
    topP: 0.9,
    stop: ["a", "b"],
  });
  assert.deepEqual(await ofTraining({ temperature: 0.7, topP: 1 }), { ...greedy, temperature: 0.7 });
  assert.deepEqual(await ofTraining({ beams: 4, temperature: 0 }), { ...greedy, beams: 4 });
  for (
    const [training, message] of [
      [{ beams: 4, temperature: 0.5 }, "beams must be 1 where texts are sampled, .*, current value is 4$"],
      [{ beams: 4, topP: 0.5 }, "beams must be 1 where texts are sampled, .*, current value is 4$"],
      [{ temperature: 0, topP: 0.5 }, "topP must be 1 where training.temperature is 0, current value is 0.5$"],
    ] as const
  ) {
    const refused = (error: Error) => error instanceof UsageError && new RegExp(message).test(error.message);
    await assert.rejects(ofTraining(training), refused);
  }
  for (const [key, value] of [["temperature", -1], ["topP", 0], ["topP", 2], ["beams", 0], ["stop", [""]]] as const) {
    const refused = (error: Error) => error instanceof UsageError && error.message.includes(`training.${key}`);
    assert.throws(() => parseStudy({ training: { [key]: value } }, study()), refused);
  }
});

Deno.test("the preset generation is for a model that its user names, and says so where none is named", async () => {
  const { study: preset } = presets.generation;
  await assert.rejects(cellsOf({ ...preset, tasks: ["e2e"], taskFiles }), (error) => {
    const rule = /^Cannot run the study: --models, or "models" in it, must name a model, current value is none$/;
    return error instanceof UsageError && rule.test(error.message);
  });
  assert.equal(hubDescriptions[String(preset.tasks)].kind, "generation");
  const training = { ...preset.training, outputLength: 10 };
  const cells = await cellsOf({ ...preset, tasks: ["e2e"], taskFiles, models: [folder], training });
  const named = cells.map(({ spec }) => `${methodName(spec)} ${spec.seed}`);
  assert.deepEqual(named.slice(0, 3).sort(), ["hand-written 0", "lora 0", "prefix-tuning 0"]);
  assert.equal(named.length, 9);
});

Deno.test("a cell's texts are generated as its options say", async () => {
  const backbone = await (await findFolder(folder)).open();
  const method = methods.lora;
  const parts = [{ method, options: method.options.parse({}) as CommonOptions }];
  const example = { id: "test/7", text: "name[7]", references: ["7"] };
  const splits = { train: [example], validation: [example], test: [example] };
  const textBy = async (options: Study["training"]) => {
    const { training } = await specOf({ training: { ...study().training, ...options } });
    const task = await generation(e2e, splits, { spec: { ...spec, training }, backbone, parts, threads: 1 });
    const evaluator = await task.evaluator(({ program, signature }) => cpu.compile(program, signature, { threads: 1 }));
    const { predictions } = await evaluator.evaluate("test", await task.start(0));
    await evaluator.release();
    return String(predictions[0].predicted);
  };
  const greedy = await textBy({});
  const stop = [greedy[4]];
  const [cut] = greedy.split(stop[0]);
  assert.equal(await textBy({ temperature: 2, topP: 1e-6, stop }), cut);
  assert.notEqual(await textBy({ temperature: 2 }), greedy);
  assert.notEqual(await textBy({ beams: 4 }), greedy);
});

Deno.test("a study of both kinds of task gives each task its own training options", async () => {
  const cells = await cellsOf(
    study({ tasks: ["e2e", "sentiment/amazon"], training: { headLearningRate: 0.5, outputLength: 9 } }),
  );
  const training = Object.fromEntries(cells.map(({ spec }) => [spec.task.name, spec.training]));
  assert.deepEqual([training["e2e"].outputLength, training["e2e"].headLearningRate], [9, undefined]);
  const amazon = training["sentiment/amazon"];
  assert.deepEqual([amazon.outputLength, amazon.headLearningRate], [undefined, 0.5]);
});
