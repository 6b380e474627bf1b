import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readSource, readSources } from "../../tasks/source.ts";
import { tasks } from "../../tasks/mod.ts";
import { inFolder } from "../in-folder.ts";

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

Deno.test("a source file with one changed letter is refused", () =>
  inFolder({}, async (folder) => {
    const [source] = tasks["sentiment/amazon"].source;
    const text = await readSource(source);
    const copy = { ...source, path: `${folder}/amazon.json` };
    await Deno.writeTextFile(copy.path, text);
    assert.equal(await readSource(copy), text);

    const tampered = text.replace("Good case", "Good Case");
    await Deno.writeTextFile(copy.path, tampered);
    await assert.rejects(readSource(copy), {
      message: `Cannot use ${copy.path}: its SHA-256 must be ${source.sha256}, current value is ${sha256(tampered)}`,
    });
  }));

Deno.test("a missing source file or package is an error that names it", async () => {
  for (const path of ["sentiment/test/fixtures/absent.json", "no-such-package/file"]) {
    await assert.rejects(readSource({ path, sha256: "" }), {
      message: `Cannot read ${path}: it must be among the installed npm packages (deno install)`,
    });
  }
  await assert.rejects(
    Array.fromAsync(readSources({ path: "no-such-package/c[a-r]", sha256: "" })),
    /Cannot read no-such-package/,
  );
});

Deno.test("a folder's files come in order of name under one checksum, and a missing one is noticed", () =>
  inFolder({}, async (folder) => {
    const files = { "package.json": "{}", cb01: "second", ca02: "first", cb1: "other", "cb01.txt": "other" };
    for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(`${folder}/${name}`, text);
    const source = { path: `${folder}/c[a-r][0-9][0-9]`, sha256: sha256("firstsecond") };
    assert.deepEqual(await Array.fromAsync(readSources(source)), [["ca02", "first"], ["cb01", "second"]]);

    await Deno.remove(`${folder}/ca02`);
    await assert.rejects(Array.fromAsync(readSources(source)), /^Error: Cannot use .*: its SHA-256 must be/);
  }));
