/**
 * What stands among the records and is none: it is named with its reason, and the other records are read all the same.
 */
import assert from "node:assert/strict";
import { readRecords } from "../../../runs/study/read-records.ts";
import { inFolder } from "../../in-folder.ts";

const golden = JSON.parse(await Deno.readTextFile(new URL("../../golden/record-1.json", import.meta.url)));

Deno.test({
  name: "a record that is a link, a folder, a pipe or nested too deep is unreadable, and the others are read",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder({
      [`runs/${golden.id}.json`]: golden,
      "elsewhere/record.json": golden,
      "runs/deep.json": `{"a":`.repeat(4000) + "1" + "}".repeat(4000),
      "runs/folder.json/a": "",
    }, async (folder) => {
      await Deno.symlink("../elsewhere/record.json", `${folder}/runs/link.json`);
      await Deno.symlink("nowhere", `${folder}/runs/lost.json`);
      assert((await new Deno.Command("mkfifo", { args: [`${folder}/runs/pipe.json`] }).output()).success);
      const { records, unreadable } = await readRecords(folder);
      assert.deepEqual(records.map(({ id }) => id), [golden.id]);
      assert.deepEqual(Object.fromEntries(unreadable.map(({ path, reason }) => [path.split("/").at(-1), reason])), {
        "deep.json": "it must be nested at most 100 deep, it is deeper",
        "folder.json": "it must be a file, it is a folder",
        "link.json": "links must stay inside its folder, it leads elsewhere",
        "lost.json": "there must be such a file",
        "pipe.json": "it must be a file, it is a pipe",
      });
    }),
});
