import assert from "node:assert/strict";
import { cpu } from "../../../../engine/devices/cpu.ts";
import { js } from "../../../../engine/devices/js.ts";
import { compose } from "../../../../methods/adaptation/compose.ts";
import { findFolder, lookAtModel } from "../../../../models/mod.ts";
import { groupResults } from "../../../../reports/results.ts";
import { cellsOf } from "../../../../runs/launch/cells.ts";
import { asLanguageModel, trainableLanguageModel } from "../../../../runs/programs/language-model.ts";
import type { Cell } from "../../../../runs/study/cell.ts";
import { checkRecord } from "../../../../runs/study/check-record.ts";
import { parseRecord, type RunRecord } from "../../../../runs/study/record.ts";
import { settingId } from "../../../../runs/study/spec.ts";
import { estimateCell } from "../../../../runs/training/estimates/estimate-cell.ts";
import { requireReadable } from "../../../../runs/training/estimates/require-readable.ts";
import { openCell } from "../../../../runs/training/prepare.ts";
import { runCell } from "../../../../runs/training/run-cell.ts";
import { drawDemonstrations } from "../../../../runs/training/words/demonstrations.ts";
import { wordHead } from "../../../../runs/training/words/word-head.ts";
import { makeFolder } from "../../../models/folder/copies.ts";
import { makeRecord } from "../../../reports/record-factory.ts";
import type { Example } from "../../../../tasks/types.ts";
import { tinyWordModel, wordStudy } from "./tiny-words.ts";

const model = await tinyWordModel("gpt2");
const templates = ["{text}. It is {answer}.", "{text} ({label list}?) {answer}"];
const study = (methods: Parameters<typeof wordStudy>[2]) => ({
  ...wordStudy("gpt2", model, methods),
  head: { name: "language-model" as const, templates },
  data: { train: 4, validation: 2, test: 8 },
});

async function run({ spec, ...paths }: Cell): Promise<RunRecord> {
  const out = await makeFolder({});
  const { planned, ...result } = await runCell(spec, { ...paths, threads: 1, out, keep: false, onProgress() {} });
  assert.deepEqual([...Deno.readDirSync(out)], []);
  const memory = { ...makeRecord().memory, planned };
  const record = { ...makeRecord(), ...result, memory, spec, id: paths.id, setting: settingId(spec) };
  checkRecord(parseRecord(JSON.parse(JSON.stringify(record))));
  return record;
}

/** What gives the log-probability of all tokens of a word, from the scores of the whole text with it. */
async function plainScores() {
  const backbone = asLanguageModel(await (await findFolder(model)).open());
  const { program, signature } = trainableLanguageModel(backbone, compose([], backbone)).scores;
  const executable = await cpu.compile(program, signature, { threads: 1 });
  const scoreOf = async (before: string, word: string) => {
    const ids = await backbone.tokenize!(before + word);
    const { scores } = await executable.run({ parameters: {}, inputs: backbone.collate([ids]) });
    const from = ids.length - word.length;
    return ids.slice(from).reduce((sum, id, at) => {
      const row = scores.slice((from + at - 1) * backbone.vocabularySize, (from + at) * backbone.vocabularySize);
      return sum + row[id] - Math.log(row.reduce((total, one) => total + Math.exp(one), 0));
    }, 0);
  };
  return { scoreOf, release: () => executable.release() };
}

/** The logarithm of the sum of exponentials. */
const logSumExp = (values: number[]) => Math.log(values.reduce((sum, value) => sum + Math.exp(value), 0));

/** Answers by the log-probability of all tokens of the words. */
async function answersTo(texts: string[], template: string, words: string[][], first = ""): Promise<number[]> {
  const { scoreOf, release } = await plainScores();
  const answers = await Array.fromAsync(texts, async (text) => {
    const list = `${words[0][0]} or ${words[1][0]}`;
    const [before, space] = template.replace("{text}", text).replace("{label list}", list).split(/( ?)\{answer\}/);
    const labels = await Array.fromAsync(words, async (ofLabel) => {
      const scores = await Array.fromAsync(ofLabel, (word) => scoreOf(first + before, space + word));
      return logSumExp(scores);
    });
    return labels.indexOf(Math.max(...labels));
  });
  await release();
  return answers;
}

