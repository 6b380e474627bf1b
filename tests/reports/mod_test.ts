import assert from "node:assert/strict";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { readResults, reportFormats, writeReport } from "../../reports/mod.ts";
import { groupResults, type Results } from "../../reports/results.ts";
import type { RunRecord } from "../../runs/study/record.ts";
import { formerIds } from "../../runs/study/spec.ts";
import { makeRecord } from "./record-factory.ts";
import { inFolder } from "../in-folder.ts";

async function store(folder: string, records: RunRecord[]): Promise<string> {
  await Deno.mkdir(`${folder}/runs`, { recursive: true });
  for (const record of records) await Deno.writeTextFile(`${folder}/runs/${record.id}.json`, JSON.stringify(record));
  return folder;
}

const study = ["full", "lora", "lora+prompt-tuning"].flatMap((method, index) =>
  [0, 1, 2].map((seed) => makeRecord({ method, seed, accuracy: 0.8 + 0.01 * ((seed * 7 + index * 3) % 5) }))
);

/** Texts of all files of a report, by their paths. */
async function textsOf(results: Results): Promise<Record<string, string>> {
  const files = await Promise.all(Object.values(reportFormats).map((format) => format.files(results)));
  return Object.assign({}, ...files);
}

Deno.test("every format of the table is written, and the text for the terminal is returned", () =>
  inFolder({}, async (folder) => {
    const { files, unreadable, terminal } = await writeReport([await store(folder, study)], `${folder}/new/report`);
    const written = [...Deno.readDirSync(`${folder}/new/report`)].map(({ name }) => name).sort();
    assert.deepEqual(written, [
      ...[
        "differences.csv",
        "figures",
        "report.html",
        "report.md",
        "results.csv",
        "runs.csv",
        "tables.tex",
        "trials.csv",
      ],
    ]);
    const expected = await textsOf(await readResults([folder]));
    assert.deepEqual(files, Object.keys(expected).map((file) => `${folder}/new/report/${file}`));
    for (const [file, text] of Object.entries(expected)) {
      assert.equal(await Deno.readTextFile(`${folder}/new/report/${file}`), text);
    }
    assert.deepEqual(unreadable, []);
    assert.match(terminal, /^lora\+prompt-tuning /m);
    assert.equal(Object.values(reportFormats).length, 8);
  }));

Deno.test("cells that have failed and have no record are counted, with what shows and what tries them again", () => {
  const said = "2 cells have failed and are not in the tables: deno task bench status ";
  return inFolder({ "failed/0a.1.json": {}, "failed/0a.2.json": {}, "failed/0b.1.json": {} }, async (folder) => {
    await store(folder, study);
    // This one has a record since.
    await Deno.writeTextFile(`${folder}/failed/${study[0].id}.1.json`, "{}");
    const { terminal } = await writeReport([folder], `${folder}/report`);
    const reports = ["report.md", "report.html"].map((file) => Deno.readTextFileSync(`${folder}/report/${file}`));
    for (const text of [terminal, ...reports]) assert.ok(text.includes(said) && text.includes("--retry-failed"));
    for (const name of ["0a.1", "0a.2", "0b.1"]) await Deno.remove(`${folder}/failed/${name}.json`);
    assert.ok(!(await writeReport([folder], `${folder}/report`)).terminal.includes("failed"));
  });
});

Deno.test("negative controls are a table in the document and on the page, failed ones first, and a broken record of them is named", () =>
  inFolder({ "controls/broken.json": { version: 1 } }, async (folder) => {
    const control = (name: string, passed: boolean) => ({ name, passed, detail: "1 of 2" });
    const record = {
      ...{ version: 1, id: "a", model: "use-lite", task: "task", method: "lora", seed: 0 },
      controls: [control("this holds", true), control("this does not", false)],
    };
    await Deno.writeTextFile(`${folder}/controls/a.json`, JSON.stringify(record));
    const { unreadable } = await writeReport([await store(folder, study)], `${folder}/report`);
    assert.deepEqual(unreadable.map(({ path }) => path), [`${folder}/controls/broken.json`]);
    const [document, page] = ["report.md", "report.html"].map((name) =>
      Deno.readTextFileSync(`${folder}/report/${name}`)
    );
    assert.match(document, /## Negative controls\n\n.*\n.*\n\| this does not \| no .*\n\| this holds \s*\| yes /);
    assert.match(page, /Negative controls[^]*this does not[^]*this holds/);
  }));

Deno.test("the same records in any order give the same bytes", async () => {
  const expected = await textsOf(groupResults(study, []));
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(study, { minLength: study.length }), async (records) => {
      assert.deepEqual(await textsOf(groupResults(records, [])), expected);
    }),
    { numRuns: 10 },
  );
});

Deno.test("report.md and the page cite methods and statistics with their papers", () =>
  inFolder({}, async (folder) => {
    const texts = await textsOf(await readResults([await store(folder, study)]));
    for (const file of ["report.md", "report.html"]) {
      for (
        const work of [
          /method lora, version 1/,
          /Hu, E\. J\..*LoRA: Low-Rank/,
          /McNemar, Q\. \(1947\)/,
          /Efron, B\. \(1979\)/,
        ]
      ) {
        assert.match(texts[file], work, file);
      }
    }
  }));

Deno.test("a run that is in several folders counts once", () =>
  inFolder({}, async (folder) => {
    const first = await store(`${folder}/first`, study.slice(0, 6));
    const second = await store(`${folder}/second`, study.slice(3));
    const texts = [];
    for (const folders of [[first, second], [second, first, first]]) {
      const { files } = await writeReport(folders, `${folder}/report`);
      texts.push(files.map((file) => Deno.readTextFileSync(file)).join("\n"));
    }
    assert.equal(texts[0], texts[1]);
    assert.equal(
      texts[0],
      Object.values(await textsOf(await readResults([await store(`${folder}/all`, study)]))).join("\n"),
    );
  }));

