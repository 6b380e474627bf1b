import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { renderTask } from "../../../cli/output/task-check.ts";
import { UsageError } from "../../../base/errors.ts";
import { cellsOf } from "../../../runs/launch/cells.ts";
import { openOwn, taskOfSpec } from "../../../runs/study/find-task.ts";
import { studiesOf } from "../../../runs/study/rebuild.ts";
import { presets } from "../../../runs/study/presets.ts";
import { runId } from "../../../runs/study/spec.ts";
import { parseStudy } from "../../../runs/study/study.ts";
import { splitExamples } from "../../../runs/training/split.ts";
import type { Description } from "../../../tasks/described/description.ts";
import { dataOf } from "../../../tasks/described/read.ts";
import type { Task } from "../../../tasks/types.ts";
import { type Files, inFolder } from "../../in-folder.ts";
import { withHub } from "../../models/hub/fixture.ts";
import { commitOf, type HubFiles } from "../../models/hub/server.ts";
import { makeRecord } from "../../reports/record-factory.ts";
import { makeRows, toCsv, toParquet } from "./tables.ts";

const columns = { text: "body", label: "stars" };
const rows = makeRows(40);
const opened = (files: Files, description: Omit<Description, "data"> & { data: unknown }) =>
  inFolder(files, (folder) => {
    const within = JSON.parse(
      JSON.stringify(description.data),
      (_, path) => typeof path === "string" ? `${folder}/${path}` : path,
    );
    return openOwn({ ...description, data: within });
  });

Deno.test("a folder of files of any kind has the rows of its files in the order of their names", async () => {
  const { read: whole } = await opened({ "all.csv": toCsv(rows) }, { data: "all.csv", columns });
  const files = {
    "part/b.parquet": toParquet(rows.slice(10, 25)),
    "part/a.csv": toCsv(rows.slice(0, 10)),
    "part/c.csv.gz": new Uint8Array(gzipSync(toCsv(rows.slice(25)))),
    "part/README.md": "no rows",
  };
  const { read, task } = await opened(files, { data: "part", columns });
  assert.deepEqual(dataOf(read), dataOf(whole));
  assert.match(task.files!.pool, /^[0-9a-f]{64}$/);
  assert.equal(read.splits[0].placeOf(10), "row 1 of b.parquet");
  await assert.rejects(opened({ "part/README.md": "no" }, { data: "part", columns }), {
    message: /the folder must hold CSV, TSV, JSON lines or Parquet files, it holds none$/,
  });
});

Deno.test("a column divides rows into splits; splits of a description say which value is which, and leave others out", async () => {
  const parts = ["tr", "dev", "ev", "secret"];
  const csv = "body,stars,part\n" + rows.map((_, at) => `text ${at},${at % 3 % 2},${parts[at % 4]}\n`).join("");
  const files = { "a.csv": csv };
  const described = { data: "a.csv", columns: { ...columns, split: "part" } };
  const { read, task } = await opened(files, { ...described, splits: { train: "tr", validation: "dev", test: "ev" } });
  const { train, validation, test } = dataOf(read);
  assert.deepEqual([train!.length, validation!.length, test!.length], [10, 10, 10]);
  assert.deepEqual(test![0], { id: "ev/3", text: "text 2", label: 0 });
  assert.deepEqual(task.described.splits, { train: "tr", validation: "dev", test: "ev" });
  await assert.rejects(opened(files, described), {
    message: /^Cannot use a: a row's split must be train, validation or test, current value is tr; "splits" in/,
  });
  await assert.rejects(opened(files, { ...described, splits: { train: "tr", test: "evl" } }), {
    message: /^Cannot use a: its test must be a part of the data, current value is evl, the nearest name is ev$/,
  });
  const wrong: [change: object, message: RegExp][] = [
    [{ columns, splits: { train: "tr" } }, /splits are parts of a data set on the hub or of columns.split, there is/],
    [{ columns, config: "sst2" }, /config is of a data set on the hub, data must be hub:org\/name$/],
    [{ data: { train: "a.csv" } }, /columns.split divides one file or folder, data must be its path$/],
  ];
  for (const [change, message] of wrong) await assert.rejects(opened(files, { ...described, ...change }), { message });
});

