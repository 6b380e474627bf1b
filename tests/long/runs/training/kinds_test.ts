import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { findFolder } from "../../../../models/mod.ts";
import { mergeAdapter } from "../../../../runs/adapters/merge.ts";
import { renderPair } from "../../../../reports/text/pair.ts";
import { writeReport } from "../../../../reports/mod.ts";
import { groupResults } from "../../../../reports/results.ts";
import { cellsOf } from "../../../../runs/launch/cells.ts";
import { openPredictor } from "../../../../runs/predict/predictor.ts";
import { readAdapterNote } from "../../../../runs/adapters/note.ts";
import { presets } from "../../../../runs/study/presets.ts";
import { checkRecord } from "../../../../runs/study/check-record.ts";
import { readRecords } from "../../../../runs/study/read-records.ts";
import type { RunRecord } from "../../../../runs/study/record.ts";
import { runCell, runTrial } from "../../../../runs/training/run-cell.ts";
import type { Description } from "../../../../tasks/described/description.ts";
import { inFolder } from "../../../in-folder.ts";
import { recordOf } from "./record-of.ts";

const TOPICS = { food: "we ate soup and bread", music: "the band played a song", sport: "the team won the match" };
const names = Object.keys(TOPICS) as (keyof typeof TOPICS)[];

/** Texts with the topics of the bits of a number, and how many there are, a little off. */
const rows = Array.from({ length: 90 }, (_, at) => {
  const topics = names.filter((_, bit) => at % 8 >> bit & 1);
  const said = topics.map((name) => TOPICS[name]);
  return { text: [`day ${at}`, ...said].join(", "), topics, count: topics.length + (at % 3) / 10 };
});
const columns = { text: "text", label: "topics" };
const kinds: Record<"regression" | "multi-label", Omit<Description, "data">> = {
  regression: {
    kind: "regression",
    name: "counts",
    columns: { text: "text", label: "count" },
    metrics: ["mse", "pearson"],
  },
  "multi-label": { kind: "multi-label", name: "topics", columns },
};
const files = { "rows.jsonl": rows.map((row) => JSON.stringify(row)).join("\n") };

Deno.test("where a metric scores groups, each prediction has its own, and the record agrees with itself", () =>
  inFolder(
    { "rows.csv": "text,label,day\n" + rows.map(({ text }, at) => `"${text}",${at % 2},${at >> 2}`).join("\n") },
    async (folder) => {
      const task: Description = {
        data: `${folder}/rows.csv`,
        columns: { text: "text", label: "label", group: "day" },
        metrics: ["f1", "exact_match"],
      };
      const data = { train: 40, validation: 16, test: 16 };
      const [{ spec, ...paths }] = await cellsOf({
        ...presets.smoke.study,
        tasks: [task],
        methods: ["linear-probe"],
        data,
      });
      const result = await runCell(spec, { threads: 1, out: folder, keep: false, onProgress() {}, ...paths });
      const record = recordOf(spec, result);
      checkRecord(record);
      assert.equal(new Set(record.predictions.map((prediction) => "group" in prediction && prediction.group)).size, 4);
      assert.ok("exact_match" in record.scores.validation && "exact_match" in record.scores.majority);
    },
  ));

