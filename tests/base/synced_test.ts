import assert from "node:assert/strict";
import { findFolder } from "../../models/mod.ts";
import { fileOf } from "../models/gguf/fixture.ts";
import { tinyLlama } from "../models/gguf/write-file.ts";
import { open, withHub } from "../models/hub/fixture.ts";

/** How many files were synced before each rename, by the place that was renamed to. */
async function renames(work: () => Promise<unknown>): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  const { rename } = Deno;
  const { sync } = Deno.FsFile.prototype;
  let synced = 0;
  Deno.FsFile.prototype.sync = function () {
    synced++;
    return sync.call(this);
  };
  Object.assign(Deno, {
    async rename(from: string, to: string) {
      await rename(from, to);
      found.set(to, synced);
      synced = 0;
    },
  });
  try {
    await work();
    return found;
  } finally {
    Object.assign(Deno, { rename });
    Deno.FsFile.prototype.sync = sync;
  }
}

Deno.test("what is fetched, and every file that is made of a GGUF file, is on the disk before it is in its place", () =>
  withHub(async (_, cache) => {
    const fetched = await renames(open);
    const blobs = [...fetched].filter(([to]) => to.startsWith(`${cache}/hub/blobs/`));
    assert(blobs.length >= 4);
    for (const [to, synced] of fetched) assert.equal(synced, 1, to);
    const path = await fileOf(tinyLlama());
    const made = await renames(() => findFolder(path));
    const { folder } = await findFolder(path);
    // The revision is written after the folder is in its place.
    const files = Array.from(Deno.readDirSync(folder!)).length - 1;
    assert.deepEqual([made.get(folder!), made.get(`${folder}/revision`)], [files, 1]);
  }));
