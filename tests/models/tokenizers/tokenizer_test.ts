import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { filesIn } from "../../../models/file-source.ts";
import { openTokenizer, tokenizerFiles } from "../../../models/tokenizers/tokenizer.ts";
import { inFolder } from "../../in-folder.ts";

/** A folder with a vocabulary and values of transformers (tests/golden/wordpiece.py). */
const golden = fileURLToPath(new URL("../../golden/wordpiece/", import.meta.url));

interface Value {
  lower: boolean;
  text: string;
  pair?: string;
  limit: number;
  ids: number[];
  types?: number[];
}

/** The same for byte pairs (tests/golden/byte-pairs.py). */
const goldenPairs = fileURLToPath(new URL("../../golden/byte-pairs/", import.meta.url));

const vocab = await Deno.readTextFile(`${golden}/vocab.txt`);
const values: Value[] = JSON.parse(await Deno.readTextFile(`${golden}/values.json`));

for (const lower of [true, false]) {
  Deno.test(`a vocab.txt gives the ids and segments of transformers, ${lower ? "un" : ""}cased`, () =>
    inFolder(
      { "vocab.txt": vocab, "tokenizer_config.json": JSON.stringify({ do_lower_case: lower }) },
      async (folder) => {
        const { encode } = await openTokenizer(folder, 200);
        const cased = values.filter((value) => value.lower === lower);
        assert(cased.length > 40);
        for (const { text, limit, pair, ids, types } of cased) {
          const encoding = await encode(text, limit, pair);
          assert.deepEqual([...encoding], ids, JSON.stringify({ text, pair, limit }));
          assert.deepEqual(encoding.types, types);
        }
      },
    ));
}

const bytePairs = {
  "vocab.json": await Deno.readTextFile(`${goldenPairs}/vocab.json`),
  "merges.txt": await Deno.readTextFile(`${goldenPairs}/merges.txt`),
};
const pairValues: { settings: object; values: Value[] }[] = JSON.parse(
  await Deno.readTextFile(`${goldenPairs}/values.json`),
);

for (const { settings, values } of pairValues) {
  Deno.test(`a vocab.json with merges.txt gives the ids of RoBERTa in transformers, settings: ${Object.keys(settings)}`, () =>
    inFolder({ ...bytePairs, "tokenizer_config.json": JSON.stringify(settings) }, async (folder) => {
      const { encode } = await openTokenizer(folder, 420);
      assert(values.length > 100);
      for (const { text, limit, pair, ids } of values) {
        assert.deepEqual([...await encode(text, limit, pair)], ids, JSON.stringify({ text, pair, limit }));
      }
      const pair = await encode("a", 10, "b");
      assert.deepEqual(pair.types, pair.map(() => 0));
    }));
}

/** Vocabularies without tokenizer.json, and values of transformers (tests/golden/vocabularies.py). */
const vocabularies = fileURLToPath(new URL("../../golden/vocabularies/", import.meta.url));

for (const kind of ["gpt2", "qwen2", "t5", "llama"]) {
  Deno.test(`the vocabulary of ${kind} gives the ids and texts of transformers`, async () => {
    const folder = `${vocabularies}${kind}`;
    const { rows, encoded, decoded }: { rows: number; encoded: Value[]; decoded: Value[] } = JSON.parse(
      await Deno.readTextFile(`${folder}/values.json`),
    );
    const { encode, decode } = await openTokenizer(folder, rows);
    assert(encoded.length > 100 && decoded.length === 12);
    for (const { text, limit, pair, ids } of encoded) {
      assert.deepEqual([...await encode(text, limit, pair)], ids, JSON.stringify({ text, pair, limit }));
    }
    for (const { ids, text } of decoded) assert.equal(await decode(ids), text);
  });
}

Deno.test("merges.txt is one of the files that identify a tokenizer", () =>
  inFolder({ ...bytePairs, "tokenizer_config.json": "{}" }, async (folder) => {
    assert.deepEqual(await tokenizerFiles(filesIn(folder)), ["vocab.json", "merges.txt", "tokenizer_config.json"]);
    await Deno.remove(`${folder}/merges.txt`);
    assert.deepEqual(await tokenizerFiles(filesIn(folder)), []);
  }));

Deno.test("a tokenizer without settings is uncased, and tokenize adds no special tokens", () =>
  inFolder({ "vocab.txt": vocab }, async (folder) => {
    const { encode, tokenize } = await openTokenizer(folder, 200);
    assert.deepEqual([...await encode("THE cat", 10)], [2, 5, 7, 3]);
    assert.deepEqual(await tokenize("THE cat"), [5, 7]);
  }));

Deno.test("a tokenizer.json is used rather than a vocab.txt", () =>
  inFolder({
    "vocab.txt": vocab,
    "tokenizer.json": JSON.stringify({
      version: "1.0",
      added_tokens: [],
      normalizer: null,
      pre_tokenizer: { type: "Whitespace" },
      post_processor: null,
      decoder: null,
      model: {
        type: "WordPiece",
        unk_token: "?",
        continuing_subword_prefix: "##",
        max_input_chars_per_word: 100,
        vocab: { "?": 0, cat: 1 },
      },
    }),
  }, async (folder) => {
    const { encode } = await openTokenizer(folder, 2);
    assert.deepEqual([...await encode("cat dog cat", 10)], [1, 0, 1]);
    assert.deepEqual([...await encode("cat", 10, "dog cat")], [1, 0, 1]);
  }));

