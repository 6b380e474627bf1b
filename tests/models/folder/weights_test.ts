import assert from "node:assert/strict";
import { findFolder } from "../../../models/mod.ts";
import type { Files } from "../../in-folder.ts";
import { config, converted, open, renamed, sharded, tensors, valuesOf, whole } from "./bert.ts";
import { goldenConfig, goldenTensors, makeFolder, safetensors } from "./copies.ts";
import { cache } from "../test-cache.ts";

const expected = await valuesOf(await open(whole));

Deno.test("a float32 file is mapped where it lies, and its classifier is no weight of the backbone", async () => {
  const backbone = await open(whole);
  assert.deepEqual(Object.keys(backbone.stored), Object.keys(backbone.weights));
  assert(Object.values(backbone.stored).every(({ path }) => path.endsWith("/tiny-bert/model.safetensors")));
});

Deno.test("tensors that do not begin at a multiple of four bytes are copied into the cache", async () => {
  const odd = { shape: [3], dtype: "U8", bytes: new Uint8Array(3) };
  const backbone = await open({ ...whole, "model.safetensors": safetensors({ odd, ...tensors }) });
  assert(Object.values(backbone.stored).every(({ path }) => path.startsWith(cache)));
  assert.deepEqual(await valuesOf(backbone), expected);
});

Deno.test("a pooler in RoBERTa's files is left out, as its classifier does not use it", async () => {
  const roberta = await goldenTensors("roberta");
  const pooler = {
    "roberta.pooler.dense.weight": roberta["classifier.dense.weight"],
    "roberta.pooler.dense.bias": roberta["classifier.dense.bias"],
  };
  const backbone = await open({
    "config.json": await goldenConfig("roberta"),
    "model.safetensors": safetensors({ ...roberta, ...pooler }),
  });
  assert.deepEqual(
    Object.keys(backbone.stored).sort(),
    Object.keys(roberta).filter((name) => name.startsWith("roberta.")).sort(),
  );
});

const sameWeights: [string, Files][] = [
  ["in shards", sharded()],
  ["without the model's prefix", {
    ...whole,
    "model.safetensors": safetensors(renamed((name) => (name.startsWith("bert.") ? name.slice(5) : null))),
  }],
  ["under the old names of normalisations", {
    ...whole,
    "model.safetensors": safetensors(
      renamed((name) =>
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
      ),
    ),
  }],
  ["beside a buffer of old", {
    ...whole,
    "model.safetensors": safetensors({
      ...tensors,
      "bert.embeddings.position_ids": { dtype: "I64", shape: [1], bytes: new Uint8Array(8) },
    }),
  }],
  ["with a config in the older spelling", {
    ...whole,
    "config.json": { ...config, dtype: undefined, torch_dtype: "float32" },
  }],
];

for (const [what, files] of sameWeights) {
  Deno.test(`weights ${what} are the same weights`, async () => {
    assert.deepEqual(await valuesOf(await open(files)), expected);
  });
}

for (const dtype of ["F16", "BF16"] as const) {
  Deno.test(`${dtype} weights are converted once, into a file of the cache`, async () => {
    const folder = await makeFolder({ ...whole, "model.safetensors": safetensors(converted(dtype)) });
    const model = await findFolder(folder);
    const backbone = await model.open();
    const tolerance = dtype === "F16" ? 2 ** -11 : 2 ** -7;
    for (const [name, values] of Object.entries(await valuesOf(backbone))) {
      values.forEach((value, at) => {
        const exact = expected[name][at];
        assert(Math.abs(value - exact) <= tolerance * Math.abs(exact) + 1e-7, `${name}[${at}]: ${value}, ${exact}`);
      });
    }
    const paths = [...new Set(Object.values(backbone.stored).map(({ path }) => path))];
    assert.equal(paths.length, 1);
    assert(paths[0].startsWith(cache));
    const { mtime } = await Deno.stat(paths[0]);
    await model.open();
    assert.deepEqual((await Deno.stat(paths[0])).mtime, mtime);
    await Deno.truncate(paths[0], 1000);
    assert.deepEqual(await valuesOf(await model.open()), await valuesOf(backbone));
  });
}

Deno.test("links from a snapshot to blobs, as in the cache of Hugging Face's programs, are followed", async () => {
  const root = await makeFolder({}, "hub");
  const folder = `${root}/snapshots/${"0".repeat(40)}`;
  await Deno.mkdir(folder, { recursive: true });
  await Deno.rename(await makeFolder(whole, "blobs"), `${root}/blobs`);
  for (const name of Object.keys(whole)) await Deno.symlink(`../../blobs/${name}`, `${folder}/${name}`);
  const backbone = await (await findFolder(folder)).open();
  assert.deepEqual(await valuesOf(backbone), expected);
});

Deno.test("a link to a file outside the folder is refused in one sentence", async () => {
  const elsewhere = await makeFolder(whole, "elsewhere");
  const folder = await makeFolder({}, "links");
  for (const name of Object.keys(whole)) await Deno.symlink(`${elsewhere}/${name}`, `${folder}/${name}`);
  const message = `Cannot read ${folder}/config.json: links must stay inside its folder, it leads elsewhere`;
  await assert.rejects(() => findFolder(folder), { message });
});
