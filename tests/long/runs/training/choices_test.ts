/** Tasks of multiple choice, from a description to reports and answers. */
import assert from "node:assert/strict";
import { renderPair } from "../../../../reports/text/pair.ts";
import { writeReport } from "../../../../reports/mod.ts";
import { groupResults } from "../../../../reports/results.ts";
import { cellsOf } from "../../../../runs/launch/cells.ts";
import { openPredictor } from "../../../../runs/predict/predictor.ts";
import { presets } from "../../../../runs/study/presets.ts";
import { readRecords } from "../../../../runs/study/read-records.ts";
import type { RunRecord } from "../../../../runs/study/record.ts";
import { runCell, runTrial } from "../../../../runs/training/run-cell.ts";
import type { Description } from "../../../../tasks/described/description.ts";
import { inFolder } from "../../../in-folder.ts";
import { recordOf } from "./record-of.ts";

const TOPICS = { food: "we ate soup and bread", music: "the band played a song", sport: "the team won the match" };

/** Two or three choices, of which those about food are right. */
const questions = Array.from({ length: 60 }, (_, at) => {
  const wrong = [TOPICS.music, TOPICS.sport].map((said) => `${said} on day ${at}`);
  const [first, ...rest] = at % 3 === 0 ? wrong : wrong.slice(at % 2, at % 2 + 1);
  const right = [`${TOPICS.food} on day ${at}`, ...at % 5 === 0 ? [`on day ${at} ${TOPICS.food}`] : []];
  const options = at % 4 < 2 ? [...right, first, ...rest] : [first, ...right, ...rest];
  return { text: `It was day ${at}.`, gap: "They say that _ there.", options, right };
});
const choiceFiles = {
  "listed.jsonl": questions.map((row) => JSON.stringify(row)).join("\n"),
  "columns.csv": [
    "text,first,second,label",
    ...questions.map(({ text, options, right }) => {
      const [a, b] = [options.indexOf(right[0]) === 0 ? 0 : 1, options.findIndex((option) => !right.includes(option))];
      const two = a === 0 ? [right[0], options[b]] : [options[b], right[0]];
      return [text, ...two, a === 0 ? "A" : "B"].join(",");
    }),
  ].join("\n"),
};
const choiceTasks: Record<string, Description> = {
  "in a list, in a gap, some of several right": {
    data: "listed.jsonl",
    kind: "multiple choice",
    columns: { text: "text", pair: "gap", choices: "options", references: "right" },
    placeholder: "_",
    metrics: ["answer_f1", "answer_match", "accuracy"],
  },
  "in two columns, the right one by a letter": {
    data: "columns.csv",
    kind: "multiple choice",
    columns: { text: "text", choices: ["first", "second"], label: "label" },
    labels: ["A", "B"],
  },
};

for (const [what, description] of Object.entries(choiceTasks)) {
  Deno.test(`a task with choices ${what}, is trained, recorded, checked, reported and answered`, () =>
    inFolder(choiceFiles, async (folder) => {
      const study = {
        ...presets.smoke.study,
        tasks: [{ ...description, data: `${folder}/${description.data}` }],
        methods: ["linear-probe", "lora"],
        data: { train: 30, validation: 12, test: 18 },
        training: { epochs: 4, headLearningRate: 0.03, batchSize: 8 },
      };
      const options = { threads: 1, out: folder, keep: false, onProgress() {} };
      await Deno.mkdir(`${folder}/runs`);
      const records: RunRecord[] = [];
      for (const { spec, ...paths } of await cellsOf(study)) {
        const record = recordOf(spec, await runCell(spec, { ...options, ...paths }));
        records.push(record);
        await Deno.writeTextFile(`${folder}/runs/${record.id}.json`, JSON.stringify(record));
      }
      const [probe] = records;
      const [{ name }] = probe.metrics;
      const { test, majority } = probe.scores as { test: Record<string, number>; majority: Record<string, number> };
      assert(test[name] > 0.9 && majority[name] < 0.9, JSON.stringify(probe.scores));
      assert.deepEqual(probe.checks.flags.map(({ raised }) => raised), [false, false]);
      assert.match(probe.checks.flags[1].detail, /of the place most often right 0\./);

      const { records: read, unreadable } = await readRecords(folder);
      assert.deepEqual([read.length, unreadable], [2, []]);
      const results = groupResults(read, []);
      const [{ settings: [{ estimate }], comparison }] = results.protocols;
      assert(estimate && comparison?.ranking.length === 2);
      assert.match(renderPair(results, ["lora", "linear-probe"]), / \d+ /);
      await writeReport([folder], `${folder}/report`);
      const report = await Deno.readTextFile(`${folder}/report/report.md`);
      assert.match(report, /always answering choice [12], most often right in training/);
      assert.match(await Deno.readTextFile(`${folder}/report/report.html`), /"choice 2"/);

      const predictor = await openPredictor({ adapters: [`${folder}/adapters/${probe.id}`], threads: 1 });
      const lines = probe.predictions.map((prediction) => {
        const { text, gap } = questions[Number(prediction.id.split("/")[1]) - 1];
        return {
          text,
          ...description.columns.pair && { pair: gap },
          choices: "choices" in prediction ? prediction.choices : [],
        };
      });
      const answers = await Array.fromAsync(predictor.predict(lines));
      for (const [at, answer] of answers.entries()) {
        const { predicted } = probe.predictions[at] as { predicted: number };
        assert("label" in answer && answer.label === lines[at].choices[predicted]);
        assert(Math.abs(Object.values(answer.probabilities).reduce((sum, each) => sum + each) - 1) < 1e-6);
      }
      assert.throws(
        () => predictor.check("a text"),
        /it must have choices, as \w+ answers with one of them, it has none$/,
      );
      assert.throws(
        () => predictor.check({ text: "a", choices: ["b", "b"] }),
        /its choices must differ, b is there twice$/,
      );
      if (description.placeholder !== undefined) {
        assert.throws(
          () => predictor.check({ ...lines[0], pair: "no gap" }),
          /its pair must have _ where \w+ puts a choice, it has none$/,
        );
      }
      await predictor.release();

      const [trial] = await cellsOf({ ...study, methods: ["linear-probe"], trial: true });
      const { scores, loss } = await runTrial(trial.spec, { ...options, ...trial });
      assert.deepEqual(scores.validation, probe.scores.validation);
      assert(loss.value! > 0);
    }));
}
