import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { HubRefusal } from "../../../models/hub/name.ts";
import { findOnHub } from "../../../models/mod.ts";
import { goldenConfig, goldenTensors, safetensors } from "../folder/copies.ts";
import { COMMIT, files, hasty, NAME, noise, open, text, withHub } from "./fixture.ts";
import type { HubFiles } from "./server.ts";

Deno.test("a damaged file in the cache is refused, and fetched again if files are to be verified", () =>
  withHub(async (hub) => {
    const model: HubFiles = {
      ...files,
      "config.json": text(await goldenConfig()),
      "model.safetensors": safetensors(await goldenTensors()) as Uint8Array<ArrayBuffer>,
    };
    delete model["tokenizer.json"];
    model["vocab.txt"] = text("[PAD]\n[UNK]\n[CLS]\n[SEP]\nthe");
    hub.repositories[`models/${NAME}`].commits[COMMIT] = model;
    const opened = await findOnHub(NAME, { retry: hasty });
    assert.deepEqual([opened.name, opened.revision, opened.licence], [NAME, COMMIT, "mit"]);
    const weights = `${opened.folder}/model.safetensors`;
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

Deno.test("a repository without safetensors is refused, and one with several GGUF files asks for the name of one", () =>
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
