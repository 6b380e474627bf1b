import assert from "node:assert/strict";
import { presets } from "../../../runs/study/presets.ts";
import { cellsOf } from "../../../runs/launch/cells.ts";
import { workerPermissions } from "../../../runs/launch/permissions/worker-permissions.ts";
import { openOwn, taskOfSpec } from "../../../runs/study/find-task.ts";
import { studiesOf } from "../../../runs/study/rebuild.ts";
import { runId, settingId } from "../../../runs/study/spec.ts";
import { parseStudy } from "../../../runs/study/study.ts";
import type { Description } from "../../../tasks/described/description.ts";
import { textHash } from "../../../tasks/examples.ts";
import { splitExamples } from "../../../runs/training/split.ts";
import { dataOf, readDescribed, readTexts } from "../../../tasks/described/read.ts";
import { summarise, type Summary } from "../../../tasks/described/summary.ts";
import type { Task } from "../../../tasks/types.ts";
import { type Files, inFolder } from "../../in-folder.ts";
import { makeRecord } from "../../reports/record-factory.ts";
import { columns, data, inEveryForm, makeRows, study, toCsv } from "./tables.ts";

const rows = makeRows(200);

Deno.test("the same rows in every kind of file give the same examples, and specs that differ in the checksum alone", async () => {
  const forms = inEveryForm(rows);
  await inFolder(forms, async (folder) => {
    const opened = [];
    for (const name of Object.keys(forms)) {
      const [{ spec, tables }] = await cellsOf(study({ name: "reviews", data: `${folder}/${name}`, columns }));
      const task = taskOfSpec(spec.task, tables) as Task;
      const { files, ...decisive } = spec.task;
      opened.push({ name, spec: { ...spec, task: decisive }, sha256: files!.pool, data: await task.load() });
    }
    assert.deepEqual(opened[0].data.pool![3], { id: "pool/4", text: rows[3].body, label: 1 });
    assert.deepEqual(opened[0].spec.task.described!.labels, ["1", "5"]);
    for (const other of opened) {
      assert.deepEqual(other.data, opened[0].data, other.name);
      assert.deepEqual(other.spec, opened[0].spec, other.name);
    }
    assert.equal(new Set(opened.map(({ sha256 }) => sha256)).size, opened.length);
  });
});

Deno.test("a run is named by the content of a task's files and what decides their reading, not by paths, a licence or templates", async () => {
  const csv = toCsv(rows);
  const description = { name: "mine", data: "data/a.csv", columns };
  const wording = { templates: ["{text} It was {answer}."], words: { "5": "great" } };
  const files: Files = {
    "mine.json": `// what it is\n${JSON.stringify(description).replace("}}", "},}")}`,
    "data/a.csv": csv,
    "other/mine.json": { ...description, data: "b.csv", licence: "CC BY 4.0", description: "Is it good?", ...wording },
    "other/b.csv": csv,
    "changed.json": { ...description, labels: [5, 1] },
  };
  await inFolder(files, async (folder) => {
    const [[first], [second], [changed]] = await Promise.all(
      ["mine.json", "other/mine.json", "changed.json"].map((name) => cellsOf(study(`${folder}/${name}`))),
    );
    assert.equal(first.id, second.id);
    assert.equal(settingId(first.spec), settingId(second.spec));
    assert.notEqual(first.id, changed.id);
    assert.ok(!JSON.stringify(first.spec).includes(folder));
    assert.deepEqual((await openOwn(`${folder}/other/mine.json`)).wording, wording);
    assert.equal((taskOfSpec(second.spec.task) as Task).licence, "CC BY 4.0");
    assert.deepEqual(changed.spec.task.described!.labels, ["5", "1"]);
  });
});

