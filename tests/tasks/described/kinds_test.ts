import assert from "node:assert/strict";
import { parquetWriteBuffer } from "hyparquet-writer";
import { renderTask } from "../../../cli/output/task-check.ts";
import { cellsOf } from "../../../runs/launch/cells.ts";
import { openOwn } from "../../../runs/study/find-task.ts";
import { presets } from "../../../runs/study/presets.ts";
import { studiesOf } from "../../../runs/study/rebuild.ts";
import { parseStudy, type Study } from "../../../runs/study/study.ts";
import type { Description } from "../../../tasks/described/description.ts";
import { dataOf } from "../../../tasks/described/read.ts";
import { UsageError } from "../../../base/errors.ts";
import { type Files, inFolder } from "../../in-folder.ts";
import { makeRecord } from "../../reports/record-factory.ts";

const NAMES = ["food", "music", "sport"];

/** Twelve texts, each with the labels of its place's bits, and a number. */
const rows = Array.from({ length: 12 }, (_, at) => ({
  text: `text ${at}`,
  labels: NAMES.filter((_, label) => at >> label & 1),
  score: at / 4,
}));
const csv = (header: string, values: (row: typeof rows[number]) => unknown[]) =>
  [header, ...rows.map((row) => [row.text, ...values(row)].join(","))].join("\n");
const files: Files = {
  "separated.csv": csv("text,topics,score", ({ labels, score }) => [labels.join(" | "), score]),
  "columns.csv": csv(`text,${NAMES.join()}`, ({ labels }) => NAMES.map((name) => labels.includes(name) ? "1" : "0.0")),
  "lists.jsonl": rows.map(({ text, labels, score }) => JSON.stringify({ text, topics: labels, score })).join("\n"),
  "lists.parquet": new Uint8Array(parquetWriteBuffer({
    columnData: [
      { name: "text", data: rows.map(({ text }) => text), type: "STRING" },
      { name: "topics", data: rows.map(({ labels }) => labels), type: "JSON" },
      { name: "score", data: rows.map(({ score }) => score), type: "DOUBLE" },
    ],
  })),
};
const topics = { kind: "multi-label", columns: { text: "text", label: "topics" } } as const;
const score = { kind: "regression", columns: { text: "text", label: "score" } } as const;
const opened = (description: Description) =>
  inFolder(files, (folder) => openOwn({ ...description, data: `${folder}/${description.data}` }));

Deno.test("several labels are read from separated cells, lists, and a column for each, and numbers from any file", async () => {
  const descriptions: Description[] = [
    { ...topics, data: "separated.csv", separator: "|" },
    { ...topics, data: "lists.jsonl" },
    { ...topics, data: "lists.parquet" },
    { kind: "multi-label", columns: { text: "text", label: NAMES }, data: "columns.csv" },
  ];
  for (const description of descriptions) {
    const { task: { described }, read } = await opened(description);
    assert.deepEqual([described.kind, described.labels, described.metrics], [
      "multi-label",
      NAMES,
      ["micro_f1", "macro_f1", "exact_match"],
    ]);
    assert.deepEqual(
      dataOf(read).pool!.map(({ labels }) => labels!.map((label) => NAMES[label])),
      rows.map(({ labels }) => labels),
    );
  }
  for (const data of ["separated.csv", "lists.jsonl", "lists.parquet"]) {
    const { task: { described }, read } = await opened({ ...score, data });
    assert.deepEqual([described.labels, described.metrics], [[], ["pearson", "spearman", "mse"]]);
    assert.deepEqual(dataOf(read).pool!.map(({ target }) => target), rows.map(({ score }) => score));
  }
});

Deno.test("what is right by a kind is shown before anything is trained", async () => {
  const labels = renderTask(await opened({ ...topics, data: "lists.jsonl" }));
  for (
    const line of [", multi-label", "labels: 3", "  food: 6", "  sport: 4", "always answering none: exact_match 16.7 %"]
  ) {
    assert(labels.split("\n").some((shown) => shown.endsWith(line)), `${line} in\n${labels}`);
  }
  const numbers = renderTask(await opened({ ...score, data: "lists.jsonl" }));
  for (
    const line of [", regression", "numbers: 0 to 2.75, median 1.5", "always answering the mean, 1.375: mse 0.7448"]
  ) {
    assert(numbers.split("\n").some((shown) => shown.endsWith(line)), `${line} in\n${numbers}`);
  }
});