Deno.test("what is not trained has a run for each template, which answers as the words' log-probabilities say", async () => {
  const cells = await cellsOf(study(["hand-written", "prompt-tuning"]));
  const written = cells.filter(({ spec }) => spec.method[0].name === "hand-written");
  assert.deepEqual(written.map(({ spec }) => spec.head!.template), templates);
  assert.deepEqual(cells.filter((cell) => !written.includes(cell)).map(({ spec }) => spec.head!.template), [
    templates[0],
  ]);
  const texts = new Map(
    (await Deno.readTextFile(written[0].tables!.pool[0])).split("\n").slice(1).map((line, at) => [
      `pool/${at + 1}`,
      line.split("\t")[0],
    ]),
  );
  for (const cell of written) {
    const record = await run(cell);
    assert.deepEqual(record.parameters, { trainable: 0, method: 0, head: 0, storedBytes: 0 });
    const { template, words } = cell.spec.head!;
    const shown = record.predictions.map(({ id }) => texts.get(id)!);
    assert.deepEqual(record.predictions.map(({ predicted }) => predicted), await answersTo(shown, template, words));
  }
  // They stand in one table with what is trained, and are told from each other by their templates.
  const records = cells.map(({ id, spec }) => ({ ...makeRecord(), id, spec, setting: settingId(spec) }));
  const { protocols } = groupResults(records, []);
  assert.equal(protocols.length, 1);
  assert.deepEqual(protocols[0].settings.map(({ label }) => label).sort(), [
    'hand-written (template "{text} ({label list}?) {answer}")',
    'hand-written (template "{text}. It is {answer}.")',
    'prompt-tuning (template "{text}. It is {answer}.")',
  ]);
});

const short = { name: "language-model" as const, templates: ["{text}={answer}"], words: { "0": "n", "1": "y" } };
const inContext = async (examples: number, arch = "gpt2", folder = model) => {
  const [cell] = await cellsOf({
    ...wordStudy(arch, folder, [{ "in-context": { examples } }]),
    head: short,
    data: { train: 8, validation: 2, test: 12 },
    training: { maxLength: 10 },
  });
  return cell;
};

Deno.test("answered examples stand before each text, classes in turn, as if all were one text", async () => {
  const cell = await inContext(3);
  const { trainingTask: { splits } } = await openCell(cell.spec, cell, 1);
  const drawn = drawDemonstrations(splits.train as Example[], 3, cell.spec.seed);
  // Ten tokens of one character each, the word and the sign before it among them.
  const first = drawn.map(({ text, label }) => `${text.slice(0, 8)}=${"ny"[label]}\n\n`).join("");
  const texts = splits.test.map(({ text }) => text.slice(0, 9));
  const { predictions, memory } = await run(cell);
  const calibration = { threads: 1, secondsLeft: 1, secondsPerCell: 0.01 };
  const { planned, seconds } = await estimateCell(cell.spec, cell, calibration);
  // Its keys and values, the same in both.
  assert.deepEqual([planned.parameters, planned.gradients], [memory.planned.parameters, 0]);
  assert.ok(seconds.value! > 0 && Math.abs(planned.total / memory.planned.total - 1) < 0.1);
  assert.deepEqual(
    predictions.map(({ predicted }) => predicted),
    await answersTo(texts, "{text}={answer}", [["n"], ["y"]], first),
  );
});

