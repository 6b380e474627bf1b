import assert from "node:assert/strict";
import { parse } from "csv-parse/sync";
import { join } from "node:path";
import { readSafetensors } from "../../../../engine/safetensors.ts";
import { groupResults } from "../../../../reports/results.ts";
import { renderResultsCsv } from "../../../../reports/text/csv.ts";
import { renderMarkdown } from "../../../../reports/text/markdown.ts";
import { renderTerminal } from "../../../../reports/text/terminal.ts";
import { readAdapterNote } from "../../../../runs/adapters/note.ts";
import { cellsOf } from "../../../../runs/launch/cells.ts";
import { lookAtModel } from "../../../../models/mod.ts";
import { readRecords } from "../../../../runs/study/read-records.ts";
import { estimateCell } from "../../../../runs/training/estimates/estimate-cell.ts";
import { Stopped } from "../../../../runs/training/cell-runner.ts";
import { openPredictor } from "../../../../runs/predict/predictor.ts";
import type { Generated } from "../../../../runs/predict/types.ts";
import { runCell } from "../../../../runs/training/run-cell.ts";
import { requireReadable } from "../../../../runs/training/estimates/require-readable.ts";
import { runId, type RunSpec } from "../../../../runs/study/spec.ts";
import type { Study } from "../../../../runs/study/study.ts";
import { textMetrics } from "../../../../tasks/text-metrics.ts";
import { makeFolder } from "../../../models/folder/copies.ts";
import { decided, saving } from "../checkpoints/saving.ts";
import {
  folder,
  modelFolder,
  out,
  paths,
  recordOf,
  result,
  run,
  settings,
  spec,
  specOf,
  study,
  taskFiles,
} from "./setup.ts";

Deno.test("a cell that generates learns, and its result holds texts, their scores and no classifier", async () => {
  assert.equal(result.curve.stepLoss.length, 4);
  assert(result.curve.stepLoss[3] < result.curve.stepLoss[0]);
  assert.deepEqual(result.predictions.map(({ id }) => id).sort(), ["test/0", "test/1", "test/2"]);
  const predictions = result.predictions.map((one) => "references" in one ? one : assert.fail());
  for (const { id, references, predicted } of predictions) {
    const at = 40 + Number(id.split("/")[1]);
    assert.deepEqual(references, [`it is ${at}`, `${at}`]);
    assert(predicted.length <= 10);
  }
  const { perplexity, ...ofTexts } = result.scores.test;
  assert.deepEqual(Object.keys(ofTexts), ["bleu", "rouge_l"]);
  const sums = predictions.reduce(([losses, tokens], one) => [losses + one.loss!, tokens + one.tokens!], [0, 0]);
  assert.equal(perplexity, Math.exp(sums[0] / sums[1]));
  assert.deepEqual(predictions.map(({ tokens }) => tokens), [12, 12, 12]);
  for (const [name, score] of Object.entries(ofTexts)) {
    const texts = predictions.map(({ predicted }) => predicted);
    assert.equal(score, textMetrics[name].compute(predictions.map(({ references }) => references), texts));
  }
  assert.deepEqual(result.scores.majority, { value: null, reason: "the task has no classes" });
  assert.deepEqual(result.task.labels, []);
  assert.equal(result.parameters.head, 0);
  assert.deepEqual(result.checks.flags.map(({ name }) => name), ["loss did not fall", "data not as published"]);
  assert(result.checks.integrity.some(({ name, detail }) => name === "identity at the start" && /scores/.test(detail)));
  const [entry] = [...Deno.readDirSync(`${out}/adapters`)];
  const config = JSON.parse(await Deno.readTextFile(`${out}/adapters/${entry.name}/adapter_config.json`));
  assert.deepEqual([config.task_type, config.modules_to_save], ["CAUSAL_LM", null]);
  const stored = await readSafetensors(`${out}/adapters/${entry.name}/adapter_model.safetensors`);
  assert.equal(
    4 * Object.values(stored).reduce((sum, { shape }) => sum + shape[0] * shape[1], 0),
    result.parameters.storedBytes,
  );
});

