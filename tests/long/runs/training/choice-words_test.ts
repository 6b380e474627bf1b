/** Multiple choice by a language model, beside each choice read as a text of its own. */
import assert from "node:assert/strict";
import { cpu } from "../../../../engine/devices/cpu.ts";
import { compose } from "../../../../methods/adaptation/compose.ts";
import { findFolder } from "../../../../models/mod.ts";
import { writeReport } from "../../../../reports/mod.ts";
import { cellsOf } from "../../../../runs/launch/cells.ts";
import { asLanguageModel, trainableLanguageModel } from "../../../../runs/programs/language-model.ts";
import { studiesOf } from "../../../../runs/study/rebuild.ts";
import { readRecords } from "../../../../runs/study/read-records.ts";
import { runCell } from "../../../../runs/training/run-cell.ts";
import { inFolder } from "../../../in-folder.ts";
import { choiceFiles, choiceModel, choiceStudy, questions } from "../../../runs/training/words/tiny-choices.ts";
import { recordOf } from "./record-of.ts";

Deno.test("an untrained model chooses what is likeliest of texts that are read one by one, is recorded and reported", () =>
  inFolder(choiceFiles, async (out) => {
    const opened = asLanguageModel(await (await findFolder(choiceModel)).open());
    const { program, signature } = trainableLanguageModel(opened, compose([], opened)).scores;
    const model = await cpu.compile(program, signature, { threads: 1 });
    /** Sum and number of the log-probabilities of the tokens of an answer behind a text. */
    const read = async (text: string, answer: string) => {
      const [before, ids] = [await opened.tokenize!(text), await opened.tokenize!(text + answer)];
      const { scores } = await model.run({ parameters: {}, inputs: opened.collate([ids]) });
      const row = (at: number) => scores.subarray(at * opened.vocabularySize, (at + 1) * opened.vocabularySize);
      let sum = 0;
      for (let at = before.length; at < ids.length; at++) {
        sum += row(at - 1)[ids[at]] - Math.log(row(at - 1).reduce((total, score) => total + Math.exp(score), 0));
      }
      return { sum, count: ids.length - before.length };
    };
    await Deno.mkdir(`${out}/runs`);
    for (const normalise of [undefined, "length"] as const) {
      const study = choiceStudy(out, ["hand-written"]);
      const head = normalise ? { name: "language-model", normalise } as const : study.head;
      for (const [at, { spec, ...paths }] of (await cellsOf({ ...study, head })).entries()) {
        const result = await runCell(spec, { ...paths, threads: 1, out, keep: false, onProgress() {} });
        assert.equal(result.parameters.trainable, 0);
        for (const prediction of result.predictions) {
          const { text, gap, options } = questions[Number(prediction.id.split("/")[1]) - 1];
          const scores = await Array.fromAsync(options, async (option) => {
            const { sum, count } = await read(`${text}${":?"[at]}`, ` ${gap.replace("_", option)}`);
            return normalise ? sum / count : sum;
          });
          assert.equal(prediction.predicted, scores.indexOf(Math.max(...scores)), scores.join());
        }
        const record = recordOf(spec, result);
        await Deno.writeTextFile(`${out}/runs/${record.id}.json`, JSON.stringify(record));
      }
    }
    await model.release();
    const { records, unreadable } = await readRecords(out);
    assert.deepEqual([records.length, unreadable], [4, []]);
    const { studies, needed } = studiesOf(records);
    const filledIn = (study: object) =>
      needed.reduce(
        (text, { path }) => text.replaceAll(`${path}/pool`, `${out}/questions.jsonl`).replaceAll(path, choiceModel),
        JSON.stringify(study),
      );
    const again = await Promise.all(studies.map((study) => cellsOf(JSON.parse(filledIn(study)))));
    assert.deepEqual(again.flat().map(({ id }) => id).sort(), records.map(({ id }) => id).sort());
    await writeReport([out], `${out}/report`);
    assert.match(await Deno.readTextFile(`${out}/report/report.md`), /hand-written.*\{text\}\? \{answer\}/);
  }));
