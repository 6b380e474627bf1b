import assert from "node:assert/strict";
import { parse } from "csv-parse/sync";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readSafetensors } from "../../../engine/safetensors.ts";
import { cpu } from "../../../engine/devices/cpu.ts";
import { methods } from "../../../methods/mod.ts";
import { compose } from "../../../methods/adaptation/compose.ts";
import type { CommonOptions } from "../../../methods/types.ts";
import { findFolder } from "../../../models/mod.ts";
import { groupResults } from "../../../reports/results.ts";
import { renderResultsCsv } from "../../../reports/text/csv.ts";
import { renderMarkdown } from "../../../reports/text/markdown.ts";
import { renderTerminal } from "../../../reports/text/terminal.ts";
import type { CellResult } from "../../../runs/study/cell.ts";
import { readAdapterNote } from "../../../runs/adapters/note.ts";
import { generation } from "../../../runs/training/generation.ts";
import { cellsOf } from "../../../runs/launch/cells.ts";
import { checkRecord } from "../../../runs/study/check-record.ts";
import { presets } from "../../../runs/study/presets.ts";
import { asLanguageModel, trainableLanguageModel } from "../../../runs/programs/language-model.ts";
import { parseRecord, type RunRecord } from "../../../runs/study/record.ts";
import { readRecords } from "../../../runs/study/read-records.ts";
import { estimateCell } from "../../../runs/training/estimates/estimate-cell.ts";
import { Stopped } from "../../../runs/training/cell-runner.ts";
import { openPredictor } from "../../../runs/predict/predictor.ts";
import type { Generated } from "../../../runs/predict/types.ts";
import { runCell, runTrial } from "../../../runs/training/run-cell.ts";
import { methodName, runId, type RunSpec, settingId } from "../../../runs/study/spec.ts";
import { parseStudy, type Study } from "../../../runs/study/study.ts";
import { UsageError } from "../../../base/errors.ts";
import { e2e } from "../../../tasks/e2e.ts";
import { hubDescriptions } from "../../../tasks/hub/mod.ts";
import { textMetrics } from "../../../tasks/text-metrics.ts";
import { makeFolder } from "../../models/folder/copies.ts";
import type { Files } from "../../in-folder.ts";
import { decided, saving } from "./checkpoints/saving.ts";
import { makeRecord } from "../../reports/record-factory.ts";
import { addedToken } from "../../../models/tokenizers/template.ts";

/** A token for every printable ASCII character and the line break; the golden models end texts with one of theirs. */
const CHARACTERS = [..."\n", ...Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at))];
const tokenizer = {
  normalizer: null,
  pre_tokenizer: null,
  model: { type: "BPE", vocab: Object.fromEntries(CHARACTERS.map((c, id) => [c, id])), merges: [] },
  post_processor: null,
  decoder: { type: "Fuse" },
  added_tokens: [addedToken("<end>", 97)],
};

/** The class that takes a tokenizer.json as it is. */
const settings = { tokenizer_class: "PreTrainedTokenizerFast" };

async function modelFolder(place: string, more: Files = {}): Promise<string> {
  const golden = fileURLToPath(new URL(`../../golden/${place}/model`, import.meta.url));
  return await makeFolder({
    "config.json": await Deno.readTextFile(`${golden}/config.json`),
    "model.safetensors": await Deno.readFile(`${golden}/model.safetensors`),
    "tokenizer.json": tokenizer,
    "tokenizer_config.json": settings,
    ...more,
  }, "tiny");
}

const row = (at: number) => `name[${at}],it is ${at}\nname[${at}],${at}\n`;
const csv = (from: number, count: number) =>
  "mr,ref\n" + Array.from({ length: count }, (_, at) => row(from + at)).join("");
const taskFiles = await makeFolder({
  "trainset.csv": csv(0, 8),
  "devset.csv": csv(20, 3),
  "testset_w_refs.csv": csv(40, 3),
});
const folder = await modelFolder("A/gpt2");
const study = (changes: Partial<Study> = {}): Study => ({
  ...presets.smoke.study,
  models: [folder],
  tasks: ["e2e"],
  methods: [{ lora: { epochs: 2, learningRate: 0.05 } }],
  data: { train: 8, validation: 3, test: 9 },
  taskFiles,
  training: { batchSize: 8, outputLength: 10 },
  ...changes,
});
const specOf = async (changes: Partial<Study> = {}) => (await cellsOf(study(changes)))[0].spec;
const paths = { folder, taskFiles };
const run = async (spec: RunSpec, out: string) =>
  await runCell(spec, { ...paths, threads: 1, out, keep: false, onProgress() {} });

