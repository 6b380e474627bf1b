import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { openTokenizer } from "../../models/tokenizer.ts";

/** A folder with a vocabulary and values of transformers (tests/golden/wordpiece.py). */
const golden = fileURLToPath(new URL("../golden/wordpiece/", import.meta.url));

interface Value {
  lower: boolean;
  text: string;
  pair?: string;
  limit: number;
  ids: number[];
  types?: number[];
}

async function inFolder(files: Record<string, string>, work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "tunebench-tokenizer-" });
  for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(`${folder}/${name}`, text);
  await work(folder).finally(() => Deno.remove(folder, { recursive: true }));
}

const vocab = await Deno.readTextFile(`${golden}/vocab.txt`);
const values: Value[] = JSON.parse(await Deno.readTextFile(`${golden}/values.json`));

for (const lower of [true, false]) {
  Deno.test(`A vocab.txt gives the ids and segments of transformers, ${lower ? "un" : ""}cased`, () =>
    inFolder(
      { "vocab.txt": vocab, "tokenizer_config.json": JSON.stringify({ do_lower_case: lower }) },
      async (folder) => {
        const { encode } = await openTokenizer(folder, 200);
        const own = values.filter((value) => value.lower === lower);
        assert(own.length > 40);
        for (const { text, limit, pair, ids, types } of own) {
          const found = encode(text, limit, pair);
          assert.deepEqual([...found], ids, JSON.stringify({ text, pair, limit }));
          assert.deepEqual(found.types, types);
        }
      },
    ));
}

Deno.test("A tokenizer without settings is uncased, and a text alone has no special tokens", () =>
  inFolder({ "vocab.txt": vocab }, async (folder) => {
    const { encode, tokenize } = await openTokenizer(folder, 200);
    assert.deepEqual([...encode("THE cat", 10)], [2, 5, 7, 3]);
    assert.deepEqual(tokenize("THE cat"), [5, 7]);
  }));

Deno.test("A tokenizer.json goes before a vocab.txt", () =>
  inFolder({
    "vocab.txt": vocab,
    "tokenizer.json": JSON.stringify({
      version: "1.0",
      added_tokens: [],
      normalizer: null,
      pre_tokenizer: { type: "Whitespace" },
      post_processor: null,
      decoder: null,
      model: { type: "WordPiece", unk_token: "?", continuing_subword_prefix: "##", vocab: { "?": 0, cat: 1 } },
    }),
  }, async (folder) => {
    const { encode } = await openTokenizer(folder, 2);
    assert.deepEqual([...encode("cat dog cat", 10)], [1, 0, 1]);
    assert.deepEqual([...encode("cat", 10, "dog cat")], [1, 0, 1]);
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
    { "tokenizer.json": JSON.stringify({ model: { vocab: { a: 0 } }, added_tokens: [{ id: 1e15 }] }) },
    50,
    /^Error: Cannot use .*: ids .* one is 1000000000000000$/,
  ],
  [
    "a vocabulary without [CLS]",
    { "vocab.txt": "[UNK]\n[SEP]\na" },
    200,
    /vocab\.txt: it must have the piece \[CLS\]$/,
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
  Deno.test(`A tokenizer with ${what} is refused in one sentence`, () =>
    inFolder(files, async (folder) => {
      await assert.rejects(openTokenizer(folder, rows), message);
    }));
}

Deno.test("A limit that special tokens alone fill is refused", () =>
  inFolder({ "vocab.txt": vocab }, async (folder) => {
    const { encode } = await openTokenizer(folder, 200);
    assert.throws(() => encode("cat", 2), {
      message: "Cannot encode a text: it must have room for more than 2 tokens, there is 2",
    });
    assert.deepEqual([...encode("cat dog", 3)], [2, 7, 3]);
  }));
