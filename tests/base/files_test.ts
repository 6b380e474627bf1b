import assert from "node:assert/strict";
import { readLines, readObject, readVerified, sha256File } from "../../base/files.ts";
import { replaceFile, sweepDrafts, writeFolder, writeJson } from "../../base/write-files.ts";
import { inFolder } from "../in-folder.ts";

const names = async (folder: string) => (await Array.fromAsync(Deno.readDir(folder))).map((entry) => entry.name).sort();

Deno.test("a folder appears with all its files, replaces the one that was there and leaves nothing else", () =>
  inFolder({}, async (root) => {
    const path = `${root}/adapter`;
    await writeFolder(path, (folder) => Deno.writeTextFile(`${folder}/old`, ""));
    await writeFolder(path, async (folder) => {
      await Deno.writeTextFile(`${folder}/a`, "1");
      assert.deepEqual(await names(path), ["old"]);
      await Deno.writeTextFile(`${folder}/b`, "2");
    });
    assert.deepEqual(await names(path), ["a", "b"]);
    assert.deepEqual(await names(root), ["adapter"]);
  }));

Deno.test("a folder that could not be filled leaves the one that was there, and nothing beside it", () =>
  inFolder({ "folder/a.txt": "old" }, async (root) => {
    const fill = async (draft: string) => {
      await Deno.writeTextFile(`${draft}/b.txt`, "new");
      throw new Error("full");
    };
    await assert.rejects(writeFolder(`${root}/folder`, fill), /^Error: full$/);
    assert.deepEqual([...Deno.readDirSync(root)].map(({ name }) => name), ["folder"]);
    assert.equal(await Deno.readTextFile(`${root}/folder/a.txt`), "old");
  }));

Deno.test("many writers of one folder and one file leave the whole work of one of them", () =>
  inFolder({}, async (root) => {
    await Promise.all(Array.from({ length: 20 }, async (_, writer) => {
      await writeFolder(`${root}/adapter`, async (folder) => {
        for (const name of ["a", "b"]) await Deno.writeTextFile(`${folder}/${name}`, String(writer));
      });
      await writeJson(`${root}/record.json`, { writer });
    }));
    assert.deepEqual(await names(root), ["adapter", "record.json"]);
    assert.equal(await Deno.readTextFile(`${root}/adapter/a`), await Deno.readTextFile(`${root}/adapter/b`));
    assert.ok(JSON.parse(await Deno.readTextFile(`${root}/record.json`)).writer >= 0);
  }));

Deno.test("a file that could not be written stays as it was, and nothing is left beside it", () =>
  inFolder({ "a.txt": "old" }, async (root) => {
    const write = async (draft: string) => {
      await Deno.writeTextFile(draft, "ne");
      throw new Error("disk full");
    };
    await assert.rejects(replaceFile(`${root}/a.txt`, write), { message: "disk full" });
    assert.deepEqual(await names(root), ["a.txt"]);
    assert.equal(await Deno.readTextFile(`${root}/a.txt`), "old");
  }));

Deno.test("a file is read with its checksum, and refused where it has another", () =>
  inFolder({ "a.txt": "abc" }, async (root) => {
    // SHA-256 of "abc", FIPS 180-2, B.1.
    const sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert.equal(await sha256File(`${root}/a.txt`), sha256);
    assert.equal(await sha256File(`${root}/missing`), null);
    assert.equal(new TextDecoder().decode(await readVerified(`${root}/a.txt`, sha256)), "abc");
    await assert.rejects(readVerified(`${root}/a.txt`, "00"), {
      message: `Cannot read ${root}/a.txt: its SHA-256 must be 00, current value is ${sha256}`,
    });
  }));

Deno.test("a JSON object is read; what is missing, too large, broken or no object is refused in one sentence", () =>
  inFolder({ "a.json": '{"a": 1}', "list.json": "[]", "broken.json": "{" }, async (root) => {
    assert.deepEqual(await readObject(`${root}/a.json`, 8), { a: 1 });
    const wrong: [string, number, RegExp][] = [
      ["missing.json", 9, /there must be such a file$/],
      ["a.json", 7, /it must have at most 7 bytes, current value is 8$/],
      ["list.json", 9, /it must hold a JSON object$/],
      ["broken.json", 9, /it must be JSON, [^\n]+$/],
    ];
    for (const [name, longest, message] of wrong) {
      await assert.rejects(readObject(`${root}/${name}`, longest), message);
    }
  }));

Deno.test("the lines of a stream are the same wherever its pieces end, with and without a last line end", async () => {
  const bytes = new TextEncoder().encode("one\r\n\nzwei ü\nlast");
  for (let size = 1; size <= bytes.length; size++) {
    const pieces = Array.from(
      { length: Math.ceil(bytes.length / size) },
      (_, at) => bytes.slice(at * size, (at + 1) * size),
    );
    assert.deepEqual(await Array.fromAsync(readLines(ReadableStream.from(pieces))), ["one", "", "zwei ü", "last"]);
  }
});

Deno.test("a file or folder that a full disk does not take leaves nothing, and one sentence says so", () =>
  inFolder({}, async (root) => {
    const full = () => Promise.reject(Object.assign(new Error("No space left on device"), { code: "ENOSPC" }));
    const message = `Cannot write ${root}/a: its disk must have space left, it is full`;
    await assert.rejects(replaceFile(`${root}/a`, full), { message });
    await assert.rejects(
      writeFolder(`${root}/a`, async (folder) => {
        await Deno.writeTextFile(`${folder}/part`, "");
        await full();
      }),
      { message },
    );
    assert.deepEqual(await names(root), []);
  }));

Deno.test("drafts are removed where their owner has ended and nothing was written for a minute", () =>
  inFolder({}, async (root) => {
    const child = new Deno.Command(Deno.execPath(), { args: ["--version"], stdout: "null" }).spawn();
    await child.status;
    const id = crypto.randomUUID();
    const old = new Date(Date.now() - 120_000);
    for (const name of [`a.${child.pid}.${id}.tmp`, `b.${Deno.pid}.${id}.tmp`, "c.tmp", "d.json"]) {
      await Deno.writeTextFile(`${root}/${name}`, "");
      await Deno.utime(`${root}/${name}`, old, old);
    }
    await Deno.writeTextFile(`${root}/e.${child.pid}.${id}.tmp`, "");
    await sweepDrafts(root);
    assert.deepEqual(await names(root), [
      `b.${Deno.pid}.${id}.tmp`,
      "c.tmp",
      "d.json",
      `e.${child.pid}.${id}.tmp`,
    ]);
  }));
