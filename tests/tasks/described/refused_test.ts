import assert from "node:assert/strict";
import { presets } from "../../../runs/study/presets.ts";
import { cellsOf } from "../../../runs/launch/cells.ts";
import { openOwn } from "../../../runs/study/find-task.ts";
import type { Description } from "../../../tasks/described/description.ts";
import { UsageError } from "../../../base/errors.ts";
import { type Files, inFolder } from "../../in-folder.ts";
import { columns, makeRows, study, toCsv } from "./tables.ts";

const rows = makeRows(200);

const good = "body,stars\na,1\nb,5\nc,1\nd,5\n";

/** What is wrong, the file's content, what the description adds, and the message after the path. */
const wrong: [what: string, files: Files, change: object, message: RegExp][] = [
  [
    "a missing column",
    { "a.csv": good.replace("stars", "star") },
    {},
    /must have the column stars, the nearest name is star$/,
  ],
  [
    "a column twice",
    { "a.csv": good.replace("body", "stars,body") },
    {},
    /must have the column stars once, it is there twice$/,
  ],
  [
    "a row too long",
    { "a.csv": good.replace("c,1", "c,c,1") },
    {},
    /a row must have 2 values as .* value is 3, line 4$/,
  ],
  [
    "a label outside the named ones",
    { "a.csv": good },
    { labels: [1, 4] },
    /a label must be one of those that are named, current value is 5 in line 3, it must be one of 1, 4$/,
  ],
  ["one class only", { "a.csv": good.replaceAll(",5", ",1") }, {}, /must hold two different labels, all are 1$/],
  [
    "a column of texts as labels",
    { "a.csv": good },
    { columns: { text: "stars", label: "body" } },
    /at most 2 different labels/,
  ],
  [
    "an empty text",
    { "a.csv": good.replace("c,1", " ,1") },
    {},
    /a row must have a body, it is empty in line 4; .*--drop-missing$/,
  ],
  [
    "a missing label",
    { "a.jsonl": '{"body":"a","stars":1}\n{"body":"b"}' },
    {},
    /a row must have a stars, .* in line 2; /,
  ],
  [
    "a template of pairs",
    { "a.csv": good },
    { templates: ["{text} {answer} {pair}"] },
    /template "\{text\} \{answer\} \{pair\}": \{pair\} must be the second text of pairs, .* have one text$/,
  ],
  [
    "words for another label",
    { "a.csv": good },
    { words: { "6": "great" } },
    /words for the label 6: it must be one of 1, 5$/,
  ],
  [
    "templates of regression",
    { "a.csv": good },
    { kind: "regression", templates: ["{text} {answer}"] },
    /a template is of the kind classification or multiple choice, its kind is regression$/,
  ],
  ["no rows", { "a.csv": "body,stars\n" }, {}, /it must have rows, it has none$/],
  [
    "a line that is no JSON",
    { "a.jsonl": '{"body":"a","stars":1}\nno' },
    {},
    /must be a JSON object, line 2 is not, .* no$/,
  ],
  [
    "a list in a row",
    { "a.jsonl": '{"body":["a"],"stars":1}' },
    {},
    /body must be a text, .*, it is a list in line 1$/,
  ],
  [
    "a file without an end",
    { "a.csv.gz": new Uint8Array([0x1f, 0x8b, 8]) },
    {},
    /it must be whole gzip, it is damaged$/,
  ],
  ["a name of a built-in task", { "a.csv": good }, { name: "rte" }, /a built-in task has this one$/],
  ["a label named twice", { "a.csv": good }, { labels: [1, "1"] }, /labels must differ, 1 is there twice$/],
];

for (const [what, files, change, message] of wrong) {
  Deno.test(`a task with ${what} is refused in one sentence before the first cell`, async () => {
    await inFolder(files, async (folder) => {
      const description = { data: `${folder}/${Object.keys(files)[0]}`, columns, ...change } as Description;
      await assert.rejects(
        cellsOf(study(description)),
        (error: Error) => error instanceof UsageError && message.test(error.message) || assert.fail(error),
      );
    });
  });
}

Deno.test("splits that share a text, or a label that only the test has, are refused; sharing can be allowed", async () => {
  const files = { "train.csv": good, "test.csv": "body,stars\ne,1\nA,5\n", "new.csv": "body,stars\ne,1\nf,4\n" };
  await inFolder(files, async (folder) => {
    const given = (test: string): Description => ({
      name: "mine",
      data: { train: `${folder}/train.csv`, test: `${folder}/${test}` },
      columns,
    });
    await assert.rejects(openOwn(given("test.csv")), {
      message: "Cannot use the task mine: train and test must have no text in common, one is in both, " +
        'the first in line 2 of train.csv and line 3 of test.csv; "allowOverlap": true in a description lets them',
    });
    assert.equal((await openOwn({ ...given("test.csv"), allowOverlap: true })).read.splits[1].examples.length, 2);
    await assert.rejects(openOwn(given("new.csv")), {
      message: /a label must occur in train, too, current value is 4 in line 3/,
    });
  });
});

Deno.test("a study that asks for more examples than there are is refused with numbers that fit", async () => {
  await inFolder({ "own.csv": toCsv(rows) }, async (folder) => {
    const asked = { ...study({ data: `${folder}/own.csv`, columns }), data: presets.quick.study.data };
    await assert.rejects(cellsOf(asked), (error: Error) =>
      error instanceof UsageError &&
      /^Cannot split the task own: .* the data have 200; it has enough for --data 120,40,40$/.test(error.message));
    await cellsOf({ ...asked, data: { train: 120, validation: 40, test: 40 } });
  });
});

Deno.test("a description that breaks a rule is refused with its place, and a file of rows alone asks for its columns", async () => {
  const files = {
    "a.json": '{\n  "data": "a.csv",\n  "columns": { "txt": "body", "label": "stars" }\n}',
    "b.json": { data: "a.csv", columns, metrics: ["f2"] },
    "a.csv": good,
  };
  await inFolder(files, async (folder) => {
    const refused = (name: string, message: RegExp) =>
      assert.rejects(
        openOwn(`${folder}/${name}`),
        (error: Error) => error instanceof UsageError && message.test(error.message) || assert.fail(error),
      );
    await refused("a.json", /^Cannot read the task .*a\.json, line 3, column \d+: columns/);
    await refused("b.json", /metrics.0 must be one of accuracy, .*, current value is "f2"$/);
    await refused("a.csv", /^Cannot use .*a\.csv as a task: its columns must be named, by --text and --label/);
    await refused("none.json", /^Cannot read the task .*none\.json: there must be such a file/);
  });
});

Deno.test("two tasks of one name in a study are refused", async () => {
  await inFolder({ "own.csv": toCsv(rows), "b/own.csv": toCsv(makeRows(180)) }, async (folder) => {
    const tasks = [`${folder}/own.csv`, `${folder}/b/own.csv`].map((data) => ({ data, columns }));
    await assert.rejects(cellsOf({ ...study(tasks[0]), tasks }), {
      message: "Cannot run the study: its tasks must have different names, own is there twice",
    });
  });
});