Deno.test("a cell that is interrupted generates the same texts, and an estimate counts the same parameters", async () => {
  // Within the first of two epochs, so that the second part evaluates both.
  const options = { ...paths, threads: 1, out, keep: false };
  await assert.rejects(runCell(spec, { ...options, ...saving({ stopAfter: 1 }).options }), Stopped);
  const { said, options: resuming } = saving();
  assert.equal(decided(await runCell(spec, { ...options, ...resuming })), decided(result));
  assert.deepEqual(said, { saved: [], resumed: [1], remarks: [] });
  const { parameters, planned, seconds } = await estimateCell(spec, paths);
  assert.match(seconds.value === null ? seconds.reason : "", /^the FLOPs of generating are not known before/);
  assert.deepEqual(parameters, result.parameters);
  assert.deepEqual(planned, result.planned);
});

Deno.test("with training.chat texts are put into the model's chat template, and the adapter's note says so", async () => {
  const template = "<{{ messages[0].content }}>{% if add_generation_prompt %}:{% endif %}";
  const chatting = await modelFolder("A/gpt2", { "tokenizer_config.json": { ...settings, chat_template: template } });
  const training = { ...study().training, chat: true as const };
  const [{ spec: chat }] = await cellsOf(study({ models: [chatting], training }));
  assert.equal(chat.training.chat, true);
  const common = { folder: chatting, taskFiles, threads: 1, keep: false, onProgress() {} };
  const out = await makeFolder({});
  const { curve } = await runCell(chat, { ...common, out });
  assert.notEqual(curve.stepLoss[0], result.curve.stepLoss[0]);
  const note = await readAdapterNote(`${out}/adapters/${runId(chat)}`);
  assert.equal(note!.chat, true);
  // The same sequences without a template: what stands around a text, and the line break that ends it, are in the text.
  const written = await makeFolder(Object.fromEntries(
    ["trainset.csv", "devset.csv", "testset_w_refs.csv"].map((name) => [
      name,
      Deno.readTextFileSync(`${taskFiles}/${name}`).replace(/^(name[^,]*),/gm, "<$1>:,"),
    ]),
  ));
  const broken = await modelFolder("A/gpt2", {
    "tokenizer_config.json": { ...settings, chat_template: template.replace("%}:", "%}:\n") },
  });
  const losses = async (models: string, training: Study["training"], taskFiles: string) => {
    const [cell] = await cellsOf(study({ models: [models], training, taskFiles }));
    const options = { ...common, folder: models, taskFiles, out: await makeFolder({}) };
    return (await runCell(cell.spec, options)).curve.stepLoss;
  };
  assert.deepEqual(await losses(broken, training, taskFiles), await losses(folder, study().training, written));
});

Deno.test("a model without a chat template is refused in one sentence", async () => {
  const spec = await specOf({ training: { ...study().training, chat: true } });
  await assert.rejects(run(spec, out), { message: "Cannot chat: the model must have a chat template, it has none" });
});

/** A record of the result, as the launcher writes it. */

Deno.test("a record with texts is read, and reports show its score without a majority", async () => {
  const record = recordOf(spec, result);
  const results = await makeFolder({});
  await Deno.mkdir(`${results}/runs`);
  await Deno.writeTextFile(`${results}/runs/${record.id}.json`, JSON.stringify(record));
  const { records, unreadable } = await readRecords(results);
  assert.deepEqual(unreadable, []);
  const grouped = groupResults(records, unreadable);
  const [markdown, terminal] = [renderMarkdown(grouped), renderTerminal(grouped)];
  assert.match(markdown, /\| method \| +bleu % \|/);
  for (const text of [markdown, terminal]) assert.doesNotMatch(text, /majority|labels:|headLearningRate/i);
  const [{ metric, mean, majority }] = parse<Record<string, string>>(renderResultsCsv(grouped), { columns: true });
  assert.deepEqual([metric, mean, majority], ["bleu", String(result.scores.test.bleu), ""]);
});