const spec = await specOf();
const out = await makeFolder({});
const result = await run(spec, out);

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
function recordOf(spec: RunSpec, { planned, ...rest }: CellResult): RunRecord {
  const record = makeRecord();
  return { ...record, ...rest, id: runId(spec), spec, setting: settingId(spec), memory: { ...record.memory, planned } };
}

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

Deno.test("reports show the perplexity with its interval, and read records from before there was one", () => {
  const record = recordOf(spec, result);
  const losses = record.predictions.map((one) => "references" in one ? [one.loss!, one.tokens!] : assert.fail());
  const without = (left?: number) => {
    const [loss, tokens] = losses.filter((_, at) => at !== left).reduce(([a, b], [c, d]) => [a + c, b + d]);
    return Math.exp(loss / tokens);
  };
  // The jackknife: three pseudo-values, and Student's t of two degrees of freedom.
  const pseudo = losses.map((_, at) => 3 * without() - 2 * without(at));
  const centre = pseudo.reduce((sum, value) => sum + value, 0) / 3;
  const variance = pseudo.reduce((sum, value) => sum + (value - centre) ** 2, 0) / 2;
  const half = 4.302652729911275 * Math.sqrt(variance / 3);
  const grouped = groupResults([record], []);
  const [row] = parse<Record<string, string>>(renderResultsCsv(grouped), { columns: true });
  assert(Math.abs(Number(row.perplexity_mean) - without()) < 1e-9);
  assert(Math.abs(Number(row.perplexity_ci_high) - without() - half) < 1e-6 * half);
  const shown = `${without().toFixed(3)} ± ${half.toFixed(3)} |`;
  assert(renderMarkdown(grouped).includes(shown), shown);
  assert.match(renderMarkdown(grouped), /\| perplexity \(lower is better\) \|[^]*one tokenizer only/);

  const earlierSpec = { ...spec, seed: 1 };
  const { perplexity: _, ...scores } = record.scores.test;
  const earlier: RunRecord = {
    ...recordOf(earlierSpec, result),
    metrics: record.metrics.slice(0, 2),
    scores: { ...record.scores, validation: scores, test: scores },
    predictions: record.predictions.map((one) => {
      const { loss: _, tokens: __, ...rest } = one as typeof one & { loss?: number; tokens?: number };
      return rest;
    }),
  };
  checkRecord({ ...earlier, curve: { ...earlier.curve, validation: earlier.curve.validation.map(() => scores) } });
  const [{ settings: [both] }] = groupResults([record, earlier], []).protocols;
  assert.deepEqual([both.runs.length, both.secondary.map(({ metric }) => metric.name)], [2, ["rouge_l"]]);
  const edited = { ...record, predictions: earlier.predictions };
  assert.throws(() => checkRecord(edited), /predictions must have the loss of their references/);
});

Deno.test("the loss is the mean over the answers' tokens alone, whatever the micro-batches", async () => {
  const backbone = await (await findFolder(folder)).open();
  const method = methods["prompt-tuning"];
  const parts = [{ method, options: method.options.parse({ virtualTokens: 2 }) as CommonOptions }];
  const example = { id: "", text: "name[7]", references: ["it is 7", "7"] };
  const splits = { train: [example], validation: [example], test: [example] };
  const trainingTask = await generation(e2e, splits, { spec, backbone, parts, threads: 1 });
  const { trainExamples, loss } = trainingTask;
  // Each answer follows "name[7]" and a line break, and ends with a token of its own.
  assert.deepEqual(trainExamples.lengths, [8 + 7 + 1, 8 + 1 + 1]);
  const parameters = await trainingTask.start(0);
  const executable = await cpu.compile(loss.program, loss.signature, { threads: 1 });
  const lossOf = async (indices: number[]) => {
    const inputs = { ...trainExamples.collate(indices), ...trainExamples.lossInputs(indices, [0, 1]) };
    return (await executable.run({ parameters, inputs })).loss[0];
  };
  const scores = await cpu.compile(trainingTask.identity.adapted.program, trainingTask.identity.adapted.signature, {
    threads: 1,
  });
  // The same by the scores of the next token, one text of growing length at a time.
  let expected = 0;
  for (const index of [0, 1]) {
    const ids = [...trainExamples.collate([index]).ids.data];
    for (let at = 8; at < ids.length; at++) {
      const { scores: next } = await scores.run({ parameters, inputs: backbone.collate([ids.slice(0, at)]) });
      const top = Math.max(...next);
      const total = top + Math.log(next.reduce((sum, score) => sum + Math.exp(score - top), 0));
      expected += (total - next[ids[at]]) / 10;
    }
    assert.equal(ids.at(-1), 97);
  }
  const together = await lossOf([0, 1]);
  const apart = await lossOf([0]) + await lossOf([1]);
  await executable.release();
  await scores.release();
  assert(Math.abs(together - expected) < 1e-4, `${together} instead of ${expected}`);
  assert(Math.abs(apart - expected) < 1e-4, `${apart} instead of ${expected}`);
});

