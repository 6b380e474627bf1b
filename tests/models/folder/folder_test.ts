import assert from "node:assert/strict";
import { findFolder } from "../../../models/mod.ts";
import type { Files } from "../../in-folder.ts";
import { eagerFeatures, eagerWeights } from "../eager.ts";
import { config, open, tensors, vocab, whole } from "./bert.ts";
import { makeFolder, safetensors } from "./copies.ts";
import "../test-cache.ts";

Deno.test("a folder is a model whose name is the last part of its path and whose revision is the checksum of its content", async () => {
  const [a, b] = [
    await makeFolder(whole, "some-bert"),
    await makeFolder({ ...whole, "README.md": "card" }, "some-bert"),
  ];
  const [first, second] = [await findFolder(a), await findFolder(`${b}/.`)];
  assert.equal(first.name, "some-bert");
  assert.equal(first.folder, a);
  assert.match(first.revision, /^[0-9a-f]{64}$/);
  assert.deepEqual([second.name, second.revision], [first.name, first.revision]);
  const zeroBias = { ...tensors["bert.pooler.dense.bias"], bytes: new Uint8Array(4 * 32) };
  const changes: Files[] = [
    { "config.json": { ...config, layer_norm_eps: 1e-5 } },
    { "model.safetensors": safetensors({ ...tensors, "bert.pooler.dense.bias": zeroBias }) },
    { "vocab.txt": `${vocab}\ndog` },
    { "tokenizer_config.json": {} },
  ];
  for (const change of changes) {
    assert.notEqual((await findFolder(await makeFolder({ ...whole, ...change }))).revision, first.revision);
  }
});

Deno.test("a text that is too long for the model is cut, and keeps its special tokens", async () => {
  const backbone = await open(whole);
  const ids = await backbone.encode("cat ".repeat(100), 1000);
  assert.deepEqual([ids.length, ids[0], ids[1], ids.at(-1)], [64, 2, 5, 3]);
});

Deno.test("a model without a tokenizer computes but encodes nothing", async () => {
  const { "vocab.txt": _, ...files } = whole;
  const backbone = await open(files);
  assert.equal(eagerFeatures(backbone, await eagerWeights(backbone), [[2, 5, 3]]).length, 32);
  await assert.rejects(backbone.encode("cat", 10), /^Error: Cannot encode a text: .* has no tokenizer$/);
});