Deno.test("a part that is both validation and test is halved by label, always in the same way", async () => {
  const csv = "body,stars,part\n" +
    rows.map((_, at) => `text ${at},${at < 30 ? 0 : 1},${at % 4 < 2 ? "train" : "dev"}\n`).join("");
  const halves = async () => {
    const splits = { train: "train", validation: "dev", test: "dev" };
    const { read } = await opened({ "a.csv": csv }, { data: "a.csv", columns: { ...columns, split: "part" }, splits });
    return dataOf(read);
  };
  const { validation, test } = await halves();
  const ones = [validation, test].map((half) => half!.filter(({ label }) => label === 1).length);
  assert.deepEqual([validation!.length, test!.length, Math.abs(ones[0] - ones[1])], [10, 10, 0]);
  assert.deepEqual(new Set([...validation!, ...test!].map(({ id }) => id)).size, 20);
  assert.notDeepEqual(validation!.map(({ text }) => text), validation!.map(({ text }) => text).sort());
  assert.deepEqual(await halves(), { train: (await halves()).train, validation, test });
});

Deno.test("a group of rows is in one of the drawn splits alone", async () => {
  const csv = "body,stars,document\n" +
    Array.from({ length: 200 }, (_, at) => `text ${at},${at % 2},document ${Math.floor(at / 7)}\n`).join("");
  const { read } = await opened({ "a.csv": csv }, { data: "a.csv", columns: { ...columns, group: "document" } });
  for (const seed of [0, 1, 2]) {
    const drawn = splitExamples(dataOf(read), { train: 100, validation: 30, test: 40 }, seed);
    const splits = [drawn.train, drawn.validation, drawn.test];
    const groups = splits.flatMap((examples) => [...new Set(examples.map(({ group }) => group))]);
    assert.equal(groups.length, new Set(groups).size);
    assert.deepEqual(splits.map(({ length }) => length), [100, 30, 40]);
    for (const half of splits) {
      const ones = half.filter(({ label }) => label === 1).length;
      assert(Math.abs(ones / half.length - 0.5) < 0.03, `${ones} of ${half.length}`);
    }
  }
});

Deno.test("a text is made of several columns, and labels get names", async () => {
  const files = {
    "a.csv": "word,sentence,label\nbank,by the river,0\nbank,my money,1\nplant,green,0\nplant,steel,1\n",
  };
  const { read, task } = await opened(files, {
    data: "a.csv",
    columns: { text: "{word}: {sentence}", label: "label" },
    labels: { 0: "nature", 1: "human" },
  });
  assert.deepEqual(read.splits[0].examples[1], { id: "pool/2", text: "bank: my money", label: 1 });
  assert.deepEqual([task.described.labels, task.described.values], [["nature", "human"], ["0", "1"]]);
  await assert.rejects(
    opened(files, { data: "a.csv", columns: { text: "{word}", label: "label" }, labels: { 0: "a", 2: "b" } }),
    { message: /current value is 1 in line 3, it must be one of 0, 2$/ },
  );
});

const COMMIT = commitOf("parquet");
const data = { train: 20, validation: 5, test: 5 };

/** A data set whose configuration has two files to train on, with a text that is also in the test set. */
const hubFiles: HubFiles = Object.fromEntries(
  Object.entries({
    "stars/train/0000.parquet": toParquet(rows.slice(0, 15)),
    "stars/train/0001.parquet": toParquet(rows.slice(15, 28)),
    "stars/validation_a/0000.parquet": toParquet([rows[2], ...rows.slice(28)]),
    "other/train/0000.parquet": toParquet(rows),
  }).map(([path, bytes]) => [path, Uint8Array.from(bytes)]),
);

