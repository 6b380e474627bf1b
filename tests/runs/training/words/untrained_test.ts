import assert from "node:assert/strict";
import { cpu } from "../../../../engine/devices/cpu.ts";
import { compose } from "../../../../methods/adaptation/compose.ts";
import { findFolder } from "../../../../models/mod.ts";
import { groupResults } from "../../../../reports/results.ts";
import { cellsOf } from "../../../../runs/launch/cells.ts";
import { asLanguageModel, trainableLanguageModel } from "../../../../runs/programs/language-model.ts";
import type { Cell } from "../../../../runs/study/cell.ts";
import { checkRecord } from "../../../../runs/study/check-record.ts";
import { parseRecord, type RunRecord } from "../../../../runs/study/record.ts";
import { settingId } from "../../../../runs/study/spec.ts";
import { runCell } from "../../../../runs/training/run-cell.ts";
import { makeFolder } from "../../../models/folder/copies.ts";
import { makeRecord } from "../../../reports/record-factory.ts";
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

/** Answers by the log-probability of all tokens of the words, from the scores of the whole text with each of them. */
async function answersTo(texts: string[], template: string, words: string[][]): Promise<number[]> {
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
  const answers = await Array.fromAsync(texts, async (text) => {
    const list = `${words[0][0]} or ${words[1][0]}`;
    const [before] = template.replace("{text}", text).replace("{label list}", list).split(" {answer}");
    const labels = await Array.fromAsync(words, async (ofLabel) => {
      const scores = await Array.fromAsync(ofLabel, (word) => scoreOf(before, ` ${word}`));
      return Math.log(scores.reduce((sum, score) => sum + Math.exp(score), 0));
    });
    return labels.indexOf(Math.max(...labels));
  });
  await executable.release();
  return answers;
}

Deno.test("what is not trained has a run for each template, which answers as the words' log-probabilities say", async () => {
  const cells = await cellsOf(study(["hand-written", "prompt-tuning"]));
  const written = cells.filter(({ spec }) => spec.method[0].name === "hand-written");
  assert.deepEqual(written.map(({ spec }) => spec.head!.template), templates);
  assert.deepEqual(cells.filter((cell) => !written.includes(cell)).map(({ spec }) => spec.head!.template), [
    templates[0],
  ]);
  const texts = new Map((await Deno.readTextFile(written[0].tables!.pool[0])).split("\n").slice(1).map((line, at) => [
    `pool/${at}`,
    line.split("\t")[0],
  ]));
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
    "prompt-tuning",
  ]);
});
