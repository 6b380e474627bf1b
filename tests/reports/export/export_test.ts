import assert from "node:assert/strict";
import jsonld from "jsonld";
import { UsageError } from "../../../base/errors.ts";
import { exportResults } from "../../../reports/export/export.ts";
import { listFiles, makeManifest, MANIFEST } from "../../../reports/export/manifest.ts";
import { inFolder } from "../../in-folder.ts";
import { parseCff } from "../citation/cff-schema.ts";
import { HOSTILE, hostileRecord } from "../citation/hostile.ts";
import { parseBibtex } from "../citation/parse-bibtex.ts";
import { makeRecord } from "../record-factory.ts";
import { store } from "./store.ts";

const study = ["lora", "full"].flatMap((method) => [0, 1].map((seed) => makeRecord({ method, seed })));

/** Terms of RO-Crate's context; a term that is not among them is an error. */
const terms = JSON.parse(await Deno.readTextFile(new URL("../../golden/ro-crate-context.json", import.meta.url)));

/** Lets a strict processor read a file of JSON-LD, without network. @returns the number of its triples */
async function readJsonLd(path: string): Promise<number> {
  const documentLoader = (url: string) => {
    if (url !== "https://w3id.org/ro/crate/1.1/context") throw new Error(`${path} must need no ${url}`);
    return Promise.resolve({ documentUrl: url, document: terms });
  };
  const value = JSON.parse(await Deno.readTextFile(path));
  const options = { documentLoader, safe: true, base: "https://example.org/", format: "application/n-quads" };
  return String(await jsonld.toRDF(value, options)).split("\n").length;
}

/** Every file with its text. */
async function textsIn(folder: string): Promise<Record<string, string>> {
  const paths = await listFiles(folder);
  return Object.fromEntries(
    await Promise.all(paths.map(async (path) => [path, await Deno.readTextFile(`${folder}/${path}`)])),
  );
}

Deno.test("an export holds records, report, study, citations, licences, lock file, checklist, metadata and checksums", () =>
  inFolder({}, async (folder) => {
    await store(`${folder}/results`, study);
    const { files, commands, unreadable } = await exportResults([`${folder}/results`], `${folder}/export`);
    assert.deepEqual(files, [
      "CITATION.cff",
      "LICENSE",
      "README.md",
      "checklist.md",
      "citations.bib",
      "croissant-runs.json",
      files.find((path) => /^croissant\/sentiment-amazon-[0-9a-f]{8}\.json$/.test(path)),
      "deno.lock",
      "licences.md",
      MANIFEST,
      ...files.filter((path) => path.startsWith("report/")),
      "ro-crate-metadata.json",
      ...study.map(({ id }) => `runs/${id}.json`).sort(),
      "study.json",
    ]);
    assert.deepEqual(commands, [`deno task bench ${folder}/export/study.json --out reproduced`]);
    assert.deepEqual(unreadable, []);
    for (const { id } of study) {
      const [copy, original] = await Promise.all(
        ["export", "results"].map((name) => Deno.readTextFile(`${folder}/${name}/runs/${id}.json`)),
      );
      assert.equal(copy, original);
    }
    const check = new Deno.Command("sha256sum", { args: ["--check", "--quiet", MANIFEST], cwd: `${folder}/export` });
    assert.ok((await check.output()).success);
  }));

Deno.test("the same records give the same bytes, wherever they are and in however many folders", () =>
  inFolder({}, async (folder) => {
    await store(`${folder}/a`, study.slice(0, 3));
    await store(`${folder}/b`, study.slice(1));
    await store(`${folder}/all`, study);
    await exportResults([`${folder}/b`, `${folder}/a`], `${folder}/first`);
    await exportResults([`${folder}/all`], `${folder}/second`);
    assert.deepEqual(await textsIn(`${folder}/first`), await textsIn(`${folder}/second`));
  }));

Deno.test("an unchanged export is replaced; a folder that is anything else is refused and left as it is", () =>
  inFolder({}, async (folder) => {
    await store(`${folder}/one`, study.slice(0, 1));
    await store(`${folder}/all`, study);
    await Deno.mkdir(`${folder}/export`);
    await exportResults([`${folder}/one`], `${folder}/export`);
    await exportResults([`${folder}/all`], `${folder}/export`);
    assert.equal((await listFiles(`${folder}/export/runs`)).length, study.length);
    await Deno.writeTextFile(`${folder}/export/note.txt`, "mine");
    await assert.rejects(
      exportResults([`${folder}/one`], `${folder}/export`),
      (error: Error) =>
        error instanceof UsageError && /must be empty or an unchanged export, files of it/.test(error.message),
    );
    await assert.rejects(exportResults([`${folder}/one`], `${folder}/all`), /must be empty .*, it holds 1 others/);
    await assert.rejects(exportResults([`${folder}/one`], `${folder}/export/note.txt`), /must be a folder, it is none/);
    assert.equal(await Deno.readTextFile(`${folder}/export/note.txt`), "mine");
  }));

