import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Random } from "../../../base/random.ts";
import { openModelFiles } from "../../../models/hub/model.ts";
import { type FetchOptions, openSnapshot } from "../../../models/hub/snapshot.ts";
import { HubRefusal, parseHubName } from "../../../models/hub/name.ts";
import { DEFAULT_RETRY, type RetryPolicy } from "../../../models/hub/request.ts";
import { findOnHub } from "../../../models/mod.ts";
import { goldenConfig, goldenTensors, safetensors } from "../folder/copies.ts";
import { commitOf, gitHash, type HubFiles, type LocalHub, sha256, slowly, startHub } from "./server.ts";

const text = (value: string | object) =>
  new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
const COMMIT = commitOf("first");
const NAME = "org/tiny";
const random = new Random(1, "hub");
const noise = (length: number) => Uint8Array.from({ length }, () => Math.floor(256 * random.uniform()));
/** Not a model that could be opened, but the files of one. */
const files: HubFiles = {
  "config.json": text("{}"),
  "tokenizer.json": text("{ }"),
  "tokenizer_config.json": text("{  }"),
  "README.md": text("---\nlicense: mit\n---\n"),
  "pytorch_model.bin": text("not this one"),
  "model.safetensors": noise(300_000),
};
const wanted = Object.fromEntries(Object.entries(files).filter(([name]) => name !== "pytorch_model.bin"));

const hasty: RetryPolicy = { ...DEFAULT_RETRY, pause: 5, longestPause: 200, stall: 150, stallBytes: 10_000 };
const open = (name = NAME, options: FetchOptions = {}) => openModelFiles(name, { retry: hasty, ...options });

const VARIABLES = ["HF_ENDPOINT", "HF_TOKEN", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "TUNEBENCH_CACHE"];

/** A hub with one model, an empty cache of ours and one of the hub's own programs. */
async function withHub(work: (hub: LocalHub, cache: string, theirs: string) => Promise<void>): Promise<void> {
  const before = VARIABLES.map((name) => [name, Deno.env.get(name)] as const);
  const folder = await Deno.makeTempDir({ prefix: "tunebench-hub-" });
  try {
    await using hub = startHub();
    hub.repositories[`models/${NAME}`] = { refs: { main: COMMIT }, commits: { [COMMIT]: files } };
    const [cache, theirs] = [`${folder}/cache`, `${folder}/theirs`];
    Deno.env.set("HF_ENDPOINT", hub.endpoint);
    Deno.env.set("HF_HUB_CACHE", theirs);
    Deno.env.set("TUNEBENCH_CACHE", cache);
    Deno.env.delete("HF_TOKEN");
    Deno.env.delete("HF_HUB_OFFLINE");
    await work(hub, cache, theirs);
  } finally {
    for (const [name, value] of before) value === undefined ? Deno.env.delete(name) : Deno.env.set(name, value);
    await Deno.remove(folder, { recursive: true });
  }
}

/** Every file under a folder, by its path in it. */
async function readAll(folder: string): Promise<Record<string, Uint8Array>> {
  const found: Record<string, Uint8Array> = {};
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const inner = isDirectory ? await readAll(`${folder}/${name}`) : { "": await Deno.readFile(`${folder}/${name}`) };
    for (const [path, bytes] of Object.entries(inner)) found[join(name, path).replace(/\/$/, "")] = bytes;
  }
  return found;
}

