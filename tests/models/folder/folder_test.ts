import assert from "node:assert/strict";
import { readStored } from "../../../engine/safetensors.ts";
import { findFolder } from "../../../models/mod.ts";
import type { Backbone } from "../../../models/types.ts";
import { eagerFeatures, eagerWeights } from "../eager.ts";
import { type AnyTensor, goldenConfig, goldenTensors, makeFolder, safetensors } from "./copies.ts";
import type { Files } from "../../in-folder.ts";

const cache = await makeFolder({});
Deno.env.set("TUNEBENCH_CACHE", cache);

const config = await goldenConfig();
const tensors = await goldenTensors();
const vocab = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "cat"].join("\n");
const whole = { "config.json": config, "model.safetensors": safetensors(tensors), "vocab.txt": vocab };

async function open(files: Files, name?: string): Promise<Backbone> {
  return await (await findFolder(await makeFolder(files, name))).open();
}

async function valuesOf(backbone: Backbone): Promise<Record<string, number[]>> {
  const values: Record<string, number[]> = {};
  for (const [name, stored] of Object.entries(backbone.stored)) values[name] = [...await readStored(stored)];
  return values;
}

const expected = await valuesOf(await open(whole));

/** Tensors under other names; those without one are left out. */
function renamed(rename: (name: string) => string | null): Record<string, AnyTensor> {
  return Object.fromEntries(
    Object.entries(tensors).flatMap(([name, tensor]) => {
      const other = rename(name);
      return other === null ? [] : [[other, tensor] as const];
    }),
  );
}

/** Two shards and their index. */
function sharded(change: (map: Record<string, string>) => void = () => {}): Files {
  const names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
  const map = Object.fromEntries(Object.keys(tensors).map((name, at) => [name, names[at % 2]]));
  const shards = names.map((file) =>
    [file, safetensors(renamed((name) => (map[name] === file ? name : null)))] as const
  );
  const index = { metadata: {}, weight_map: { ...map } };
  change(index.weight_map);
  return {
    "config.json": config,
    "vocab.txt": vocab,
    "model.safetensors.index.json": index,
    ...Object.fromEntries(shards),
  };
}

/** A float32 tensor's bytes in another format. */
function converted(dtype: "F16" | "BF16"): Record<string, AnyTensor> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { shape, bytes }]) => {
      const values = new Float32Array(bytes.buffer);
      // A bfloat16 is the upper half of a float32.
      const other = dtype === "F16"
        ? new Float16Array(values)
        : Uint16Array.from(new Uint32Array(bytes.buffer), (bits) => bits >>> 16);
      return [name, { dtype, shape, bytes: new Uint8Array(other.buffer as ArrayBuffer) }];
    }),
  );
}