Deno.test("runs with equal results merge, whatever their time, memory, threads and start", () =>
  inFolder({}, async (folder) => {
    const first = await store(`${folder}/first`, [makeRecord()]);
    const later = makeRecord({
      change: ({ time, memory, environment }) => {
        time.trainSeconds = 9;
        memory.peak = { value: 1 };
        environment.threads = 1;
        environment.started = "2026-02-01T00:00:00Z";
      },
    });
    const second = await store(`${folder}/second`, [later]);
    const { conflicts } = await writeReport([second, first], `${folder}/report`);
    assert.deepEqual(conflicts, []);
  }));

Deno.test("different results of one run are named, and both are shown", () =>
  inFolder({}, async (folder) => {
    const first = await store(`${folder}/first`, [makeRecord({ accuracy: 0.8 })]);
    const second = await store(`${folder}/second`, [makeRecord({ accuracy: 0.9 })]);
    for (const folders of [[first, second], [second, first]]) {
      const { conflicts, files } = await writeReport(folders, `${folder}/report`);
      const { id } = makeRecord();
      assert.deepEqual(conflicts.map(({ path, otherPath }) => [path, otherPath]), [
        [`${first}/runs/${id}.json`, `${second}/runs/${id}.json`],
      ]);
      const report = await Deno.readTextFile(files.find((file) => file.endsWith("report.md"))!);
      assert.ok(
        report.includes(`Run ${id}: accuracy 80.0 in ${first}/runs/${id}.json, 90.0 in ${second}/runs/${id}.json`),
      );
    }
  }));

Deno.test("records of before, when the name of a model's folder was part of an id, are read, and a run counts once", () =>
  inFolder({}, async (folder) => {
    const revision = "ab".repeat(32);
    const former = ["a", "b"].map((model) => {
      const record = makeRecord({ model, revision });
      return { ...record, ...formerIds(record.spec) };
    });
    const [first, second] = former.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    await store(folder, [...former, makeRecord({ model: "b", revision, seed: 1 })]);
    const { unreadable, files } = await writeReport([folder], `${folder}/report`);
    assert.deepEqual(unreadable, [{
      path: `${folder}/runs/${second.id}.json`,
      reason: `it is the run ${first.id}, of the same model under another name`,
    }]);
    const csv = await Deno.readTextFile(files.find((file) => file.endsWith("results.csv"))!);
    assert.deepEqual(parse<{ n: string }>(csv, { columns: true }).map(({ n }) => n), ["2"]);
  }));

Deno.test("a corrupt record is listed and left unchanged, and the others are reported", () =>
  inFolder({}, async (folder) => {
    await store(folder, study);
    const path = `${folder}/runs/${study[0].id}.json`;
    await Deno.writeTextFile(path, "{");
    const scoreless = makeRecord({ method: "full", seed: 5, change: (record) => delete record.scores.test.accuracy });
    await store(folder, [scoreless]);
    const { unreadable, files } = await writeReport([folder], `${folder}/report`);
    assert.deepEqual(unreadable.map(({ path }) => path).sort(), [path, `${folder}/runs/${scoreless.id}.json`].sort());
    assert.equal(await Deno.readTextFile(path), "{");
    const report = await Deno.readTextFile(files.find((file) => file.endsWith(".md"))!);
    assert.ok(report.includes("8 runs of 3 settings") && report.includes(`File ${path}: `));
  }));

Deno.test("without a readable record, nothing is written and the error says why", () =>
  inFolder({}, async (folder) => {
    const out = `${folder}/report`;
    await assert.rejects(writeReport([folder], out), /Cannot read results: .* must hold a folder runs/);
    await store(folder, []);
    await assert.rejects(writeReport([folder], out), /must hold a readable record, current number is 0$/);
    await Deno.writeTextFile(`${folder}/runs/x.json`, "[]");
    await assert.rejects(writeReport([folder], out), /current number is 0; .*runs\/x\.json: /);
    assert.throws(() => Deno.statSync(out), Deno.errors.NotFound);
  }));

Deno.test("a folder that cannot be written is an error that names it, and no part of a file is left", () =>
  inFolder({}, async (folder) => {
    await store(folder, study);
    await Deno.writeTextFile(`${folder}/file`, "");
    await assert.rejects(
      writeReport([folder], `${folder}/file/report`),
      /Cannot write a report: .*\/file\/report must be/,
    );
    await Deno.mkdir(`${folder}/out/report.md/full`, { recursive: true });
    await assert.rejects(writeReport([folder], `${folder}/out`), /Cannot write a report: .*\/out must be/);
    assert.deepEqual([...Deno.readDirSync(`${folder}/out`)].map(({ name }) => name), ["report.md"]);
  }));

Deno.test("the validation score stands beside the test score where it is asked for", () =>
  inFolder({}, async (folder) => {
    const record = makeRecord({
      accuracy: 0.75,
      change: ({ scores, curve }) => {
        scores.validation = { accuracy: 0.625, matthews: 0.25 };
        curve.validation[2] = { accuracy: 0.625, matthews: 0.25 };
      },
    });
    const results = await store(folder, [record]);
    const { terminal } = await writeReport([results], `${folder}/report`, { validation: true });
    const texts = ["report.md", "report.html"].map((file) => Deno.readTextFileSync(`${folder}/report/${file}`));
    for (const text of [terminal, ...texts]) assert.match(text, /validation.*62\.5/s);
    const { terminal: without } = await writeReport([results], `${folder}/report`);
    assert.doesNotMatch(without, /validation|62\.5/);
  }));