/** Asserts that whatever lies under its final name is whole. */
async function assertNothingWrong(cache: string): Promise<void> {
  const known = new Set(Object.values(files).map(sha256));
  for (const [path, bytes] of Object.entries(await readAll(`${cache}/hub`).catch(() => ({})))) {
    if (path.startsWith("blobs/")) assert.equal(sha256(bytes), basename(path));
    if (path.includes("/snapshots/")) {
      assert.equal(sha256(bytes), sha256(files[path.split(`${COMMIT}/`)[1]]), path);
    }
    if (/^blobs\/|\/snapshots\//.test(path)) assert(known.has(sha256(bytes)), path);
  }
}

async function assertComplete(folder: string): Promise<void> {
  assert.deepEqual(await readAll(folder), wanted);
}

Deno.test("a model is fetched with what it needs, and the token goes to the hub alone, not where it redirects to", () =>
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

Deno.test("what is complete is used without being fetched, and the same content lies once on the disk", () =>
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

Deno.test("a connection that is cut, or stalls, is gone on with where it ended", () =>
  withHub(async (hub) => {
    for (const fault of [{ cutAt: 120_000 }, { stallAt: 120_000 }]) {
      hub.sent = 0;
      hub.asked = [];
      hub.body = (bytes, { server, range }) =>
        server === "cdn" && range === null ? slowly(bytes, { piece: 40_000, every: 1, ...fault }) : bytes;
      const cache = await Deno.makeTempDir();
      Deno.env.set("TUNEBENCH_CACHE", cache);
      const { folder, fetched } = await open();
      await assertComplete(folder);
      await Deno.remove(cache, { recursive: true });
      const whole = Object.values(wanted).reduce((sum, { length }) => sum + length, 0);
      assert.equal(fetched, whole);
      assert.equal(hub.sent, whole);
      assert.deepEqual(hub.asked.filter(({ server }) => server === "cdn").map(({ range }) => range), [
        null,
        "bytes=120000-",
      ]);
    }
  }));

Deno.test("a server that always cuts, trickles or is ill is given up after some tries, and what came is kept", () =>
  withHub(async (hub, cache) => {
    const faults: [LocalHub["body"], RegExp][] = [
      [(bytes) => slowly(bytes, { piece: 1, every: 10 }), /the connection stalled after \d+ bytes$/],
      [(bytes) => slowly(bytes, { piece: 1000, every: 1, cutAt: 5000 }), /the connection was cut after 5000 bytes$/],
    ];
    for (const [body, message] of faults) {
      hub.asked = [];
      hub.body = (bytes, asked) => asked.server === "cdn" ? body!(bytes, asked) : bytes;
      await assert.rejects(open(), message);
      assert.equal(hub.asked.filter(({ server }) => server === "cdn").length, hasty.attempts);
      await assertNothingWrong(cache);
    }
    const [partial] = Object.values(await readAll(`${cache}/hub/models--org--tiny/partial`));
    assert(partial.length >= 5 * 5000);
    assert.deepEqual(partial, files["model.safetensors"].slice(0, partial.length));
    hub.body = undefined;
    hub.intercept = ({ server }) => server === "cdn" ? new Response("", { status: 503 }) : undefined;
    await assert.rejects(
      open(),
      /^Error: Cannot fetch org\/tiny: http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{64} answers 503$/,
    );
    hub.intercept = undefined;
    await assertComplete((await open()).folder);
  }));

Deno.test("content with another checksum is refused and never leaves a file", () =>
  withHub(async (hub, cache) => {
    hub.body = (bytes, { server }) => server === "cdn" ? new Uint8Array(bytes.length + 1) : bytes;
    await assert.rejects(open(), /model\.safetensors: it must have 300000 bytes, the server sends more$/);
    await assertNothingWrong(cache);
    for (const damaged of ["model.safetensors", "tokenizer_config.json"]) {
      hub.body = (bytes, { server, path }) =>
        (damaged === "tokenizer_config.json" ? path.endsWith(damaged) : server === "cdn")
          ? bytes.map((byte) => byte ^ 1)
          : bytes;
      await assert.rejects(
        open(),
        (error: Error) =>
          !(error instanceof HubRefusal) &&
          /^Cannot fetch \S+: its (SHA-256|git SHA-1) must be [0-9a-f]+, current value is [0-9a-f]+$/.test(
            error.message,
          ),
      );
      await assertNothingWrong(cache);
      assert.deepEqual(await readAll(`${cache}/hub/models--org--tiny/partial`), {});
    }
  }));

Deno.test("a wrong beginning, and a server without ranges, cost a second download and nothing else", () =>
  withHub(async (hub, cache) => {
    const digest = sha256(files["model.safetensors"]);
    const partial = `${cache}/hub/models--org--tiny/partial`;
    await Deno.mkdir(partial, { recursive: true });
    await Deno.writeFile(`${partial}/${digest}`, new Uint8Array(1000));
    await assertComplete((await open()).folder);
    await Deno.remove(`${cache}/hub`, { recursive: true });
    await Deno.mkdir(partial, { recursive: true });
    await Deno.writeFile(`${partial}/${digest}`, files["model.safetensors"].slice(0, 1000));
    hub.intercept = ({ server }) => server === "cdn" ? new Response(files["model.safetensors"]) : undefined;
    await assertComplete((await open()).folder);
  }));

Deno.test("401, 403, 404 and 429 say what is missing, and a 429 waits as long as it is told", () =>
  withHub(async (hub) => {
    const refused = (name: string, message: RegExp) =>
      assert.rejects(open(name), (error: Error) => error instanceof HubRefusal && message.test(error.message));
    await refused("org/none", /^Cannot fetch org\/none: the hub wants to know who asks \(401\), HF_TOKEN must hold/);
    await refused(`${NAME}@v9`, /^Cannot fetch org\/tiny: there is no revision v9$/);
    hub.intercept = () => new Response("", { status: 403 });
    await refused(NAME, /\(403\), HF_TOKEN must hold/);
    hub.intercept = () => new Response("", { status: 404 });
    await refused(NAME, /^Cannot fetch org\/tiny: there is no such repository, or no revision main of it$/);
    let answered = 0;
    hub.intercept = () =>
      answered++ === 0 ? new Response("", { status: 429, headers: { "retry-after": "1" } }) : undefined;
    const started = performance.now();
    await open(NAME, { retry: { ...hasty, longestPause: 2000 } });
    assert(performance.now() - started >= 1000);
    answered = 0;
    hub.intercept = () => new Response("", { status: 429, headers: { "retry-after": "3600" } });
    await assert.rejects(open(), {
      name: "Error",
      message: "Cannot fetch org/tiny: the hub was asked too often (429), try again later, in 3600 s",
    });
  }));

Deno.test("without a network, a name stands for what it stood for last, which is said; what is not there is an error", async () => {
  let told: string[] = [];
  const say = (sentence: string) => void told.push(sentence);
  await withHub(async (hub, _, theirs) => {
    const { folder } = await open();
    await hub[Symbol.asyncDispose]();
    hub[Symbol.asyncDispose] = () => Promise.resolve();
    assert.equal((await open(NAME, { say })).folder, folder);
    assert.match(
      told.join(),
      new RegExp(`^The hub cannot be asked, 127.* cannot be reached .*: org/tiny@${COMMIT} is used from the cache`),
    );
    told = [];
    assert.equal((await open(NAME, { say, offline: true })).folder, folder);
    assert.equal((await open(`${NAME}@${COMMIT}`, { say })).folder, folder);
    assert.deepEqual(told, []);
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
    await assert.rejects(Deno.stat(theirs), Deno.errors.NotFound);
  });
});

Deno.test("processes that want the same model at once fetch it once", () =>
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

Deno.test("a model in the cache of the hub's own programs is used in place and left as it is", () =>
  withHub(async (hub, cache, theirs) => {
    const repository = `${theirs}/models--org--tiny`;
    const snapshot = `${repository}/snapshots/${COMMIT}`;
    for (const folder of [snapshot, `${repository}/blobs`, `${repository}/refs`]) {
      await Deno.mkdir(folder, { recursive: true });
    }
    await Deno.writeTextFile(`${repository}/refs/main`, COMMIT);
    const put = async (name: string) => {
      const blob = hub.isLarge(name) ? sha256(files[name]) : gitHash(files[name]);
      await Deno.writeFile(`${repository}/blobs/${blob}`, files[name]);
      await Deno.symlink(`../../blobs/${blob}`, `${snapshot}/${name}`);
    };
    for (const name of ["config.json", "model.safetensors", "tokenizer.json"]) await put(name);
    // They fetch file by file: here the tokenizer's settings are not there yet.
    assert.equal((await open()).folder.startsWith(cache), true);
    await Deno.remove(cache, { recursive: true });
    await put("tokenizer_config.json");
    const before = await readAll(theirs);
    hub.sent = 0;
    for (const options of [{}, { offline: true }]) {
      const { folder, files: facts, fetched } = await open(NAME, options);
      assert.deepEqual([folder, fetched], [snapshot, 0]);
      for (const [name, { size, sha256: sum }] of Object.entries(facts)) {
        assert.deepEqual([size, sum], [files[name].length, sha256(files[name])]);
      }
    }
    assert.equal(hub.sent, 0);
    assert.deepEqual(await readAll(theirs), before);
    // A damaged one is not used: a small one never, a large one where that is asked for.
    const weights = `${repository}/blobs/${sha256(files["model.safetensors"])}`;
    await Deno.writeFile(weights, files["model.safetensors"].map((byte) => byte ^ 1));
    assert.equal((await open(NAME, { verify: true })).folder.startsWith(cache), true);
    await Deno.remove(cache, { recursive: true });
    await Deno.writeFile(weights, files["model.safetensors"]);
    await Deno.writeTextFile(`${repository}/blobs/${gitHash(files["config.json"])}`, "{!");
    assert.equal((await open()).folder.startsWith(cache), true);
  }));

Deno.test("what is damaged in the cache is refused, and fetched again when that is asked for", () =>
  withHub(async (hub) => {
    const model: HubFiles = {
      ...files,
      "config.json": text(await goldenConfig()),
      "model.safetensors": safetensors(await goldenTensors()) as Uint8Array<ArrayBuffer>,
    };
    delete model["tokenizer.json"];
    model["vocab.txt"] = text("[PAD]\n[UNK]\n[CLS]\n[SEP]\nthe");
    hub.repositories[`models/${NAME}`].commits[COMMIT] = model;
    const found = await findOnHub(NAME, { retry: hasty });
    assert.deepEqual([found.name, found.revision, found.licence], [NAME, COMMIT, "mit"]);
    const weights = `${found.folder}/model.safetensors`;
    const bytes = await Deno.readFile(weights);
    bytes[bytes.length - 1] ^= 1;
    await Deno.writeFile(weights, bytes);
    await assert.rejects(
      findOnHub(NAME, { retry: hasty, offline: true }),
      new RegExp(`Cannot use org/tiny@${COMMIT}: its files in .* have changed .* deno task fetch org/tiny@${COMMIT}`),
    );
    await open(NAME, { verify: true });
    assert.equal((await findOnHub(NAME, { offline: true })).revision, COMMIT);
  }));

Deno.test("a repository without safetensors, and one with several GGUF files, says what is missing in its name", () =>
  withHub(async (hub) => {
    const { commits } = hub.repositories[`models/${NAME}`];
    const refused = async (content: HubFiles, message: RegExp, name = NAME) => {
      commits[COMMIT] = content;
      await assert.rejects(open(name), (error: Error) => error instanceof HubRefusal && message.test(error.message));
    };
    const { "model.safetensors": _, ...pickle } = files;
    await refused(pickle, /^Cannot use org\/tiny: weights must be in safetensors, pytorch_model\.bin is a pickle/);
    await refused({ "README.md": text("") }, /^Cannot use org\/tiny: there is no config\.json$/);
    const models = { "a.gguf": noise(10), "b.gguf": noise(10) };
    await refused(models, /has 2 models, the name must say which, as in org\/tiny:a\.gguf$/);
    await refused(models, /has no file c\.gguf$/, `${NAME}:c.gguf`);
    assert.deepEqual(Object.keys((await open(`${NAME}:b.gguf`)).files), ["b.gguf"]);
    await assert.rejects(open(NAME, { offline: true }), HubRefusal);
    const index = { weight_map: { a: "model-1.safetensors", b: "model-2.safetensors" } };
    const shards = { ...pickle, "model.safetensors.index.json": text(index), "model-1.safetensors": noise(20) };
    await refused(shards, /^Cannot use org\/tiny: the shard model-2\.safetensors is missing$/);
    const hostile = { weight_map: { a: "../../../x.safetensors" } };
    await refused(
      { ...shards, "model.safetensors.index.json": text(hostile) },
      /shards must be safetensors files of the same/,
    );
    commits[COMMIT] = { ...shards, "model-2.safetensors": noise(30) };
    assert((await open()).files["model-2.safetensors"]);
  }));

Deno.test("a GGUF file of the hub is a model whose revision is the commit", () =>
  withHub(async (hub) => {
    const gguf = await Deno.readFile(fileURLToPath(new URL("../../golden/gguf/llama.gguf", import.meta.url)));
    hub.repositories[`models/${NAME}`].commits[COMMIT] = { "sub/a.gguf": gguf, "b.gguf": gguf };
    for (const name of [NAME, `${NAME}:b.gguf`, `${NAME}:sub/a.gguf`]) {
      const { name: called, revision, shape } = await findOnHub(name, { retry: hasty });
      assert.deepEqual([called, revision, shape.linears.length > 0], [name, COMMIT, true]);
    }
    assert.equal((await findOnHub(`${NAME}@${COMMIT}:sub/a.gguf`, { offline: true })).name, `${NAME}:sub/a.gguf`);
  }));

Deno.test("names that lead elsewhere are refused, whoever gives them", () =>
  withHub(async (hub, cache) => {
    const names = [
      "org/..",
      "../x/y",
      "org/../x",
      "org/x/y",
      "org/",
      "/x",
      "org/a--b",
      "org/.x",
      "org/x.",
      "org/a b",
      "org/a\0",
      "org/a\\b",
      `org/${"a".repeat(97)}`,
      "org/x@",
      "org/x@../y",
      "org/x@a..b",
      "org/x@/y",
      "org/x@a//b",
      "org/x@a\\b",
      "org/x@a/.hidden",
      `org/x@${"a".repeat(201)}`,
      "org/x:",
      "org/x:../y.gguf",
      "org/x:/y.gguf",
      "org/x:a/../y.gguf",
      "org/x:a\\y.gguf",
      "org/x:y.bin",
      "org/x:y\0.gguf",
      "org/ä",
      "org/x?y",
      "org/x#y",
      "org/%2e%2e",
    ]; // deno-fmt-ignore-line
    for (const name of names) assert.throws(() => parseHubName(name), HubRefusal, name);
    assert.deepEqual(parseHubName("a/b.c@refs/pr/1:d/e.gguf"), {
      repository: "a/b.c",
      revision: "refs/pr/1",
      file: "d/e.gguf",
    });
    for (const path of ["../x", "/x", "a\\b", "./x", "a/./b", "a/../b", "a//b", "x\0", "C:x", "x".repeat(300), ""]) {
      hub.extra = [path];
      await assert.rejects(open(), (error: Error) =>
        error instanceof HubRefusal && /must stay inside/.test(error.message), path);
    }
    hub.extra = [];
    hub.intercept = ({ path }) =>
      path.includes("/revision/") ? Response.json({ id: "x", sha: "../../.." }) : undefined;
    await assert.rejects(open(), /the hub must name the commit of main/);
    await assert.rejects(Deno.stat(`${cache}/hub/blobs`), Deno.errors.NotFound);
    Deno.env.set("HF_ENDPOINT", "file:///etc");
    await assert.rejects(open(), /^HubRefusal: Cannot use HF_ENDPOINT/);
  }));

Deno.test("files of a dataset are fetched by the same means", () =>
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

Deno.test("a download killed at 50 random moments and run again never leaves a wrong file", () =>
  withHub(async (hub, cache) => {
    hub.body = (bytes) => slowly(bytes, { piece: 10_000, every: 3 });
    const child = () =>
      new Deno.Command(Deno.execPath(), {
        args: [
          "run",
          "--quiet",
          "-P=test",
          fileURLToPath(new URL("./child.ts", import.meta.url)),
          NAME,
          COMMIT,
        ],
        stdout: "null",
        stderr: "null",
      }).spawn();
    const started = performance.now();
    assert((await child().status).success);
    const undisturbed = performance.now() - started;
    let killed = 0;
    for (let kill = 0; kill < 50; kill++) {
      // Each third kill starts from nothing, the others go on from what the one before has left.
      if (kill % 3 === 0) await Deno.remove(cache, { recursive: true }).catch(() => {});
      const victim = child();
      const timer = setTimeout(() => victim.kill("SIGKILL"), undisturbed * random.uniform());
      if ((await victim.status).signal === "SIGKILL") killed++;
      clearTimeout(timer);
      await assertNothingWrong(cache);
    }
    assert(killed > 20, `${killed} of 50 were killed`);
    assert((await child().status).success);
    hub.asked = [];
    await assertComplete((await open(`${NAME}@${COMMIT}`)).folder);
    assert.deepEqual(hub.asked, []);
  }));