Deno.test("a data set on the hub is read from its branch for Parquet files, and named by commit and content", () =>
  withHub(async (hub) => {
    hub.repositories["datasets/org/films"] = {
      refs: { "refs/convert/parquet": COMMIT },
      commits: { [COMMIT]: hubFiles },
    };
    const description: Description = {
      data: "hub:org/films",
      config: "stars",
      splits: { train: "train", validation: "validation_a", test: "validation_a" },
      columns,
    };
    const said: unknown[] = [];
    const { error } = console;
    console.error = (line) => void said.push(line);
    try {
      const study = { ...presets.smoke.study, methods: ["linear-probe"], data, tasks: [description] };
      const [{ id, spec, tables }] = await cellsOf(study);
      assert.match(
        String(said.at(-1)),
        /^films: train and (validation|test) have 1 text in common, the first is row 3 of/,
      );
      assert.deepEqual(Object.keys(spec.task.files!), ["train", "validation_a"]);
      assert.deepEqual([spec.task.name, spec.task.dataset], ["films", { name: "org/films", revision: COMMIT }]);
      const task = taskOfSpec(spec.task, tables) as Task;
      assert.equal(task.rule, "validation_a is divided in halves: validation and test");
      assert.deepEqual(task.source.map(({ path }) => path), ["stars/train", "stars/validation_a"]);
      const { train, validation, test } = await task.load();
      assert.deepEqual([train, validation, test].map((split) => split!.length), [28, 6, 7]);
      assert.equal(train![20].id, "train/21");
      const { studies: [again], needed } = studiesOf([{ ...makeRecord(), spec, id: runId(spec) }]);
      assert.deepEqual(needed.filter(({ path }) => path.includes("task-files")), []);
      assert.equal((await cellsOf(parseStudy(JSON.parse(JSON.stringify(again)), presets.quick.study)))[0].id, id);
    } finally {
      console.error = error;
    }
    const refused = async (change: Partial<Description>, message: RegExp) => {
      await assert.rejects(
        openOwn({ ...description, ...change }),
        (error: Error) => error instanceof UsageError && message.test(error.message) || assert.fail(error),
      );
    };
    await refused(
      { splits: { train: "train", test: "test" } },
      /must have Parquet files of the split test of stars, it has train, validation_a;/,
    );
    await refused({ config: "star" }, /of the split train of star, it has none/);
    await refused(
      { columns: { text: "text", label: "stars" } },
      /must have the column text, it must be one of stars, body$/,
    );
    await refused({ data: "hub:films" }, /^Cannot find the data set films@.*: a name on the hub must be org\/name/);
    await refused({ data: "hub:org/none" }, /^Cannot fetch datasets\/org\/none: the hub wants to know who asks/);
  }));

Deno.test("a description of generation reads right answers from a column, a list or several columns, one example a text", async () => {
  const described = { kind: "generation" as const, data: "a.jsonl" };
  const rows = [
    { facts: ["a | is | b", "b | is | c"], best: "one", others: ["two", "one"] },
    { facts: ["c"], best: "three", others: [] },
    { facts: ["a | is | b", "b | is | c"], best: "four" },
  ];
  const files = {
    "a.jsonl": rows.map((row) => JSON.stringify(row)).join("\n"),
    "b.csv": "facts,best\nx,1\ny,2\nx,3\n",
  };
  const columns = { text: "facts", references: ["best", "others"] };
  const { read, task } = await opened(files, { ...described, columns });
  assert.deepEqual(dataOf(read).pool, [
    { id: "pool/1", text: "a | is | b | b | is | c", references: ["one", "two", "four"] },
    { id: "pool/2", text: "c", references: ["three"] },
  ]);
  assert.deepEqual([task.described.labels, task.described.metrics], [[], ["bleu", "rouge_l"]]);
  assert.match(
    renderTask({ read, task, wording: {} }),
    /^a, version 1, generation\n(.*\n)+pool: 2 texts, 4 references\nlengths/,
  );
  assert.equal(taskOfSpec(task).kind, "generation");
  const spec = { ...makeRecord().spec, task };
  const [entry] = studiesOf([{ ...makeRecord(), spec, id: runId(spec) }]).studies[0].tasks;
  assert.deepEqual((entry as Description).columns, columns);
  const one = await opened(files, { ...described, data: "b.csv", columns: { text: "facts", references: "best" } });
  assert.deepEqual(dataOf(one.read).pool!.map(({ references }) => references), [["1", "3"], ["2"]]);
  const wrong: [change: Partial<Description>, message: RegExp][] = [
    [
      { columns: { text: "facts", label: "best" } },
      /a task of generation has columns.references or is a dialogue, one of another kind/,
    ],
    [{ kind: "classification", columns }, /its kind is classification$/],
    [
      { columns, labels: ["a", "b"] },
      /labels is of the kind classification, multi-label or multiple choice, its kind is generation$/,
    ],
    [{ columns, metrics: ["accuracy"] }, /its metrics must suit generation, current value is accuracy/],
    [{ columns: { text: "facts", references: ["others"] } }, /a row must have a others, it is empty in line 2;/],
  ];
  for (const [change, message] of wrong) {
    await assert.rejects(opened(files, { ...described, columns, ...change } as Description), { message });
  }
});
