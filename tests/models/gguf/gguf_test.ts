import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { readHeader, readStored } from "../../../engine/safetensors.ts";
import { tf } from "../../../engine/tensor.ts";
import { describeGguf } from "../../../models/gguf/config.ts";
import { convertTokenizer } from "../../../models/gguf/tokenizer.ts";
import { type GgufValue, readGgufHeader, rowBytes } from "../../../models/gguf/file.ts";
import { findFolder } from "../../../models/mod.ts";
import { openTokenizer, type TextTokenizer } from "../../../models/tokenizers/tokenizer.ts";
import type { Backbone } from "../../../models/types.ts";
import { asLanguageModel } from "../../../runs/programs/language-model.ts";
import { eagerWeights } from "../eager.ts";
import { makeFolder } from "../folder/copies.ts";
import { type GgufFile, type GgufTensorFile, tinyLlama, writeGguf } from "./write-file.ts";

const cache = await makeFolder({});
Deno.env.set("TUNEBENCH_CACHE", cache);

const golden = (name: string) => fileURLToPath(new URL(`../../golden/gguf/${name}`, import.meta.url));
const goldenFolder = (arch: string) => fileURLToPath(new URL(`../../golden/A/${arch}/model`, import.meta.url));

async function valuesOf(path: string): Promise<Record<string, Float32Array>> {
  const entries = Object.entries(await readHeader(path));
  return Object.fromEntries(
    await Promise.all(entries.map(async ([name, entry]) => [name, await readStored(entry)] as const)),
  );
}

async function fileOf(file: GgufFile, name = "tiny.gguf"): Promise<string> {
  return `${await makeFolder({ [name]: writeGguf(file).bytes })}/${name}`;
}

Deno.test("Blocks of every type have the values that gguf gives them", async () => {
  const path = golden("types.gguf");
  const bytes = await Deno.readFile(path);
  const expected = await valuesOf(golden("types.safetensors"));
  const { tensors } = await readGgufHeader(path);
  assert.deepEqual(Object.keys(tensors).sort(), Object.keys(expected).sort());
  for (const [name, tensor] of Object.entries(tensors)) {
    assert.equal(tensor.type.name, name);
    const values = new Float32Array(expected[name].length);
    const size = tensor.shape[0] * rowBytes(tensor);
    tensor.type.dequantise(bytes.slice(tensor.offset, tensor.offset + size), values);
    // A zero may have either sign.
    values.forEach((value, at) =>
      assert(value === expected[name][at], `${name} ${at}: ${value}, ${expected[name][at]}`)
    );
  }
});

/** Scores of the token that follows each of some tokens. */
async function logits(backbone: Backbone): Promise<Float32Array> {
  const { languageModel, hiddenStates, collate, ...model } = asLanguageModel(backbone);
  const weights = await eagerWeights({ ...model, languageModel, hiddenStates, collate });
  return tf.tidy(() => {
    const { ids, mask } = collate([[1, 20, 30, 40, 50, 60, 70, 80, 90, 98], [1, 5, 6]]);
    const inputs = { ids: tf.tensor(ids.data, [...ids.shape], "int32"), mask: tf.tensor(mask.data, [...mask.shape]) };
    const states = hiddenStates!(weights, inputs, {}).at(-1)!;
    return languageModel!.scores(weights, states.reshape([-1, states.shape[2]!])).dataSync() as Float32Array;
  });
}

for (const arch of ["llama", "qwen2"]) {
  Deno.test(`A ${arch} in float32 has the weights and the logits of the folder it was made from`, async () => {
    const model = await findFolder(golden(`${arch}.gguf`));
    const source = await findFolder(goldenFolder(arch));
    assert.deepEqual(JSON.parse(JSON.stringify(model.shape)), JSON.parse(JSON.stringify(source.shape)));
    const expected = await valuesOf(`${goldenFolder(arch)}/model.safetensors`);
    const found = await valuesOf(`${model.folder}/model.safetensors`);
    assert.deepEqual(Object.keys(found).sort(), Object.keys(expected).sort());
    for (const [name, values] of Object.entries(expected)) assert.deepEqual(found[name], values, name);
    assert.deepEqual(await logits(await model.open()), await logits(await source.open()));
  });
}

Deno.test("Rows of quantised queries and keys come back to their places", async () => {
  const { folder } = await findFolder(golden("llama-q8_0.gguf"));
  const found = await valuesOf(`${folder}/model.safetensors`);
  const expected = await valuesOf(golden("llama-q8_0.safetensors"));
  assert.deepEqual(Object.keys(expected).length, 4);
  for (const [name, values] of Object.entries(expected)) assert.deepEqual(found[name], values, name);
});

