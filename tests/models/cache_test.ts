import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cachedFile, cacheFolder, derivedFile } from "../../models/cache.ts";
import { loadExamples } from "../../runs/training/heads/kept-examples.ts";
import { inFolder } from "../in-folder.ts";

const content = "content";
const sha256 = createHash("sha256").update(content).digest("hex");

async function inCache(folder: string, work: () => Promise<void>): Promise<void> {
  const before = Deno.env.get("TUNEBENCH_CACHE");
  Deno.env.set("TUNEBENCH_CACHE", folder);
  try {
    await work();
  } finally {
    if (before === undefined) Deno.env.delete("TUNEBENCH_CACHE");
    else Deno.env.set("TUNEBENCH_CACHE", before);
  }
}

function inTemporaryCache(work: (folder: string) => Promise<void>): Promise<void> {
  return inFolder({}, (folder) => inCache(folder, () => work(folder)));
}

/** What is in a cache folder, apart from its lock. */
function made(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder), ({ name }) => name).filter((name) => name !== "lock");
}

Deno.test("a cached file is built once, and again if it is damaged", () =>
  inTemporaryCache(async (folder) => {
    let built = 0;
    const open = () =>
      cachedFile("thing", "txt", sha256, async (path) => {
        built++;
        await Deno.writeTextFile(path, content);
      });
    const path = await open();
    await open();
    assert.equal(built, 1);
    await Deno.writeTextFile(path, "damaged");
    await open();
    assert.equal(built, 2);
    assert.equal(await Deno.readTextFile(path), content);
    assert.deepEqual(made(folder), [`thing-${sha256.slice(0, 16)}.txt`]);
  }));

Deno.test("of calls that want the same file at once one builds it, and all get it", () =>
  inTemporaryCache(async () => {
    let built = 0;
    const build = async (path: string) => {
      built++;
      await Deno.writeTextFile(path, content);
    };
    const open = () => Promise.all([cachedFile("a", "txt", sha256, build), derivedFile("b", sha256, "txt", build)]);
    const paths = (await Promise.all([open(), open(), open()])).flat();
    for (const path of paths) assert.equal(await Deno.readTextFile(path), content);
    assert.equal(built, 2);
  }));

Deno.test("a file that is built with another checksum is refused and leaves nothing", () =>
  inTemporaryCache(async (folder) => {
    const build = (path: string) => Deno.writeTextFile(path, "other");
    await assert.rejects(cachedFile("thing", "txt", sha256, build), /^Error: Cannot build .*: its SHA-256 must be /);
    assert.deepEqual(made(folder), []);
  }));

Deno.test("a cache folder that cannot be written is named", () =>
  inTemporaryCache((folder) => {
    const file = `${folder}/file`;
    Deno.writeTextFileSync(file, "");
    return inCache(`${file}/cache`, async () => {
      const open = cachedFile("thing", "txt", sha256, (path) => Deno.writeTextFile(path, content));
      await assert.rejects(open, { message: new RegExp(`^Cannot use the cache folder ${file}/cache: `) });
    });
  }));

Deno.test("TUNEBENCH_CACHE names the cache folder", () =>
  inCache("/somewhere", () => {
    assert.equal(cacheFolder(), "/somewhere");
    return Promise.resolve();
  }));

Deno.test("examples that are kept are read once for each version and checksum of their task, others at each call", () =>
  inTemporaryCache(async (folder) => {
    const data = { pool: [{ id: "a", text: 'é "quoted"\n', label: 1 }, { id: "b", text: "", label: 0 }] };
    let loaded = 0;
    const load = () => (loaded++, Promise.resolve(data));
    const source = [{ path: "p", sha256 }];
    const task = { name: "a/b", version: 1, source, load };
    assert.deepEqual(await loadExamples(task, undefined), data);
    assert.deepEqual([loaded, made(folder)], [1, []]);
    const kept = { ...task, kept: true };
    for (const _ of [1, 2]) assert.deepEqual(await loadExamples(kept, undefined), data);
    assert.equal(loaded, 2);
    await loadExamples({ ...kept, version: 2 }, undefined);
    await loadExamples({ ...kept, source: [{ path: "p", sha256: "0" }] }, undefined);
    assert.equal(loaded, 4);
    for (const name of made(folder)) await Deno.writeTextFile(`${folder}/${name}`, "damaged");
    assert.deepEqual(await loadExamples(kept, undefined), data);
    assert.equal(loaded, 5);
  }));