Deno.test("a cell of dialogues reads their newest turns, and predict reads them as it did and ends as it did", async () => {
  const turns = (at: number) => [`A: ${"x".repeat(20)}`, `B: it is ${at}`, "A: again?", `B: ${at}`];
  const file = Array.from({ length: 10 }, (_, at) => JSON.stringify({ turns: turns(at) })).join("\n");
  const data = join(await makeFolder({ "calls.jsonl": file }), "calls.jsonl");
  const description = { data, kind: "generation", columns: { text: "turns" }, dialogue: true, speaker: "B" } as const;
  const small = { data: { train: 5, validation: 2, test: 4 }, taskFiles: undefined };
  const stop = [..."aeiou"];
  const ofMost = (maxLength: number) => ({ ...study().training, maxLength, stop });
  const [{ spec, tables }] = await cellsOf(study({ ...small, tasks: [description], training: ofMost(44) }));
  const out = await makeFolder({});
  const options = { folder, tables, threads: 1, out, keep: false, onProgress() {} };
  const { predictions } = await runCell(spec, options);
  const adapter = `${out}/adapters/${runId(spec)}`;
  assert.equal((await readAdapterNote(adapter))!.dialogue, true);
  const predictor = await openPredictor({ model: folder, adapters: [adapter], threads: 1 });
  const answered = predictions.find(({ id }) => id.endsWith("/4")) as { id: string; predicted: string };
  assert(answered.predicted.length < 10, "a text that ends before a vowel");
  const whole = turns(Number(answered.id.split("/")[1]) - 1).slice(0, 3).join("\n");
  // 45 characters with the line break at the end, of which 44 are read: the first turn goes, all of it.
  const answers = await Array.fromAsync(predictor.predict([whole, whole.slice(24)]));
  await predictor.release();
  assert.deepEqual(answers.map((answer) => (answer as Generated).generated), [answered.predicted, answered.predicted]);
  assert.deepEqual(answers.map(({ truncated }) => truncated), [true, undefined]);
  const tooLong = /Cannot read the dialogue pool\/\d+\/2: its last turn must have at most 20 tokens .* value is 24$/;
  const [cell] = await cellsOf(study({ ...small, tasks: [description], training: ofMost(20) }));
  await assert.rejects(runCell(cell.spec, { ...options, tables }), tooLong);
  // It is found before any cell is trained.
  const looked = async (spec: RunSpec) =>
    await requireReadable(await lookAtModel("", folder), [{ spec, tables, seeds: [7, 8] }]);
  await assert.rejects(looked(cell.spec), tooLong);
  await looked(spec);
});

Deno.test("an encoder-decoder learns and generates as well", async () => {
  const t5 = await modelFolder("T5A/t5");
  const t5Spec = await specOf({ models: [t5], methods: [{ lora: { epochs: 6, learningRate: 0.05 } }] });
  const out = await makeFolder({});
  const { curve, predictions } = await runCell(t5Spec, {
    folder: t5,
    taskFiles,
    threads: 1,
    out,
    keep: false,
    onProgress() {},
  });
  assert(curve.stepLoss.at(-1)! < 0.95 * curve.stepLoss[0], String(curve.stepLoss));
  assert(predictions.every(({ predicted }) => typeof predicted === "string" && predicted.length <= 10));
  const [entry] = [...Deno.readDirSync(`${out}/adapters`)];
  const config = JSON.parse(await Deno.readTextFile(`${out}/adapters/${entry.name}/adapter_config.json`));
  assert.equal(config.task_type, "SEQ_2_SEQ_LM");
});