async function tokenizerOf(file: string, changes: Record<string, GgufValue> = {}): Promise<TextTokenizer> {
  const header = await readGgufHeader(golden(file));
  const { "tokenizer.ggml.tokens": tokens, ...others } = { ...header.metadata, ...changes };
  const files = convertTokenizer({ ...header, metadata: { "tokenizer.ggml.tokens": tokens, ...others } }, 64)!;
  return await openTokenizer(await makeFolder(files), (tokens as string[]).length);
}

for (
  const [pre, values] of Object.entries<{ text: string; ids: number[] }[]>(
    JSON.parse(await Deno.readTextFile(golden("byte-level.json"))),
  )
) {
  Deno.test(`Byte-level pairs with texts split as in ${pre} are those of tokenizers`, async () => {
    const tokenizer = await tokenizerOf("byte-level.gguf", { "tokenizer.ggml.pre": pre });
    for (const { text, ids } of values) {
      assert.deepEqual([...tokenizer.encode(text, 1000)], ids, JSON.stringify(text));
      const alone = pre === "llama-bpe" ? ids.slice(1) : ids;
      assert.deepEqual(tokenizer.tokenize(text), alone, JSON.stringify(text));
      if (/[<]/.test(text) || alone.length === 0) continue;
      assert.equal(tokenizer.decode(alone), pre === "qwen2" ? text.normalize("NFC") : text);
    }
  });
}

Deno.test("Pieces of SentencePiece are those of sentencepiece, and join to the same text", async () => {
  const tokenizer = await tokenizerOf("pieces.gguf");
  const values: { text: string; ids: number[]; decoded: string }[] = JSON.parse(
    await Deno.readTextFile(golden("pieces.json")),
  );
  for (const { text, ids, decoded } of values) {
    assert.deepEqual([...tokenizer.encode(text, 1000)], ids, JSON.stringify(text));
    assert.equal(tokenizer.decode(ids), decoded);
  }
});

Deno.test("A file is a model by its content: named after it, converted once, its licence and chat template kept", async () => {
  const file = tinyLlama();
  file.metadata["general.license"] = "mit";
  file.metadata["tokenizer.chat_template"] = "{{ messages }}";
  const [first, second] = [await fileOf(file, "a.gguf"), await fileOf(file, "b.gguf")];
  const model = await findFolder(first);
  assert.deepEqual([model.name, model.licence], ["a.gguf", "mit"]);
  assert.match(model.revision, /^[0-9a-f]{64}$/);
  const made = (await Deno.stat(`${model.folder}/model.safetensors`)).mtime;
  const again = await findFolder(second);
  assert.deepEqual([again.name, again.revision, again.folder], ["b.gguf", model.revision, model.folder]);
  assert.deepEqual((await Deno.stat(`${model.folder}/model.safetensors`)).mtime, made);
  // A worker is told the folder alone.
  assert.equal((await findFolder(model.folder!)).revision, model.revision);
  const settings = JSON.parse(await Deno.readTextFile(`${model.folder}/tokenizer_config.json`));
  assert.equal(settings.chat_template, "{{ messages }}");
  const backbone = await model.open();
  assert.deepEqual([...backbone.encode("abc <tool>", 16)], [0, 7, 4, 6, 8]);
  assert.equal(backbone.decode!([0, 7, 4, 1]), "abc");
  assert.notEqual((await findFolder(await fileOf(tinyLlama()))).folder, model.folder);
});

Deno.test("Version 2 and any alignment are read, and embeddings of their own for the output", async () => {
  const file = tinyLlama();
  file.metadata["general.alignment"] = 8;
  file.tensors["output.weight"] = file.tensors["token_embd.weight"];
  const { bytes } = writeGguf(file);
  bytes[4] = 2;
  const folder = await makeFolder({ "tiny.gguf": bytes });
  const model = await findFolder(`${folder}/tiny.gguf`);
  const values = await valuesOf(`${model.folder}/model.safetensors`);
  const expected = new Float32Array(file.tensors["output.weight"].bytes.slice().buffer);
  assert.deepEqual(values["lm_head.weight"], expected);
});

