import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readSource, readSources } from "../../tasks/source.ts";
import { tasks } from "../../tasks/mod.ts";
import { canBeOtherUser, printedByOtherUser } from "../as-other-user.ts";
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

Deno.test({
  name: "a source file, or one of a folder, that this user may not read is refused for that, not as missing",
  ignore: !canBeOtherUser,
  fn: () =>
    inFolder({
      "node_modules/open/a.json": "1",
      "node_modules/open/package.json": "{}",
      "node_modules/closed/a.json": "1",
    }, async (root) => {
      await Deno.chmod(`${root}/node_modules/open/a.json`, 0o640);
      await Deno.chmod(`${root}/node_modules/closed`, 0o700);
      const printed = await printedByOtherUser(
        root,
        ["base/files.ts", "base/errors.ts", "tasks/source.ts"],
        'import { readSource, readSources } from "./tasks/source.ts"; const say = (error) => console.log(error.message);' +
          'await readSource({ path: "open/a.json" }).catch(say); await readSource({ path: "closed/a.json" }).catch(say);' +
          'await Array.fromAsync(readSources({ path: "open/a.*" })).catch(say);',
      );
      const denied =
        `Cannot read ${root}/node_modules/open/a.json: it must be readable for this user, its mode is 0640; ` +
        `its owner mends that with chmod a+r ${root}/node_modules/open/a.json`;
      assert.deepEqual(printed.split("\n"), [
        denied,
        `Cannot read ${root}/node_modules/closed/a.json: the folders above it must be readable for this user, ` +
        "their owner mends that with chmod a+rx",
        denied,
      ]);
    }),
});