Deno.test("a study is made again from a spec alone, with the description in it and its files expected by their splits", async () => {
  const files = { "train.csv": toCsv(rows.slice(0, 120)), "test.csv": toCsv(rows.slice(120)) };
  await inFolder(files, async (folder) => {
    const given: Description = {
      name: "mine",
      version: 2,
      citation: "Me (2026).",
      data: { train: `${folder}/train.csv`, test: `${folder}/test.csv` },
      columns,
      missing: "drop",
    };
    const [{ spec, id }] = await cellsOf(study(given));
    const { studies: [again], needed } = studiesOf([{ ...makeRecord(), spec, id: runId(spec) }]);
    assert.match(needed[0].path, /^\.\/task-files\/mine-[0-9a-f]{8}$/);
    assert.match(needed[0].what, /^the files of mine: test \(SHA-256 [0-9a-f]{64}\), train \(SHA-256/);
    // As if the files had been put there.
    const placed = JSON.stringify(again).replaceAll(`${needed[0].path}/train`, `${folder}/train.csv`)
      .replaceAll(`${needed[0].path}/test`, `${folder}/test.csv`);
    const [repeated] = await cellsOf(parseStudy(JSON.parse(placed), presets.quick.study));
    assert.equal(repeated.spec.task.described!.citation, "Me (2026).");
    assert.deepEqual(repeated.spec.task, spec.task);
    assert.deepEqual([repeated.id, again.data], [id, data]);
  });
});

Deno.test("labels are numbers in their order and then texts, the same from numbers, booleans and texts", async () => {
  const labelsOf = (values: unknown[]) =>
    inFolder(
      { "a.jsonl": values.map((stars, at) => JSON.stringify({ body: `text ${at}`, stars })).join("\n") },
      async (folder) => (await openOwn({ data: `${folder}/a.jsonl`, columns })).task.described.labels,
    );
  const twice = (values: unknown[]) => [...values, ...values];
  assert.deepEqual(await labelsOf(twice([10, "9", 1.5, "none", "-1", "2.0", 2, "A"])), [
    ..."-1 1.5 2 9 10 A none".split(" "),
  ]);
  assert.deepEqual(await labelsOf(twice([true, "False", "TRUE", false])), ["false", "true"]);
});

Deno.test("Latin-1 and UTF-16 without a mark are read with the encoding that the error names", async () => {
  const csv = toCsv(rows);
  const files = {
    "latin.csv": Uint8Array.from(csv, (letter) => letter.charCodeAt(0)),
    "wide.csv": new Uint8Array(Uint16Array.from(csv, (letter) => letter.charCodeAt(0)).buffer),
  };
  await inFolder(files, async (folder) => {
    for (const [name, encoding] of [["latin.csv", "latin-1"], ["wide.csv", "utf-16le"]] as const) {
      const description: Description = { data: `${folder}/${name}`, columns };
      await assert.rejects(openOwn(description), { message: new RegExp(`${encoding}.* reads it .*--encoding`) });
      const { read } = await openOwn({ ...description, encoding });
      assert.equal(read.splits[0].examples[0].text, rows[0].body);
    }
  });
});

Deno.test("rows without a text or a label are passed over where that is asked for, and the others keep their numbers", async () => {
  const files = { "a.csv": `id,body,stars\n0,a,1\n1,,1\n\n2,"b\nb",5\n3,c, \n4,d,1\n5,e,5\n` };
  await inFolder(files, async (folder) => {
    const { read } = await openOwn({ data: `${folder}/a.csv`, columns, missing: "drop" });
    const [split] = read.splits;
    const { examples } = split;
    assert.deepEqual([read.sources[0].rows, read.sources[0].dropped], [6, 2]);
    assert.deepEqual(examples.map(({ id, text }) => [id, text]), [
      ...[["pool/1", "a"], ["pool/3", "b\nb"], ["pool/5", "d"], ["pool/6", "e"]],
    ]);
    assert.deepEqual(
      examples.map((_, at) => split.placeOf(at)),
      ["line 2", "line 5", "line 8", "line 9"].map((line) => `${line} of a.csv`),
    );
  });
});

Deno.test("a file with tabs and without quoting keeps its quotes", async () => {
  await inFolder({ "a.tsv": 'body\tstars\n"Yes" he said\t1\n"no\t5\n"go on\t1\nb"c\t5\n' }, async (folder) => {
    const { read } = await openOwn({ data: `${folder}/a.tsv`, columns });
    assert.deepEqual(read.splits[0].examples.map(({ text }) => text), ['"Yes" he said', '"no', '"go on', 'b"c']);
  });
});

Deno.test("where all texts together are many, examples have hashes for them, and those that are drawn are read again", async () => {
  const lines = Array.from(
    { length: 60 },
    (_, at) => `${at},"the ${at % 50}th\ntext, ""quoted""",${at % 3 ? 5 : 1},${at % 7}`,
  );
  await inFolder({ "a.csv": `id,body,stars,doc\n${lines.join("\n")}\n` }, async (folder) => {
    const reading = { columns: { ...columns, pair: "id", group: "doc" } };
    const sources = { pool: { paths: [`${folder}/a.csv`] } };
    const [whole, outlined] = [
      await readDescribed("a", reading, sources),
      await readDescribed("a", reading, sources, 50),
    ];
    const [{ examples }] = outlined.splits;
    assert.ok(examples.every(({ hash }, at) => hash === textHash(whole.splits[0].examples[at])));
    assert.deepEqual(examples.filter(({ text }) => text !== "").map(({ id }) => id), ["pool/1", "pool/2"]);
    const numbersOf = ({ examples: _, constant: { answer: { label }, score }, ...numbers }: Summary) => ({
      ...numbers,
      label,
      score,
    });
    assert.deepEqual(numbersOf(summarise(outlined)), numbersOf(summarise(whole)));
    assert.equal(summarise(outlined).examples.length, 2);
    const sizes = { train: 8, validation: 4, test: 4 };
    const [drawn, expected] = [outlined, whole].map((read) =>
      Object.values(splitExamples(dataOf(read), sizes, 0)).flat()
    );
    assert.deepEqual(await readTexts(reading, sources, drawn), expected);
  });
});

Deno.test("duplicates, conflicting labels, texts in two splits and the majority are counted", async () => {
  const files = {
    "train.csv": "body,stars\na b,1\nA  b,1\nc,1\nc,5\nd e f,5\n",
    "test.csv": "body,stars\nc,5\ng,5\nh,1\n",
  };
  await inFolder(files, async (folder) => {
    const { read } = await openOwn({
      data: { train: `${folder}/train.csv`, test: `${folder}/test.csv` },
      columns,
      allowOverlap: true,
    });
    const { counts, words, duplicates, conflicts, overlaps, constant, examples } = summarise(read);
    assert.deepEqual(counts, [{ split: "train", classes: [3, 2] }, { split: "test", classes: [1, 2] }]);
    assert.deepEqual([words, duplicates, conflicts.count, conflicts.first?.text], [[1, 1, 3], 2, 1, "c"]);
    assert.deepEqual(overlaps, [{
      between: ["train", "test"],
      count: 1,
      first: "line 4 of train.csv and line 2 of test.csv",
    }]);
    assert.deepEqual([constant.answer.label, constant.score], [1, 2 / 3]);
    assert.equal(examples.length, 5);
  });
});

Deno.test("a worker may read the file that a description's link leads to, and no folder for it", async () => {
  await inFolder(
    { "elsewhere/own.csv": toCsv(rows), "here/own.json": { data: "own.csv", columns } },
    async (folder) => {
      await Deno.symlink(`${folder}/elsewhere/own.csv`, `${folder}/here/own.csv`);
      const [cell] = await cellsOf(study(`${folder}/here/own.json`));
      assert.deepEqual(cell.tables, { pool: [await Deno.realPath(`${folder}/elsewhere/own.csv`)] });
      const { read } = workerPermissions({ places: [cell], computes: true }, new URL("file:///worker.ts"));
      assert.deepEqual((read as string[]).filter((path) => path.includes(folder)), Object.values(cell.tables!).flat());
    },
  );
});