const wrong: [string, Record<string, string>, number, RegExp][] = [
  ["no files", {}, 200, /^Error: Cannot use .*: it must have a tokenizer, one of tokenizer\.json, vocab\.txt/],
  [
    "more ids than the embedding has rows",
    { "vocab.txt": vocab },
    50,
    /^Error: Cannot use .*: ids of its tokenizer must be below the 50 rows of its word embeddings, one is 50$/,
  ],
  [
    "an absurd id",
    { "tokenizer.json": JSON.stringify({ model: { vocab: { a: 1e15 } } }) },
    50,
    /^Error: Cannot use .*: ids .* one is 1000000000000000$/,
  ],
  [
    "a vocabulary without [CLS]",
    { "vocab.txt": "[UNK]\n[SEP]\na" },
    200,
    /vocab\.txt: it must have the piece \[CLS\]$/,
  ],
  [
    "byte pairs without merges",
    { "vocab.json": bytePairs["vocab.json"] },
    420,
    /^Error: Cannot use .*: it must have a tokenizer, one of .*, vocab\.json with merges\.txt, spiece\.model, tokenizer\.model$/,
  ],
  [
    "byte pairs without </s>",
    { ...bytePairs, "vocab.json": bytePairs["vocab.json"].replace("</s>", "<other>") },
    420,
    /vocab\.json: it must have the piece <\/s>$/,
  ],
  [
    "a merge of three",
    { ...bytePairs, "merges.txt": "#version: 0.2\na t e\n" },
    420,
    /merges\.txt: a line must have two pieces of vocab\.json that join to a third, current value is a t e$/,
  ],
  [
    "a merge to no piece",
    { ...bytePairs, "merges.txt": "q q" },
    420,
    /merges\.txt: a line must have two pieces of vocab\.json that join to a third, current value is q q$/,
  ],
  ["broken JSON", { "tokenizer.json": '{"model": ' }, 200, /^Error: Cannot read .*tokenizer\.json: it must be JSON, /],
  ["a list", { "tokenizer.json": "[]" }, 200, /^Error: Cannot read .*tokenizer\.json: it must hold a JSON object$/],
  ["no model in it", { "tokenizer.json": "{}" }, 200, /^Error: Cannot use the tokenizer .*tokenizer\.json: .+/],
  [
    "a model of an unknown type",
    {
      "tokenizer.json": JSON.stringify({
        added_tokens: [],
        normalizer: null,
        pre_tokenizer: null,
        post_processor: null,
        decoder: null,
        model: { type: "Magic" },
      }),
    },
    200,
    /^Error: Cannot use the tokenizer .*: .*Magic/,
  ],
];

for (const [what, files, rows, message] of wrong) {
  Deno.test(`a tokenizer with ${what} is refused in one sentence`, () =>
    inFolder(files, async (folder) => {
      await assert.rejects(openTokenizer(folder, rows), message);
    }));
}

Deno.test("a limit that special tokens alone fill is refused", () =>
  inFolder({ "vocab.txt": vocab }, async (folder) => {
    const { encode } = await openTokenizer(folder, 200);
    await assert.rejects(encode("cat", 2), {
      message: "Cannot encode a text: it must have room for more than 2 tokens, there is 2",
    });
    assert.deepEqual([...await encode("cat dog", 3)], [2, 7, 3]);
  }));

Deno.test("letters are lowered one by one, and every numeral of Unicode is a digit", () => {
  const words = ["<unk>", "λογοσ", "λογος", "x", "1", "2", "½", "12", "Ⅷ", "ⅷ"];
  const form = (individual_digits: boolean) => ({
    model: { type: "WordLevel", vocab: Object.fromEntries(words.map((word, id) => [word, id])), unk_token: "<unk>" },
    normalizer: { type: "Sequence", normalizers: [{ type: "NFC" }, { type: "Lowercase" }] },
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [{ type: "WhitespaceSplit" }, { type: "Digits", individual_digits }],
    },
    post_processor: null,
    decoder: null,
    added_tokens: [],
  });
  return inFolder({ "tokenizer.json": JSON.stringify(form(true)) }, async (folder) => {
    const wordsOf = async () =>
      (await (await openTokenizer(folder, words.length)).tokenize("ΛΟΓΟΣ x12 x½xⅧ")).map((id) => words[id]);
    assert.deepEqual(await wordsOf(), ["λογοσ", "x", "1", "2", "x", "½", "x", "ⅷ"]);
    await Deno.writeTextFile(`${folder}/tokenizer.json`, JSON.stringify(form(false)));
    assert.deepEqual(await wordsOf(), ["λογοσ", "x", "12", "x", "½", "x", "ⅷ"]);
  });
});
