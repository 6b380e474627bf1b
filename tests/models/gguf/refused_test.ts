import assert from "node:assert/strict";
import type { GgufValue } from "../../../models/gguf/file.ts";
import { findFolder } from "../../../models/mod.ts";
import { fileOf } from "./fixture.ts";
import { type GgufFile, type GgufTensorFile, tinyLlama } from "./write-file.ts";
import "../test-cache.ts";

type Change = (file: GgufFile) => void;

/** Sets a value of the metadata; undefined takes it away. */
function meta(key: string, value?: GgufValue): Change {
  return ({ metadata }) => {
    if (value === undefined) delete metadata[key];
    else metadata[key] = value;
  };
}

function tensor(name: string, changes?: Partial<GgufTensorFile>): Change {
  return ({ tensors }) => {
    if (!changes) delete tensors[name];
    else tensors[name] = { ...tensors["blk.0.attn_norm.weight"], ...tensors[name], ...changes };
  };
}

/** What is wrong → the file, and what is said of it. */
const wrong: [string, Change, RegExp][] = [
  ["of another architecture", meta("general.architecture", "gemma"), /general\.architecture .*"gemma"$/],
  ["without an architecture", meta("general.architecture"), /general\.architecture .* current value is missing$/],
  ["split into several", meta("split.count", 3), /split\.count: a model must be in one file, .* current value is 3$/],
  ["without the number of layers", meta("llama.block_count"), /llama\.block_count .* current value is missing$/],
  ["with more layers than tensors", meta("llama.block_count", 2), /it lacks the weights model\.layers\.1\..* 4 more$/],
  [
    "with too many layers",
    meta("llama.block_count", 1e6),
    /num_hidden_layers must be at most .* current value is 1000000$/,
  ],
  ["with fewer layers", meta("llama.block_count", 0), /llama\.block_count must be at least .* current value is 0$/],
  ["of another width", meta("llama.feed_forward_length", 7), /gate_proj\.weight must be \[7,8\], .* value is \[6,8\]$/],
  ["of other heads", meta("llama.attention.head_count_kv", 2), /k_proj\.weight must be \[8,8\], .* value is \[4,8\]$/],
  [
    "with half-turned heads",
    meta("llama.rope.dimension_count", 2),
    /dimension_count must be 4, .* current value is 2$/,
  ],
  [
    "with a scaled rotation",
    meta("llama.rope.scaling.type", "linear"),
    /rope\.scaling\.type: a rescaled rotation is not/,
  ],
  [
    "with factors of rotation",
    tensor("rope_freqs.weight", { shape: [8] }),
    /rope_freqs\.weight must rescale the rotation as Llama 3 does/,
  ],
  [
    "with many such factors",
    tensor("rope_freqs.weight", { shape: [4, 2] }),
    /rope_freqs\.weight must rescale the rotation/,
  ],
  ["without a tensor", tensor("blk.0.ffn_up.weight"), /it lacks the weights model\.layers\.0\.mlp\.up_proj\.weight$/],
  [
    "with a tensor too many",
    tensor("blk.0.extra.weight", {}),
    /no place for the weights model\.blk\.0\.extra\.weight$/,
  ],
  [
    "with a bias too many",
    tensor("blk.0.attn_q.bias", {}),
    /no place for the weights model\.layers\.0\..*q_proj\.bias$/,
  ],
  [
    "with a type that is not read",
    tensor("output_norm.weight", { type: 11 }),
    /one of the types F32, .* value is Q3_K$/,
  ],
  ["with an unknown type", tensor("output_norm.weight", { type: 77 }), /current value is the unknown type 77$/],
  [
    "with broken blocks",
    tensor("output_norm.weight", { type: 8 }),
    /whole Q8_0 blocks, multiples of 32, .* value is 8$/,
  ],
  ["with five axes", tensor("output_norm.weight", { shape: [1, 1, 1, 1, 8] }), /1 to 4 axes, current value is 5$/],
  ["with an empty axis", tensor("output_norm.weight", { shape: [0] }), /sizes from 1 on .* current value is \[0\]$/],
  ["with sizes beyond count", tensor("output_norm.weight", { shape: [2 ** 40, 2 ** 40] }), /that can be counted out/],
  ["with overlapping tensors", tensor("output_norm.weight", { offset: 0 }), /output_norm\.weight must not overlap$/],
  [
    "with tensors beyond its end",
    tensor("output_norm.weight", { offset: 1 << 20 }),
    /must end inside the file's \d+ bytes/,
  ],
  ["with tensors astray", tensor("output_norm.weight", { offset: 2001 }), /must begin at a multiple of 32 bytes$/],
  ["with an odd alignment", meta("general.alignment", 24), /general\.alignment must be a power of two, .* is 24$/],
  ["of another way to split", meta("tokenizer.ggml.pre", "tekken"), /pre must be one of default, gpt-2, .* is tekken$/],
  ["of another tokenizer", meta("tokenizer.ggml.model", "t5"), /tokenizer\.ggml\.model .* current value is "t5"$/],
  ["without merges", meta("tokenizer.ggml.merges"), /its tokenizer must have tokenizer\.ggml\.merges$/],
  [
    "with a merge of one",
    meta("tokenizer.ggml.merges", ["ab"]),
    /a merge must have two tokens .* current value is ab$/,
  ],
  ["with a merge into nothing", meta("tokenizer.ggml.merges", ["b c"]), /join to a third, current value is b c$/],
  ["with more tokens than rows", (file) => {
    meta("llama.vocab_size", 9)(file);
    (file.metadata["tokenizer.ggml.tokens"] as string[]).push("x", "y", "z");
    meta("tokenizer.ggml.token_type")(file);
  }, /it must have at most 9 tokens, .* current value is 12$/],
  ["with numbers for tokens", meta("tokenizer.ggml.tokens", [1, 2]), /tokens must be a list of strings, .* \[1,2\]$/],
  ["with types of some tokens", meta("tokenizer.ggml.token_type", [1]), /token_type must have 9 entries, .* is 1$/],
  [
    "with a start that is no token",
    meta("tokenizer.ggml.bos_token_id", 9),
    /bos_token_id must be below .* 9, .* is 9$/,
  ],
  ["without the start it puts", meta("tokenizer.ggml.bos_token_id"), /tokenizer\.ggml\.bos_token_id is missing$/],
  ["of SentencePiece without scores", meta("tokenizer.ggml.model", "llama"), /must have tokenizer\.ggml\.scores and/],
  ["with a weight that is no number", ({ tensors }) => {
    const [name, { bytes }] = Object.entries(tensors).at(-1)!;
    tensors[name] = { ...tensors[name], bytes: bytes.slice().fill(255, 4, 8) };
  }, /every weight must be a finite number, model\.norm\.weight has others$/],
];

for (const [what, change, message] of wrong) {
  Deno.test(`a GGUF file ${what} is refused in one sentence`, async () => {
    const file = tinyLlama();
    change(file);
    const path = await fileOf(file);
    await assert.rejects(findFolder(path), (error: Error) => {
      assert(error.message.startsWith(`Cannot use ${path}: `) || error.message.startsWith(`Cannot read ${path}: `));
      assert.match(error.message, message);
      assert(!error.message.includes("\n"));
      return true;
    });
  });
}
