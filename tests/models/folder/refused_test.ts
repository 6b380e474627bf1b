import assert from "node:assert/strict";
import type { Files } from "../../in-folder.ts";
import { config, open, sharded, tensors, vocab, whole } from "./bert.ts";
import { type AnyTensor, goldenConfig, safetensors } from "./copies.ts";
import "../test-cache.ts";

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
    /^Cannot use .*: its architecture must be one of .*bert.*, or a plug-in's that reads the folder .*, current value is mamba$/,
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
  Deno.test(`a folder ${what} is refused in one sentence`, async () => {
    await assert.rejects(open(files), (error: Error) => {
      assert.match(error.message, message);
      assert(!error.message.includes("\n"));
      return true;
    });
  });
}