Deno.test("Processes that ask at once get one folder, and neither a draft nor damage is taken for one", async () => {
  const file = tinyLlama();
  file.metadata["general.name"] = "asked at once";
  const path = await fileOf(file);
  const [{ folder, revision }, ...others] = await Promise.all([1, 2, 3, 4].map(() => findFolder(path)));
  assert(others.every((model) => model.folder === folder && model.revision === revision));
  const files = Array.from(Deno.readDirSync(folder!), ({ name }) => name).sort();
  const whole = await Deno.readFile(`${folder}/model.safetensors`);
  // As a process leaves it that is killed while it writes.
  await Deno.rename(folder!, `${folder}.draft`);
  await Deno.remove(`${folder}.draft/revision`);
  await Deno.truncate(`${folder}.draft/model.safetensors`, 1000);
  assert.equal((await findFolder(path)).revision, revision);
  assert.deepEqual(await Deno.readFile(`${folder}/model.safetensors`), whole);
  for (const damage of ["model.safetensors", "tokenizer.json", "config.json", "revision"]) {
    await Deno.truncate(`${folder}/${damage}`, 20);
    assert.equal((await findFolder(path)).revision, revision, damage);
    assert.deepEqual(await Deno.readFile(`${folder}/model.safetensors`), whole);
    await Deno.remove(`${folder}/${damage}`);
    assert.equal((await findFolder(path)).revision, revision, damage);
  }
  assert.deepEqual(Array.from(Deno.readDirSync(folder!), ({ name }) => name).sort(), files);
  await assert.rejects(Deno.stat(`${folder}.draft`));
});

Deno.test("Llama 3's rescaled rotation is found in its factors, and other factors are refused", async () => {
  const file = tinyLlama();
  Object.assign(file.metadata, {
    "llama.embedding_length": 128,
    "llama.attention.head_count_kv": 2,
    "llama.rope.dimension_count": 64,
    "llama.rope.freq_base": 500000,
  });
  const header = await readGgufHeader(await fileOf(file));
  // As llama.cpp's converter computes them.
  const factors = Float32Array.from({ length: 32 }, (_, pair) => {
    const wavelength = 2 * Math.PI * 500000 ** (2 * pair / 64);
    if (wavelength < 8192 / 4) return 1;
    if (wavelength > 8192) return 32;
    const smooth = (8192 / wavelength - 1) / (4 - 1);
    return 1 / ((1 - smooth) / 32 + smooth);
  });
  assert(new Set(factors).size > 4);
  assert.deepEqual(describeGguf(header, factors).config.rope_parameters, {
    rope_type: "llama3",
    rope_theta: 500000,
    factor: 32,
    low_freq_factor: 1,
    high_freq_factor: 4,
    original_max_position_embeddings: 8192,
  });
  const slower = factors.map((factor) => factor > 1 && factor < 32 ? 1.1 * factor : factor);
  for (const other of [slower, factors.slice(1), factors.map(() => 0), new Float32Array(40).fill(NaN)]) {
    assert.throws(() => describeGguf(header, other), /rope_freqs\.weight must rescale the rotation as Llama 3 does/);
  }
});

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
  Deno.test(`A GGUF file ${what} is refused in one sentence`, async () => {
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

Deno.test("No part of a file passes for the whole, nor does another format or version", async () => {
  const { bytes } = writeGguf(tinyLlama());
  const folder = await makeFolder({});
  const refused = async (content: Uint8Array, message: RegExp) => {
    await Deno.writeFile(`${folder}/a.gguf`, content);
    await assert.rejects(findFolder(`${folder}/a.gguf`), message);
  };
  for (let length = 0; length < bytes.length - 32; length += 29) {
    await refused(bytes.slice(0, length), /^Error: Cannot read [^\n]*(its header claims more bytes|must end inside)/);
  }
  const changed = (at: number, value: number) => bytes.map((byte, place) => place === at ? value : byte);
  await refused(changed(0, 0), /must begin with the letters GGUF$/);
  await refused(changed(4, 1), /its GGUF version must be 2 or 3, current value is 1$/);
  await refused(changed(4, 4), /its GGUF version must be 2 or 3, current value is 4$/);
  await refused(changed(4, 0).map((byte, at) => at === 7 ? 3 : byte), /must have its lowest bytes first/);
  await assert.rejects(findFolder(`${folder}/none.gguf`), /Cannot read .*none\.gguf: there must be such a file$/);
  await assert.rejects(findFolder(folder.replace(/$/, "/.gguf")), /there must be such a file$/);
});

/** Bytes that hostile files may add to resident memory, and milliseconds that one may take. */
const MEMORY = 300e6;
const LONGEST = 5000;

const { bytes: valid, fields } = writeGguf(tinyLlama());
const absurd = fc.oneof(
  fc.constantFrom(
    0n,
    1n,
    9n,
    31n,
    1n << 20n,
    1n << 31n,
    (1n << 32n) - 1n,
    1n << 40n,
    1n << 53n,
    1n << 63n,
    (1n << 64n) - 1n,
  ),
  fc.bigInt(0n, 40n),
  fc.bigInt(0n, (1n << 64n) - 1n),
);
const change = fc.oneof(
  { weight: 3, arbitrary: fc.record({ field: fc.nat(fields.length - 1), value: absurd }) },
  { weight: 3, arbitrary: fc.record({ at: fc.nat(valid.length - 1), bit: fc.nat(7) }) },
  { weight: 1, arbitrary: fc.record({ length: fc.nat(valid.length - 1) }) },
  { weight: 1, arbitrary: fc.record({ at: fc.nat(valid.length - 1), insert: fc.uint8Array({ maxLength: 40 }) }) },
);

/** A valid file with changes. */
function hostile(changes: readonly (typeof change extends fc.Arbitrary<infer T> ? T : never)[]): Uint8Array {
  let bytes = valid.slice();
  for (const each of changes) {
    if ("field" in each) {
      const { at, bytes: width } = fields[each.field];
      if (at + width > bytes.length) continue;
      const view = new DataView(bytes.buffer);
      if (width === 4) view.setUint32(at, Number(each.value & 0xffffffffn), true);
      else view.setBigUint64(at, each.value, true);
    } else if ("bit" in each) bytes[each.at] ^= 1 << each.bit;
    else if ("length" in each) bytes = bytes.slice(0, each.length);
    else bytes = Uint8Array.from([...bytes.slice(0, each.at), ...each.insert, ...bytes.slice(each.at)]);
  }
  return bytes;
}

Deno.test("Of 2,000 hostile GGUF files each is read or refused in one sentence, in little memory and time", async () => {
  const folder = await makeFolder({});
  const path = `${folder}/hostile.gguf`;
  const before = Deno.memoryUsage().rss;
  let read = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
      await Deno.writeFile(path, hostile(changes));
      const started = performance.now();
      try {
        const model = await findFolder(path);
        read++;
        const values = await valuesOf(`${model.folder}/model.safetensors`);
        assert(Object.values(values).every((of) => of.every(Number.isFinite)));
        await Deno.remove(model.folder!, { recursive: true });
      } catch (error) {
        assert(error instanceof Error);
        assert.equal(error.constructor, Error, String(error));
        assert.match(error.message, /^Cannot [^\n]{1,600}$/);
      }
      const taken = performance.now() - started;
      assert(taken < LONGEST, `${taken} ms`);
    }),
    { numRuns: 2000, seed: 5 },
  );
  assert(read > 100 && read < 1900, `${read} of 2,000 were read`);
  const grown = Deno.memoryUsage().rss - before;
  assert(grown < MEMORY, `resident memory grew by ${grown} bytes`);
});