Deno.test("what a kind does not have, and cells that are not of it, are refused in a sentence", async () => {
  const wrong: [Description, RegExp][] = [
    [
      { columns: score.columns, data: "lists.jsonl" },
      /at most 6 different labels .*, and "kind": "regression" reads them/,
    ],
    [
      { ...score, data: "separated.csv", labels: [0, 1] },
      /labels is of the kind classification, multi-label or multiple choice, its kind is regression$/,
    ],
    [
      { ...score, data: "separated.csv", separator: "|" },
      /separator is of the kind multi-label, its kind is regression$/,
    ],
    [
      { ...score, data: "separated.csv", metrics: ["accuracy"] },
      /its metrics must suit regression, current value is accuracy/,
    ],
    [
      { ...score, data: "separated.csv", columns: topics.columns, missing: "drop" },
      /a label must be a number, current value is food in line 3$/,
    ],
    [
      { columns: { text: "text", label: NAMES }, data: "columns.csv" },
      /a list of columns\.label is of the kind multi-label/,
    ],
    [
      { columns: { text: "text", label: "score" }, metrics: ["f1", "exact_match"], data: "lists.jsonl" },
      /columns\.group must name what exact_match scores, it is missing$/,
    ],
    [{ ...topics, data: "separated.csv" }, /topics must hold several labels in a row, none does; "separator"/],
    [
      { ...topics, columns: { text: "text", label: ["topics", "score"] }, data: "separated.csv" },
      /topics must be 1 or 0, true or false, current value is .* in line 2$/,
    ],
    [
      { ...topics, separator: "|", labels: ["food", "music"], data: "separated.csv" },
      /must be one of those that are named, current value is sport in line 6/,
    ],
    [
      { ...topics, columns: { text: "topics", label: "topics" }, data: "lists.jsonl" },
      /topics must be a text, a number or a boolean, it is a list in line 1$/,
    ],
    [
      { columns: topics.columns, data: "lists.jsonl" },
      /it is a list in line 2$|a row must have a topics, it is empty in line 1/,
    ],
  ];
  for (const [description, message] of wrong) {
    await assert.rejects(opened(description), (error: Error) => {
      assert.match(error.message, message);
      return error instanceof UsageError;
    });
  }
});

Deno.test("a study of each kind is rebuilt from its record with the same ids", () =>
  inFolder(files, async (folder) => {
    const study = (entry: Study["tasks"][number]): Study => ({
      ...presets.smoke.study,
      methods: ["linear-probe"],
      data: { train: 6, validation: 3, test: 3 },
      tasks: [entry],
    });
    const descriptions: Description[] = [
      { ...score, data: `${folder}/lists.jsonl` },
      { ...topics, data: `${folder}/separated.csv`, separator: "|", labels: ["sport", "music", "food"] },
      { kind: "multi-label", columns: { text: "text", label: NAMES }, data: `${folder}/columns.csv` },
    ];
    for (const description of descriptions) {
      const [{ spec, id }] = await cellsOf(study(description));
      await assert.rejects(cellsOf({ ...study(description), data: { perClass: 2 } }), {
        name: "UsageError",
        message:
          `Cannot use data.perClass for ${spec.task.name}: the task must be one of classification, it is one of ` +
          description.kind,
      });
      const { studies: [rebuilt], needed } = studiesOf([{ ...makeRecord(), spec }]);
      const [task] = rebuilt.tasks as Description[];
      for (const { path } of needed) {
        await Deno.mkdir(`${folder}/${path}`, { recursive: true });
        await Deno.copyFile(String(description.data), `${folder}/${path}/pool`);
      }
      const [again] = await cellsOf(
        parseStudy({ ...rebuilt, tasks: [{ ...task, data: `${folder}/${task.data}` }] }, presets.smoke.study),
      );
      assert.equal(again.id, id);
    }
  }));
