import assert from "node:assert/strict";
import { writeFolder, writeJson } from "../../../base/files.ts";

const names = async (folder: string) => (await Array.fromAsync(Deno.readDir(folder))).map((entry) => entry.name).sort();

Deno.test("a folder appears with all its files, replaces the one that stood there and leaves nothing else", async () => {
  const root = await Deno.makeTempDir();
  const path = `${root}/adapter`;
  await writeFolder(path, (folder) => Deno.writeTextFile(`${folder}/old`, ""));
  await writeFolder(path, async (folder) => {
    await Deno.writeTextFile(`${folder}/a`, "1");
    assert.deepEqual(await names(path), ["old"]);
    await Deno.writeTextFile(`${folder}/b`, "2");
  });
  assert.deepEqual(await names(path), ["a", "b"]);
  assert.deepEqual(await names(root), ["adapter"]);
  await Deno.remove(root, { recursive: true });
});

Deno.test("many writers of one folder and one file leave the whole work of one of them", async () => {
  const root = await Deno.makeTempDir();
  await Promise.all(Array.from({ length: 20 }, async (_, writer) => {
    await writeFolder(`${root}/adapter`, async (folder) => {
      for (const name of ["a", "b"]) await Deno.writeTextFile(`${folder}/${name}`, String(writer));
    });
    await writeJson(`${root}/record.json`, { writer });
  }));
  assert.deepEqual(await names(root), ["adapter", "record.json"]);
  assert.equal(await Deno.readTextFile(`${root}/adapter/a`), await Deno.readTextFile(`${root}/adapter/b`));
  assert.ok(JSON.parse(await Deno.readTextFile(`${root}/record.json`)).writer >= 0);
  await Deno.remove(root, { recursive: true });
});