Deno.test("behind answered examples, a word's prior is its score behind these and a template without a text", async () => {
  const [{ spec }] = await cellsOf(study(["hand-written"]));
  const head = { template: "{text}={answer}", words: [["n"], ["y", "so"]], normalise: "prior" as const };
  const context = { spec: { ...spec, device: "js", training: { ...spec.training, maxLength: 12 } }, threads: 1 };
  const demonstrations = [{ text: "ab", label: 1 }, { text: "cd", label: 0 }];
  const backbone = await (await findFolder(model)).open();
  const opened = await wordHead(backbone, head, ["0", "1"], context, demonstrations);
  const { program, signature } = opened.classifier(compose([], opened.backbone), {}).answers;
  const executable = await js.compile(program, signature, { threads: 1 });
  const encoded = await opened.reading.encode("a day", 12);
  const { logits } = await executable.run({ parameters: {}, inputs: opened.reading.collate([encoded]) });
  await executable.release();
  const { scoreOf, release } = await plainScores();
  const first = "ab=y\n\ncd=n\n\n";
  const [no, yes] = await Array.fromAsync(head.words, async (words) =>
    logSumExp(
      await Array.fromAsync(words, async (word) =>
        await scoreOf(`${first}a day=`, word) - await scoreOf(`${first}=`, word)),
    ));
  await release();
  assert.ok(Math.abs(logits[1] - logits[0] - (yes - no)) < 1e-4, `${logits[1] - logits[0]}, ${yes - no}`);
});

Deno.test("examples that do not fit beside a text are refused with the number that does, and so are more than there are", async () => {
  const cell = await inContext(8);
  await assert.rejects(openCell(cell.spec, cell, 1), {
    name: "UsageError",
    // Of 64 positions a text takes 10, each example 12.
    message:
      "Cannot put 8 examples before a text: with 10 tokens of the text they must fit into the model's 64, 4 of them do",
  });
  // So they are before any cell is trained, of whatever seed.
  const looked = async ({ id: _, ...rest }: Cell) =>
    await requireReadable(await lookAtModel("", model), [{ ...rest, seeds: [cell.spec.seed, cell.spec.seed + 1] }]);
  await assert.rejects(looked(cell), { message: /, 4 of them do$/ });
  await assert.rejects(looked(await inContext(9)), { message: /, there are 8$/ });
  await looked(await inContext(4));
  const more = await inContext(9);
  await assert.rejects(openCell(more.spec, more, 1), {
    message: "Cannot put 9 examples before a text: there must be as many to train on, there are 8",
  });
});

Deno.test("examples are drawn by the seed alone, classes in turn until one has no more", () => {
  const train = [0, 0, 0, 0, 1, 1, 2].map((label, at) => ({ label, at }));
  const drawn = drawDemonstrations(train, 7, 5);
  assert.deepEqual(drawn, drawDemonstrations(train, 7, 5));
  assert.notDeepEqual(drawn, drawDemonstrations(train, 7, 6));
  const labels = drawn.map(({ label }) => label);
  assert.deepEqual(labels.slice(0, 3).toSorted(), [0, 1, 2]);
  assert.deepEqual([labels.slice(3, 5).toSorted(), labels.slice(5)], [[0, 1], [0, 0]]);
  assert.equal(new Set(drawn).size, 7);
});

for (const arch of ["bert", "t5"]) {
  Deno.test(`${arch} reads answered examples in the text, before what it is to answer`, async () => {
    const folder = await tinyWordModel(arch);
    const backbone = await (await findFolder(folder)).open();
    const [{ spec }] = await cellsOf(wordStudy(arch, folder, ["hand-written"]));
    const context = { spec: { ...spec, training: { ...spec.training, maxLength: 8 } }, threads: 1 };
    const head = { template: "{text}={answer}!", words: [["n"], ["y"]] };
    const demonstrations = [{ text: "ab", label: 1 }, { text: "a long text", label: 0 }];
    const { reading } = await wordHead(backbone, head, ["0", "1"], context, demonstrations);
    const ids = await reading.encode("what is this", 8);
    const text = await backbone.decode!([...ids].filter((id) => id < 97));
    assert.equal(text, arch === "t5" ? "ab=y!\n\na lon=n!\n\nwhat is=" : "ab=y!\n\na lon=n!\n\nwhat=!");
    assert.equal(ids.answer === undefined, arch === "t5");
    if (ids.answer !== undefined) assert.equal(ids[ids.answer], backbone.maskToken);
  });
}
