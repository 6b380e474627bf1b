import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { HubRefusal } from "../../../models/hub/name.ts";
import { openSnapshot } from "../../../models/hub/snapshot.ts";
import {
  assertComplete,
  assertNothingWrong,
  COMMIT,
  files,
  hasty,
  NAME,
  noise,
  open,
  readAll,
  text,
  wanted,
  withHub,
} from "./fixture.ts";
import { commitOf, sha256, slowly, startHub } from "./server.ts";

Deno.test("a model is fetched with the files it needs, and the token goes to the hub but not where it redirects to", () =>
  withHub(async (hub) => {
    Deno.env.set("HF_TOKEN", "secret");
    const { commit, folder, files: facts, fetched } = await open();
    assert.equal(commit, COMMIT);
    await assertComplete(folder);
    assert.equal(fetched, Object.values(wanted).reduce((sum, { length }) => sum + length, 0));
    assert.deepEqual(
      facts,
      Object.fromEntries(
        Object.entries(wanted).map(([name, bytes]) => [name, { size: bytes.length, sha256: sha256(bytes) }]),
      ),
    );
    const tokens = (server: string) =>
      new Set(hub.asked.filter((of) => of.server === server).map(({ token }) => token));
    assert.deepEqual([tokens("hub"), tokens("cdn")], [new Set(["Bearer secret"]), new Set([null])]);
    // A listing may send its reader to another server for the next page.
    hub.repositories["models/org/other"] = hub.repositories[`models/${NAME}`];
    await using thief = startHub();
    hub.intercept = ({ path }) =>
      path.includes("/tree/")
        ? Response.json([], { headers: { link: `<${thief.endpoint}/api/models/org/x/tree/main>; rel="next"` } })
        : undefined;
    await assert.rejects(open("org/other"));
    assert.deepEqual(thief.asked.map(({ token }) => token), [null]);
  }));

Deno.test("a complete model is not fetched again, and equal contents are stored once", () =>
  withHub(async (hub, cache) => {
    const { folder } = await open();
    hub.asked = [];
    assert.deepEqual(await open().then(({ folder, fetched }) => ({ folder, fetched })), { folder, fetched: 0 });
    assert.equal(hub.asked.length, 1);
    await open(`${NAME}@${COMMIT}`);
    assert.equal(hub.asked.length, 1);
    // As a machine that went down may leave them.
    for (const name of [`manifests/${COMMIT}.json`, "refs/main"]) {
      await Deno.writeTextFile(`${cache}/hub/models--org--tiny/${name}`, "");
      if (name === "refs/main") await assert.rejects(open(NAME, { offline: true }), HubRefusal);
      assert.equal((await open()).folder, folder);
    }
    const second = commitOf("second");
    const { refs, commits } = hub.repositories[`models/${NAME}`];
    commits[second] = { ...files, "config.json": text('{"changed": true}') };
    refs.v2 = second;
    hub.sent = 0;
    const other = await open(`${NAME}@v2`);
    assert.equal(other.commit, second);
    assert(hub.sent < 1000);
    assert.equal(
      (await Deno.stat(`${other.folder}/model.safetensors`)).ino,
      (await Deno.stat(`${folder}/model.safetensors`)).ino,
    );
    assert.deepEqual(await readAll(`${cache}/hub/models--org--tiny/partial`), {});
  }));

Deno.test("without a network, a name stands for its last known commit, and this is said; a model that is not there is an error", async () => {
  let sentences: string[] = [];
  const say = (sentence: string) => void sentences.push(sentence);
  await withHub(async (hub, _, hfCache) => {
    const { folder } = await open();
    await hub[Symbol.asyncDispose]();
    hub[Symbol.asyncDispose] = () => Promise.resolve();
    assert.equal((await open(NAME, { say })).folder, folder);
    assert.match(
      sentences.join(),
      new RegExp(`^The hub cannot be asked, 127.* cannot be reached .*: org/tiny@${COMMIT} is used from the cache`),
    );
    sentences = [];
    assert.equal((await open(NAME, { say, offline: true })).folder, folder);
    assert.equal((await open(`${NAME}@${COMMIT}`, { say })).folder, folder);
    assert.deepEqual(sentences, []);
    Deno.env.set("HF_HUB_OFFLINE", "1");
    for (const name of [`${NAME}@v2`, "org/none"]) {
      await assert.rejects(open(name), /nothing complete is there of (v2|main); with a network, deno task fetch org/);
    }
    Deno.env.delete("HF_HUB_OFFLINE");
    await assert.rejects(
      open("org/none"),
      /cannot be reached .* nothing complete of main is in the cache; .* deno task fetch org\/none/,
    );
    await Deno.remove(`${folder}/tokenizer.json`);
    await assert.rejects(open(NAME, { offline: true }), HubRefusal);
    await assert.rejects(Deno.stat(hfCache), Deno.errors.NotFound);
  });
});

Deno.test("processes that need the same model at once fetch it once", () =>
  withHub(async (hub, cache) => {
    hub.body = (bytes) => slowly(bytes, { piece: 100_000, every: 50 });
    const child = () =>
      new Deno.Command(Deno.execPath(), {
        args: ["run", "--quiet", "-P=test", fileURLToPath(new URL("./child.ts", import.meta.url)), NAME, "main"],
        stdout: "null",
        stderr: "null",
      }).output();
    const [a, b] = await Promise.all([child(), child(), open()]);
    assert(a.success && b.success);
    assert.equal(hub.sent, Object.values(wanted).reduce((sum, { length }) => sum + length, 0));
    await assertNothingWrong(cache);
  }));

Deno.test("files of a data set are fetched in the same way", () =>
  withHub(async (hub) => {
    hub.repositories["datasets/org/data"] = {
      refs: { main: COMMIT },
      commits: { [COMMIT]: { "sub/a.parquet": noise(50), "sub/b.txt": text("b") } },
    };
    const selection = { key: "sub", folder: "sub", choose: () => Promise.resolve(["sub/a.parquet"]) };
    const { files } = await openSnapshot({ kind: "dataset", name: "org/data" }, "main", selection, { retry: hasty });
    assert.deepEqual(Object.keys(files), ["sub/a.parquet"]);
  }));

Deno.test("a cache that cannot be written is named", () =>
  withHub(async (_, cache) => {
    await Deno.writeTextFile(cache, "");
    await assert.rejects(open(), /^Error: Cannot use the cache folder/);
  }));