Deno.test("the loss of references and the perplexity are those of transformers", async () => {
  const golden = JSON.parse(await Deno.readTextFile(new URL("../../golden/reference-loss.json", import.meta.url)));
  const examples = (golden.examples as { text: string; references: string[] }[]).map((example, at) => ({
    ...example,
    id: `test/${at}`,
  }));
  const splits = { train: examples, validation: examples, test: examples };
  for (const place of ["A/gpt2", "T5A/t5"]) {
    const backbone = await (await findFolder(await modelFolder(place))).open();
    const method = methods.lora;
    const parts = [{ method, options: method.options.parse({}) as CommonOptions }];
    const training = { ...spec.training, outputLength: golden.outputLength };
    const task = await generation(e2e, splits, { spec: { ...spec, training }, backbone, parts, threads: 1 });
    const evaluator = await task.evaluator(({ program, signature }) => cpu.compile(program, signature, { threads: 1 }));
    const { predictions, scores, loss } = await evaluator.evaluate("test", await task.start(0));
    await evaluator.release();
    const expected: { loss: number; tokens: number }[] = golden[place];
    for (const [at, one] of expected.entries()) {
      const { loss, tokens } = predictions[at] as { loss: number; tokens: number };
      assert.equal(tokens, one.tokens);
      assert(Math.abs(loss - one.loss) < 1e-4, `${place}: ${loss} instead of ${one.loss}`);
    }
    const [losses, tokens] = expected.reduce(([sum, count], one) => [sum + one.loss, count + one.tokens], [0, 0]);
    assert(Math.abs(loss.value! - losses / tokens) < 1e-5);
    assert(Math.abs(scores.perplexity / Math.exp(losses / tokens) - 1) < 1e-5);
  }
});

Deno.test("a model or a method that cannot generate is refused, and so are options of the other kind of task", async () => {
  const refused = (changes: Partial<Study>, message: RegExp) =>
    assert.rejects(cellsOf(study(changes)), (error) => error instanceof UsageError && message.test(error.message));
  await refused(
    { models: [folder, "use-lite"] },
    /^Cannot use the model use-lite for e2e: the task must be one of classification, it is one of generation$/,
  );
  await refused(
    { models: [fileURLToPath(new URL("../../golden/A/bert/model", import.meta.url))] },
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
  const [tooLong] = await cellsOf(study({ ...small, tasks: [description], training: ofMost(20) }));
  await assert.rejects(
    runCell(tooLong.spec, { ...options, tables: tooLong.tables }),
    /Cannot read the dialogue pool\/\d+\/2: its last turn must have at most 20 tokens .* current value is 24$/,
  );
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

Deno.test("an encoder-decoder learns its answer token by token, after its start token", async () => {
  const backbone = await (await findFolder(await modelFolder("T5A/t5"))).open();
  const method = methods.lora;
  const parts = [{ method, options: method.options.parse({}) as CommonOptions }];
  const example = { id: "", text: "ab", references: ["abcdef", "a"] };
  const splits = { train: [example], validation: [example], test: [example] };
  const { trainExamples } = await generation(e2e, splits, { spec, backbone, parts, threads: 1 });
  const { ids, mask, target } = trainExamples.collate([0, 1]);
  const { labels, weights } = trainExamples.lossInputs([0, 1], [0, 1]);
  const id = (c: string) => CHARACTERS.indexOf(c);
  const { start } = backbone.languageModel!.target!;
  const end = backbone.languageModel!.end!;
  const word = [..."abcdef"].map(id);
  assert.deepEqual([...ids.data].filter((_, at) => mask.data[at] === 1), [id("a"), id("b"), id("a"), id("b")]);
  assert.deepEqual([...target.data].slice(0, 9), [start, ...word, start, id("a")]);
  assert.deepEqual([...labels.data].slice(0, 9), [...word, end, id("a"), end]);
  assert.deepEqual([...weights.data].map((weight) => Math.round(9 * weight)), [
    1,
    1,
    1,
    1,
    1,
    1,
    1,
    1,
    1,
    0,
    0,
    0,
    0,
    0,
  ]);
  for (const { shape } of [ids, mask, target, labels, weights]) assert.deepEqual(shape, [2, 7]);
});

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
