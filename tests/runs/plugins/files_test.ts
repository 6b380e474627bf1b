import assert from "node:assert/strict";
import { relative } from "node:path";
import { UsageError } from "../../../base/errors.ts";
import { openPlugins } from "../../../runs/plugins/files.ts";
import { keepPlugins, keptPath } from "../../../runs/plugins/kept.ts";
import { inFolder } from "../../in-folder.ts";

/** A plug-in that imports files of every kind, one of them twice. */
const files = {
  "a/own.ts": `import { helper } from "./lib/helper.ts";
import rows from "../rows.tsv" with { type: "text" };
import sizes from "./sizes.json" with { type: "json" };
import type { Unused } from "./types.ts";
import { z } from "zod";
import { join } from "node:path";
export const own = [helper, rows, sizes, z, join, (): Unused => 1];`,
  "a/lib/helper.ts": 'import sizes from "../sizes.json" with { type: "json" };\nexport const helper = sizes.length;',
  "a/sizes.json": "[1, 2]",
  "a/types.ts": "export type Unused = number;",
  "rows.tsv": "text\tlabel\n",
};

/** The checksum and the files of one plug-in, from a folder. */
async function open(folder: string, name: string): Promise<[sum: string, files: string[]]> {
  const [[sum, { files }]] = Object.entries(await openPlugins([`${folder}/${name}`]));
  return [sum, files.map((file) => relative(folder, file))];
}

Deno.test("a plug-in is its file with all files that it imports, in the order of import; types alone are no part of it", () =>
  inFolder(files, async (folder) => {
    const [, found] = await open(folder, "a/own.ts");
    assert.deepEqual(found, ["a/own.ts", "a/lib/helper.ts", "a/sizes.json", "rows.tsv"]);
  }));

Deno.test("the checksum of a plug-in is that of its content: it changes with any file, and not with paths or types", () =>
  inFolder(files, async (folder) => {
    const [before] = await open(folder, "a/own.ts");
    await Deno.rename(`${folder}/a/own.ts`, `${folder}/a/renamed.ts`);
    await Deno.writeTextFile(`${folder}/a/types.ts`, "export type Unused = string;");
    assert.equal((await open(folder, "a/renamed.ts"))[0], before);
    for (const file of ["a/renamed.ts", "a/lib/helper.ts", "a/sizes.json", "rows.tsv"]) {
      const text = await Deno.readTextFile(`${folder}/${file}`);
      await Deno.writeTextFile(`${folder}/${file}`, `${text} `);
      assert.notEqual((await open(folder, "a/renamed.ts"))[0], before, file);
      await Deno.writeTextFile(`${folder}/${file}`, text);
    }
  }));

Deno.test("a results folder keeps a plug-in's files as they lie to each other, and the copy is the same plug-in under its user's name", () =>
  inFolder(files, async (folder) => {
    const [sum] = await open(folder, "a/own.ts");
    const kept = await keepPlugins(`${folder}/out`, await openPlugins([`${folder}/a/own.ts`]));
    assert.deepEqual([kept[sum].name, Object.keys(kept)], [`${folder}/a/own.ts`, [sum]]);
    for (const file of ["a/own.ts", "a/lib/helper.ts", "a/sizes.json", "rows.tsv"]) {
      const copy = `${folder}/out/plugins/${sum.slice(0, 16)}/${file}`;
      assert.equal(await Deno.readTextFile(copy), await Deno.readTextFile(`${folder}/${file}`));
    }
    assert.equal((await open(`${folder}/out`, keptPath(sum)))[0], sum);
  }));

Deno.test("a plug-in that is not there, or imports what is not there or may not be, is refused with its file and the import", () => {
  const cases: Record<string, [text: string | null, rule: RegExp]> = {
    "none.ts": [null, /there must be such a file/],
    "own.txt": ["", /it must be a file of TypeScript or JavaScript, such as \.\/my-method\.ts/],
    "missing.ts": ['import "./not-there.ts";', /what it imports must be there, \.\/not-there\.ts is not/],
    "deep.ts": ['import "./missing.ts";', /what it imports must be there, \.\/not-there\.ts is not/],
    "address.ts": ['import "https://example.com/x.ts";', /it must import files, .*, it imports https:\/\/example\.com/],
    "package.ts": ['import "npm:left-pad@1.3.0";', /it must import files, .*, it imports npm:left-pad/],
    "bare.ts": ['import "left-pad";', /it must import files, .*, it imports left-pad/],
    "broken.ts": ["export const = 1;", /it must be valid code: SyntaxError: .* in line 1, column \d+$/],
    "inside.ts": [
      `import "${new URL("../../../methods/lora.ts", import.meta.url).pathname}";`,
      /it must import TuneBench as @tunebench\/tunebench\/plugin, it imports .*lora\.ts/,
    ],
    "plugin.json": ['{ "version": 1, "files": ["../secret"] }', /files\.0 must be a path inside the folder/],
  };
  const texts = Object.entries(cases).flatMap(([name, [text]]) => text === null ? [] : [[name, text]]);
  return inFolder(Object.fromEntries(texts), async (folder) => {
    await Promise.all(
      Object.entries(cases).map(([name, [, rule]]) =>
        assert.rejects(openPlugins([`${folder}/${name}`]), (error: Error) => {
          assert.ok(error instanceof UsageError, `${name}: ${error}`);
          assert.match(error.message, rule);
          return error.message.startsWith(`Cannot use the plug-in ${folder}/${name}: `);
        })
      ),
    );
  });
});