for (const kind of ["regression", "multi-label"] as const) {
  Deno.test(`a task of ${kind} is trained, recorded, checked, reported and answered`, () =>
    inFolder(files, async (folder) => {
      const study = {
        ...presets.smoke.study,
        tasks: [{ ...kinds[kind], data: `${folder}/rows.jsonl` }],
        methods: ["linear-probe", "lora"],
        data: { train: 50, validation: 16, test: 24 },
        training: { epochs: 8, headLearningRate: 0.03, batchSize: 8 },
      };
      const options = { threads: 1, out: folder, keep: false, onProgress() {} };
      const records: RunRecord[] = [];
      for (const { spec, ...paths } of await cellsOf(study)) {
        records.push(recordOf(spec, await runCell(spec, { ...options, ...paths })));
      }
      const [probe] = records;
      const [{ name, direction }] = probe.metrics;
      const { test, majority } = probe.scores as { test: Record<string, number>; majority: Record<string, number> };
      assert(
        direction === "lower" ? test[name] < majority[name] / 2 : test[name] > majority[name] + 0.3,
        JSON.stringify([probe.scores, probe.curve, probe.baseline, probe.predictions.slice(0, 6)]),
      );
      assert.deepEqual(probe.checks.flags.map(({ raised }) => raised), [false, false]);
      assert.equal(typeof probe.threshold, kind === "multi-label" ? "number" : "undefined");
      assert.equal(typeof probe.baseline, kind === "multi-label" ? "object" : "number");

      for (const record of records) {
        await Deno.mkdir(`${folder}/runs`, { recursive: true })
          .then(() => Deno.writeTextFile(`${folder}/runs/${record.id}.json`, JSON.stringify(record)));
      }
      const { records: read, unreadable } = await readRecords(folder);
      assert.deepEqual(unreadable, []);
      const results = groupResults(read, []);
      const [{ settings: [best], comparison }] = results.protocols;
      assert.equal(best.metric.name, name);
      assert(best.estimate !== null && best.estimate.variance > 0 && best.secondary.every(({ estimate }) => estimate));
      assert.deepEqual(comparison!.ranking.length, 2);
      assert.match(renderPair(results, ["lora", "linear-probe"]), kind === "regression" ? / – / : / \d+ /);

      await writeReport([folder], `${folder}/report`);
      for (const file of ["report.md", "results.csv", "tables.tex", "report.html"]) {
        assert(
          (await Deno.readTextFile(`${folder}/report/${file}`)).includes(
            name.replace("_", file === "tables.tex" ? "\\_" : "_"),
          ),
          file,
        );
      }

      const predictor = await openPredictor({ adapters: [`${folder}/adapters/${probe.id}`], threads: 1 });
      const texts = probe.predictions.map(({ id }) => rows[Number(id.split("/")[1]) - 1].text);
      const answers = await Array.fromAsync(predictor.predict(texts));
      await predictor.release();
      for (const [at, answer] of answers.entries()) {
        const { predicted } = probe.predictions[at];
        if ("value" in answer) assert(Math.abs(answer.value - (predicted as number)) < 1e-4);
        else {assert.deepEqual(
            "labels" in answer && answer.labels,
            (predicted as number[]).map((label) => names[label]),
          );}
      }
      const note = await readAdapterNote(`${folder}/adapters/${probe.id}`);
      assert.deepEqual([note!.task.kind, note!.threshold], [kind, probe.threshold]);

      const [trial] = await cellsOf({ ...study, methods: ["linear-probe"], trial: true });
      const { scores, loss } = await runTrial(trial.spec, { ...options, ...trial });
      assert.deepEqual(scores.validation, probe.scores.validation);
      assert(loss.value! > 0);
    }));
}

Deno.test("an adapter of each kind is folded into a model with its problem_type, by which it comes back without its note", () =>
  inFolder(files, async (folder) => {
    const model = fileURLToPath(new URL("../../../golden/cases/problem-types/regression", import.meta.url));
    for (
      const [kind, problem, labels] of [
        ["regression", "regression", ["LABEL_0"]],
        ["multi-label", "multi_label_classification", names],
      ] as const
    ) {
      const [{ id, spec, ...paths }] = await cellsOf({
        ...presets.smoke.study,
        models: [model],
        tasks: [{ ...kinds[kind], data: `${folder}/rows.jsonl` }],
        methods: ["lora"],
        data: { train: 24, validation: 8, test: 16 },
        training: { epochs: 1 },
      });
      const result = await runCell(spec, { threads: 1, out: folder, keep: false, onProgress() {}, ...paths });
      const adapter = `${folder}/adapters/${id}`;
      await mergeAdapter(adapter, `${folder}/${kind}`, await findFolder(model));
      const config = JSON.parse(await Deno.readTextFile(`${folder}/${kind}/config.json`));
      assert.deepEqual([config.problem_type, Object.values(config.id2label)], [problem, labels]);
      // As PEFT would have written it, beside the config of the model that it belongs to.
      await Deno.remove(`${adapter}/tunebench.json`);
      await Deno.copyFile(`${folder}/${kind}/config.json`, `${adapter}/config.json`);
      const predictor = await openPredictor({ model, adapters: [adapter], threads: 1 });
      const texts = result.predictions.map(({ id }) => rows[Number(id.split("/")[1]) - 1].text);
      const answers = await Array.fromAsync(predictor.predict(texts));
      await predictor.release();
      for (const [at, answer] of answers.entries()) {
        const { predicted } = result.predictions[at];
        if ("value" in answer) assert(Math.abs(answer.value - (predicted as number)) < 1e-4);
        else if ("labels" in answer) {
          const above = names.filter((name) => answer.probabilities[name] >= result.threshold!);
          assert.deepEqual(above, (predicted as number[]).map((label) => names[label]));
        } else assert.fail(kind);
      }
    }
  }));