Deno.test("a run that two folders hold with equal results is exported once", () =>
  inFolder({}, async (folder) => {
    await store(`${folder}/a`, study);
    await store(`${folder}/b`, [{ ...study[0], time: { ...study[0].time, trainSeconds: 9 } }]);
    await exportResults([`${folder}/a`, `${folder}/b`], `${folder}/export`);
    assert.equal((await listFiles(`${folder}/export/runs`)).length, study.length);
  }));

Deno.test("different results of a run, and folders without a readable record, are refused", () =>
  inFolder({ "broken/runs/0.json": "{" }, async (folder) => {
    await store(`${folder}/a`, [makeRecord({ accuracy: 0.8 })]);
    await store(`${folder}/b`, [makeRecord({ accuracy: 0.9 })]);
    await assert.rejects(
      exportResults([`${folder}/a`, `${folder}/b`], `${folder}/export`),
      /must have one result; Run .*: accuracy 80\.0 in .*, 90\.0 in /,
    );
    await assert.rejects(exportResults([`${folder}/broken`], `${folder}/export`), /must hold a readable record/);
    const { unreadable } = await exportResults([`${folder}/a`, `${folder}/broken`], `${folder}/export`);
    assert.equal(unreadable.length, 1);
  }));

Deno.test("the metadata are JSON-LD whose every term is known, and name every file", () =>
  inFolder({}, async (folder) => {
    await store(`${folder}/results`, study);
    const { files } = await exportResults([`${folder}/results`], `${folder}/export`);
    for (const path of files.filter((path) => /^croissant|^ro-crate/.test(path))) {
      assert.ok(await readJsonLd(`${folder}/export/${path}`) > 10, path);
    }
    const { "@graph": graph } = JSON.parse(await Deno.readTextFile(`${folder}/export/ro-crate-metadata.json`));
    const ids = new Set(graph.map((entity: { "@id": string }) => entity["@id"]));
    assert.equal(ids.size, graph.length);
    for (const path of files) if (path !== MANIFEST) assert.ok(ids.has(path), path);
    // Whatever an entity refers to within the crate is an entity of it.
    for (const [, id] of JSON.stringify(graph).matchAll(/\{"@id":"((?!https:)[^"]*)"\}/g)) assert.ok(ids.has(id), id);
  }));

Deno.test("the checklist answers with figures of the records, and says what is not known", () =>
  inFolder({}, async (folder) => {
    await store(`${folder}/results`, study);
    await exportResults([`${folder}/results`], `${folder}/export`);
    const text = await Deno.readTextFile(`${folder}/export/checklist.md`);
    assert.doesNotMatch(text, / null|"/);
    assert.match(text, /\*\*Which seeds\?\*\* 0, 1$/m);
    assert.match(text, /\*\*How many runs\?\*\* 4, of 2 settings$/m);
    assert.match(text, /\*\*How long did it take\?\*\* 10\.0 s in training steps/);
    assert.match(text, /\*\*How much energy\?\*\* not known/);
    assert.match(text, /sentiment\/amazon: 300 to train, 150 to validate, 400 to test/);
  }));

Deno.test("no text of a record breaks a file of an export or leaves its folder", () =>
  inFolder({}, async (folder) => {
    for (const [index, text] of HOSTILE.entries()) {
      const record = hostileRecord(text);
      await store(`${folder}/${index}`, [record]);
      const out = `${folder}/export-${index}`;
      const { files, unreadable } = await exportResults([`${folder}/${index}`], out);
      assert.deepEqual(unreadable, [], JSON.stringify(text));
      for (const path of files.filter((path) => /^croissant|^ro-crate/.test(path))) await readJsonLd(`${out}/${path}`);
      parseBibtex(await Deno.readTextFile(`${out}/citations.bib`));
      parseCff(await Deno.readTextFile(`${out}/CITATION.cff`));
      for (const name of ["README.md", "checklist.md", "licences.md"]) {
        const shown = await Deno.readTextFile(`${out}/${name}`);
        // deno-lint-ignore no-control-regex
        assert.ok(!/<script|[\x00-\x09\x0b-\x1f\x7f-\x9f\u202A-\u202E\u2066-\u2069]/.test(shown), name);
      }
      assert.equal(await Deno.readTextFile(`${out}/${MANIFEST}`), await makeManifest(out));
    }
    const outside = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) =>
      !/^(export-)?\d+$/.test(name)
    );
    assert.deepEqual(outside, []);
  }));