Deno.test("A folder is a model by its content: its name is the last part of the path, its revision a checksum", async () => {
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

const cards: [card: string, licence: string][] = [
  ["---\nlanguage: en\nlicense: apache-2.0\ntags:\n- x\n---\n# Bert", "apache-2.0"],
  ["---\r\nlicense: mit\r\n---\r\n", "mit"],
  ["---\nlicense:\n- mit\n- apache-2.0\n---\n", "unknown"],
  ["---\nlanguage: en\n---\nlicense: mit\n", "unknown"],
  ["license: mit\n", "unknown"],
  [`---\nlicense: ${"x".repeat(200)}\n---\n`, "unknown"],
];

for (const [card, licence] of cards) {
  Deno.test(`The licence of a folder is that of its card: ${JSON.stringify(card).slice(0, 60)}`, async () => {
    assert.equal((await findFolder(await makeFolder({ ...whole, "README.md": card }))).licence, licence);
  });
}

Deno.test("A float32 file is mapped where it lies, and the classifier in it is no weight of the backbone", async () => {
  const backbone = await open(whole);
  assert.deepEqual(Object.keys(backbone.stored), Object.keys(backbone.weights));
  assert(Object.values(backbone.stored).every(({ path }) => path.endsWith("/tiny-bert/model.safetensors")));
});

Deno.test("Tensors that no multiple of four bytes leads to are copied into the cache", async () => {
  const odd = { shape: [3], dtype: "U8", bytes: new Uint8Array(3) };
  const backbone = await open({ ...whole, "model.safetensors": safetensors({ odd, ...tensors }) });
  assert(Object.values(backbone.stored).every(({ path }) => path.startsWith(cache)));
  assert.deepEqual(await valuesOf(backbone), expected);
});

Deno.test("The pooler that RoBERTa's files have is left unread, as its classifier does without", async () => {
  const own = await goldenTensors("roberta");
  const pooler = {
    "roberta.pooler.dense.weight": own["classifier.dense.weight"],
    "roberta.pooler.dense.bias": own["classifier.dense.bias"],
  };
  const backbone = await open({
    "config.json": await goldenConfig("roberta"),
    "model.safetensors": safetensors({ ...own, ...pooler }),
  });
  assert.deepEqual(
    Object.keys(backbone.stored).sort(),
    Object.keys(own).filter((name) => name.startsWith("roberta.")).sort(),
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
  Deno.test(`Weights ${what} are the same weights`, async () => {
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

Deno.test("Links to files elsewhere, as in the hub's cache, are followed", async () => {
  const blobs = await makeFolder(whole, "blobs");
  const folder = await makeFolder({}, "snapshot");
  for (const name of Object.keys(whole)) await Deno.symlink(`${blobs}/${name}`, `${folder}/${name}`);
  const backbone = await (await findFolder(folder)).open();
  assert.deepEqual(await valuesOf(backbone), expected);
});

Deno.test("A text longer than the model is cut, special tokens kept", async () => {
  const backbone = await open(whole);
  const ids = backbone.encode("cat ".repeat(100), 1000);
  assert.deepEqual([ids.length, ids[0], ids[1], ids.at(-1)], [64, 2, 5, 3]);
});

Deno.test("A folder without a tokenizer computes, but encodes nothing", async () => {
  const { "vocab.txt": _, ...files } = whole;
  const backbone = await open(files);
  assert.equal(eagerFeatures(backbone, await eagerWeights(backbone), [[2, 5, 3]]).length, 32);
  assert.throws(() => backbone.encode("cat", 10), /^Error: Cannot encode a text: .* has no tokenizer$/);
});

function withTensor(name: string, tensor: Partial<AnyTensor> | null): Files {
  const { [name]: old, ...rest } = tensors;
  return { ...whole, "model.safetensors": safetensors(tensor ? { ...rest, [name]: { ...old, ...tensor } } : rest) };
}

const notANumber = new Uint8Array(Float32Array.from({ length: 32 }, (_, at) => (at === 30 ? NaN : 1)).buffer);
const infinite = new Uint8Array(Float32Array.from({ length: 32 }, (_, at) => (at === 31 ? -Infinity : 1)).buffer);
const norm = "bert.embeddings.LayerNorm.weight";
const { "model.safetensors": _, ...weightless } = whole;

const wrong: [string, Files, RegExp][] = [
  ["without config.json", { "vocab.txt": vocab }, /^Cannot read .*\/config\.json: there must be such a file$/],
  ["with a broken config.json", { ...whole, "config.json": "{" }, /^Cannot read .*config\.json: it must be JSON, .*$/],
  ["with a list as config.json", { ...whole, "config.json": [] }, /config\.json: it must hold a JSON object$/],
  [
    "of another architecture",
    { ...whole, "config.json": { ...config, model_type: "mamba" } },
    /^Cannot use .*: its architecture must be one of .*bert.*, current value is mamba$/,
  ],
  [
    "of an architecture with an inherited name",
    { ...whole, "config.json": { ...config, model_type: "constructor" } },
    /its architecture must be one of .*, current value is constructor$/,
  ],
  [
    "without a model_type",
    { ...whole, "config.json": { ...config, model_type: undefined } },
    /config\.json: model_type .*, current value is missing$/,
  ],
  [
    "with an unknown activation",
    { ...whole, "config.json": { ...config, hidden_act: "swishy" } },
    /config\.json: hidden_act must be one of .*gelu.*, current value is "swishy"$/,
  ],
  [
    "with relative positions",
    { ...whole, "config.json": { ...config, position_embedding_type: "relative_key" } },
    /position_embedding_type .*absolute.*, current value is "relative_key"$/,
  ],
  [
    "with quantised weights",
    { ...whole, "config.json": { ...config, quantization_config: { bits: 4 } } },
    /quantization_config must not be given: quantised weights are not supported, current value is \{"bits":4\}$/,
  ],
  [
    "with an unknown type of weights",
    { ...whole, "config.json": { ...config, dtype: undefined, torch_dtype: "float8_e4m3fn" } },
    /dtype .*, current value is "float8_e4m3fn"$/,
  ],
  [
    "with an absurd number of layers",
    { ...whole, "config.json": { ...config, num_hidden_layers: 1e9 } },
    /num_hidden_layers .*, current value is 1000000000$/,
  ],
  [
    "whose width cannot be split into heads",
    { ...whole, "config.json": { ...config, num_attention_heads: 5 } },
    /^Cannot split the width into heads: 32 must be a multiple of 5$/,
  ],
  [
    "whose padding has no row",
    { ...whole, "config.json": { ...config, pad_token_id: 99 } },
    /^Cannot pad texts: the padding's id must be below the 99 rows of the word embeddings, current value is 99$/,
  ],
  [
    "whose padding takes every position",
    { "config.json": { ...await goldenConfig("roberta"), pad_token_id: 65 } },
    /^Cannot place a text: there must be more than 66 positions, current value is 66$/,
  ],
  [
    "whose config has another vocabulary than its weights",
    { ...whole, "config.json": { ...config, vocab_size: 98 } },
    /word_embeddings\.weight must be \[98,32\], as its config says, current value is \[99,32\]$/,
  ],
  [
    "whose config has more layers than its weights",
    { ...whole, "config.json": { ...config, num_hidden_layers: 3 } },
    /it lacks the weights bert\.encoder\.layer\.2\..*, .* and 11 more$/,
  ],
  [
    "whose config has fewer layers than its weights",
    { ...whole, "config.json": { ...config, num_hidden_layers: 1 } },
    /its config has no place for the weights bert\.encoder\.layer\.1\..* and 11 more$/,
  ],
  ["that lacks a weight", withTensor(norm, null), /it lacks the weights bert\.embeddings\.LayerNorm\.weight$/],
  [
    "with a weight too many",
    withTensor("bert.extra", { dtype: "F32", shape: [1], bytes: new Uint8Array(4) }),
    /its config has no place for the weights bert\.extra$/,
  ],
  [
    "with integers as weights",
    withTensor(norm, { dtype: "I32" }),
    /weights must be F32, F16, BF16, bert\.embeddings\.LayerNorm\.weight is I32$/,
  ],
  [
    "with NaN in its weights",
    withTensor(norm, { bytes: notANumber }),
    /every weight must be a finite number, bert\.embeddings\.LayerNorm\.weight has others$/,
  ],
  ["with an infinite weight", withTensor(norm, { bytes: infinite }), /every weight must be a finite number/],
  [
    "with a pickle",
    { ...weightless, "pytorch_model.bin": "\x80\x02" },
    /^Cannot use .*: weights must be in safetensors, pytorch_model\.bin is a pickle, which may run any program; .*save_pretrained\(folder\)$/,
  ],
  [
    "without weights",
    weightless,
    /^Cannot use .*: there must be a file model\.safetensors or model\.safetensors\.index\.json$/,
  ],
  [
    "whose shard is missing",
    (() => {
      const { "model-00002-of-00002.safetensors": _, ...files } = sharded();
      return files;
    })(),
    /^Cannot use .*: the shard model-00002-of-00002\.safetensors is missing$/,
  ],
  [
    "whose index points outside",
    sharded((map) => map[norm] = "../model.safetensors"),
    /shards must be safetensors files of the same folder, one is "\.\.\/model\.safetensors"$/,
  ],
  ["whose index points to the root", sharded((map) => map[norm] = "/etc/passwd"), /one is "\/etc\/passwd"$/],
  [
    "whose index names a number",
    sharded((map) => (map as Record<string, unknown>)[norm] = 7),
    /shards must be safetensors files of the same folder, one is 7$/,
  ],
  [
    "whose index promises what a shard has not",
    sharded((map) => map["bert.more"] = "model-00001-of-00002.safetensors"),
    /the shard model-00001-of-00002\.safetensors must hold bert\.more, as the index says$/,
  ],
  [
    "with an empty index",
    { ...weightless, "model.safetensors.index.json": { weight_map: {} } },
    /its weight_map must name the shard of each tensor$/,
  ],
  [
    "with a tokenizer larger than the embedding",
    { ...whole, "vocab.txt": `${vocab}${"\nx".repeat(200)}` },
    /ids of its tokenizer must be below the 99 rows of its word embeddings, one is \d+$/,
  ],
];

for (const [what, files, message] of wrong) {
  Deno.test(`A folder ${what} is refused in one sentence`, async () => {
    await assert.rejects(open(files), (error: Error) => {
      assert.match(error.message, message);
      assert(!error.message.includes("\n"));
      return true;
    });
  });
}
