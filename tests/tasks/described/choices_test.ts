import assert from "node:assert/strict";
import { basename } from "node:path";
import { renderTask } from "../../../cli/output/task-check.ts";
import { openOwn } from "../../../runs/study/find-task.ts";
import type { Description } from "../../../tasks/described/description.ts";
import { dataOf, readDescribed, readTexts } from "../../../tasks/described/read.ts";
import { textKey } from "../../../tasks/examples.ts";
import { choiceTexts } from "../../../tasks/templates/choices.ts";
import { type Files, inFolder } from "../../in-folder.ts";

/** Three questions: with a choice twice, with two right ones, and with another number of choices. */
const questions = [
  {
    text: "Who came?",
    gap: "@x came.",
    options: ["Ann", "Bob", "Ann"],
    right: ["Bob"],
    first: "Ann",
    second: "Bob",
    at: 1,
  },
  {
    text: "Who left?",
    gap: "@x left.",
    options: ["Bob Bo", "Bob", "Cid"],
    right: ["Bob", "Bob Bo"],
    first: "Bob",
    second: "Cid",
    at: 0,
  },
  {
    text: "Who is it?",
    gap: "It is @x.",
    options: ["Ann", "Eve"],
    right: ["Eve", "Eva"],
    first: "Ann",
    second: "Eve",
    at: 1,
  },
];
const chosen = { kind: "multiple choice", columns: { text: "text", choices: "options", references: "right" } } as const;
const lettered: Omit<Description, "data"> = {
  kind: "multiple choice",
  columns: { text: "text", choices: ["first", "second"], label: "at" },
};
const files: Files = {
  "questions.jsonl": questions.map((row) => JSON.stringify(row)).join("\n"),
  "questions.csv": "text,first,second,at\n" +
    questions.map(({ text, first, second, at }) => [text, first, second, at].join()).join("\n"),
};
const opened = (description: Description) =>
  inFolder(files, (folder) => openOwn({ ...description, data: `${folder}/${description.data}` }));

Deno.test("choices are read from a list or from columns, and the right ones by their texts, a number or a name", async () => {
  const { task: { described }, read } = await opened({ ...chosen, data: "questions.jsonl" });
  assert.deepEqual([described.labels, described.metrics], [[], ["accuracy"]]);
  assert.deepEqual(dataOf(read).pool!.map(({ text, choices, right }) => ({ text, choices, right })), [
    { text: "Who came?", choices: ["Ann", "Bob"], right: [1] },
    { text: "Who left?", choices: ["Bob Bo", "Bob", "Cid"], right: [0, 1] },
    { text: "Who is it?", choices: ["Ann", "Eve"], right: [1] },
  ]);
  const named = { ...lettered, labels: { "0": "A", "1": "B" } };
  for (
    const description of [
      { ...lettered, data: "questions.csv" },
      { ...named, data: "questions.csv" },
      { ...lettered, data: "questions.jsonl" },
    ]
  ) {
    const { task, read } = await opened(description);
    const pool = dataOf(read).pool!;
    assert.deepEqual(pool.map(({ choices, right }) => [choices!.join(), right![0]]), [["Ann,Bob", 1], ["Bob,Cid", 0], [
      "Ann,Eve",
      1,
    ]]);
    // As a run reads it, by its spec; and where there are too many texts to keep.
    const sources = { pool: { paths: read.sources[0].paths } };
    for (const most of [1 << 20, 30]) {
      const again = await inFolder(
        files,
        (folder) =>
          readDescribed(
            "own",
            task.described,
            { pool: { paths: [`${folder}/${basename(sources.pool.paths[0])}`] } },
            most,
          )
            .then(async (again) => await readTexts(task.described, { pool: again.sources[0] }, dataOf(again).pool!)),
      );
      assert.deepEqual(again, pool);
    }
  }
});

Deno.test("a choice is read behind its text, behind its pair, or in the place that the pair has for it", () => {
  const choices = ["Ann", "$&"];
  const read = (pair?: string, placeholder?: string) =>
    choiceTexts({ id: "1", text: "Who?", pair, choices }, { placeholder }).map(({ text, pair }) => `${text} | ${pair}`);
  assert.deepEqual(read(), ["Who? | Ann", "Who? | $&"]);
  assert.deepEqual(read("Is it"), ["Who? | Is it Ann", "Who? | Is it $&"]);
  assert.deepEqual(read("It is @x.", "@x"), ["Who? | It is Ann.", "Who? | It is $&."]);
  // Texts with other choices are others.
  assert.notEqual(textKey({ id: "", text: "a", choices }), textKey({ id: "", text: "a", choices: ["b", "c"] }));
});

Deno.test("choices are shown with the scores of one place and of chance", async () => {
  const shown = renderTask(await opened({ ...chosen, data: "questions.jsonl" })).split("\n");
  const lines = [
    ", multiple choice",
    "pool: 3 examples",
    "choices: 2 to 3, median 2",
    "always answering choice 2: accuracy 100.0 %",
    // (1/2 + 2/3 + 1/2) / 3
    "answering at random: accuracy 55.6 %",
    "Bob Bo or Bob: Who left? | Bob Bo / Bob / Cid",
  ];
  for (const line of lines) assert(shown.some((each) => each.endsWith(line)), `${line} in\n${shown.join("\n")}`);
});

Deno.test("choices, labels and placeholders that do not suit each other are refused in a sentence", async () => {
  const wrong: [Description, RegExp][] = [
    [
      { ...lettered, columns: { ...lettered.columns, label: "text" }, data: "questions.csv" },
      /the label must be the number of one of its \d choices, from 0, current value is Who came\? in line 2$/,
    ],
    [
      { ...lettered, labels: ["A", "B"], data: "questions.csv" },
      /the label must be that of one of its 2 choices, current value is 1 in line 2, /,
    ],
    [
      { ...chosen, columns: { ...chosen.columns, references: "first" }, data: "questions.jsonl", placeholder: "@x" },
      /placeholder is a part of columns\.pair, that is missing$/,
    ],
    [
      { ...chosen, columns: { ...chosen.columns, pair: "gap" }, data: "questions.jsonl", placeholder: "@y" },
      /the second text must have the placeholder @y, current value is @x came\. in line 1$/,
    ],
    [
      { ...lettered, columns: { ...lettered.columns, choices: "first" }, data: "questions.csv" },
      /first must hold lists of choices, current value is Ann in line 2; a list of columns in columns\.choices /,
    ],
    [
      { ...chosen, columns: { ...chosen.columns, references: "gap" }, data: "questions.jsonl" },
      /an answer must be one of the choices of its row, current value is @x came\. in line 1, /,
    ],
    [
      { ...chosen, columns: { text: "text", references: "right" }, data: "questions.jsonl" },
      /of multiple choice columns\.choices and columns\.label or columns\.references, its kind is multiple choice$/,
    ],
    [
      { columns: { text: "text", label: "at", choices: "options" }, data: "questions.jsonl" },
      /columns\.choices is of the kind multiple choice, its kind is classification$/,
    ],
  ];
  for (const [description, message] of wrong) await assert.rejects(opened(description), { message });
});