Deno.test("Sizes that a large file only claims are refused in little memory and time", async () => {
  const folder = await makeFolder({});
  const string = (
    text: string,
  ) => [...new Uint8Array(new BigUint64Array([BigInt(text.length)]).buffer), ...new TextEncoder().encode(text)];
  const u32 = (value: number) => [...new Uint8Array(new Uint32Array([value]).buffer)];
  const u64 = (value: number) => [...new Uint8Array(new BigUint64Array([BigInt(value)]).buffer)];
  const start = (
    tensors: number,
    keys: number,
  ) => [...new TextEncoder().encode("GGUF"), ...u32(3), ...u64(tensors), ...u64(keys)];
  const array = (
    type: number,
    count: number,
  ) => [...start(0, 1), ...string("a"), ...u32(9), ...u32(type), ...u64(count)];
  // 1 GiB of zeros on no disk.
  const cases: [number[], RegExp][] = [
    [start(1 << 30, 0), /at most 65536 tensors/],
    [start(1, 1 << 30), /at most 65536 keys/],
    [start(60000, 0), /each tensor|must have 1 to 4 axes/],
    [[...start(0, 1), ...u64(1 << 29)], /a string must have at most 1048576 bytes/],
    [array(8, 1 << 28), /its arrays must have at most 2097152 entries, a has 268435456$/],
    [array(9, 1 << 20), /values must be of a known type, a is of the type number 9$/],
    [array(8, 1 << 21), /^Error: Cannot /],
    [array(12, 1 << 21), /^Error: Cannot /],
    [array(0, 2 ** 60), /its arrays must have at most/],
  ];
  const path = `${folder}/large.gguf`;
  const before = Deno.memoryUsage().rss;
  for (const [bytes, message] of cases) {
    await Deno.writeFile(path, Uint8Array.from(bytes));
    await Deno.truncate(path, 2 ** 30);
    const started = performance.now();
    await assert.rejects(findFolder(path), message);
    assert(performance.now() - started < LONGEST);
  }
  await Deno.remove(path);
  const grown = Deno.memoryUsage().rss - before;
  assert(grown < MEMORY, `resident memory grew by ${grown} bytes`);
});
