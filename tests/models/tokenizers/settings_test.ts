/** Settings of tokenizer_config.json that say otherwise than tokenizer.json. */
import assert from "node:assert/strict";
import { addedToken } from "../../../models/tokenizers/template.ts";
import { openTokenizer } from "../../../models/tokenizers/tokenizer.ts";
import { findMerges } from "../../../models/tokenizers/merges.ts";
import { inFolder } from "../../in-folder.ts";

const words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "The", "cafe", "café", "中", "中国"];
const form = {
  version: "1.0",
  added_tokens: [addedToken("[ENT]", 11, { special: false })],
  normalizer: {
    type: "BertNormalizer",
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: null,
    lowercase: true,
  },
  pre_tokenizer: { type: "BertPreTokenizer" },
  post_processor: null,
  decoder: { type: "WordPiece", prefix: "##", cleanup: true },
  model: {
    type: "WordPiece",
    unk_token: "[UNK]",
    continuing_subword_prefix: "##",
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(words.map((word, id) => [word, id])),
  },
};

/** The tokens of a text with these settings, without [CLS] and [SEP]. */
function tokensOf(settings: object, text: string, changes: object = {}): Promise<string[]> {
  const files = { "tokenizer.json": { ...form, ...changes }, "tokenizer_config.json": settings };
  return inFolder(files, async (folder) => {
    const ids = await (await openTokenizer(folder, 14)).tokenize(text);
    return ids.map((id) => words[id] ?? String(id));
  });
}

/** The same part thirty times over. */
const sequence = (list: string, part: object) => ({ type: "Sequence", [list]: Array(30).fill(part) });

const bert = { tokenizer_class: "BertTokenizer" };
const agreed: [what: string, settings: object, text: string, tokens: string[]][] = [
  ["do_lower_case", { ...bert, do_lower_case: false }, "The the", ["The", "the"]],
  ["strip_accents", { ...bert, strip_accents: false }, "café", ["café"]],
  ["tokenize_chinese_chars", { ...bert, tokenize_chinese_chars: false }, "中国", ["中国"]],
  [
    "a class that takes tokenizer.json as it is",
    { tokenizer_class: "PreTrainedTokenizerFast", do_lower_case: false },
    "The",
    [
      "the",
    ],
  ],
  ["no class", { do_lower_case: false }, "The", ["the"]],
  ["added_tokens_decoder", { ...bert, added_tokens_decoder: { 11: { content: "[X]", special: true } } }, "[X]", ["11"]],
  ["extra_special_tokens", { extra_special_tokens: ["<y>"] }, "the<y>[ENT]", ["the", "12", "11"]],
];

for (const [what, settings, text, tokens] of agreed) {
  Deno.test(`settings are applied as in transformers: ${what}`, async () => {
    assert.deepEqual(await tokensOf(settings, text), tokens);
  });
}

for (const [clean, text] of [[true, "the, cafe!"], [false, "the , cafe !"]] as const) {
  Deno.test(`spaces before signs ${clean ? "go" : "stay"} where clean_up_tokenization_spaces is ${clean}`, () => {
    const vocab = Object.fromEntries(["[UNK]", "the", ",", "cafe", "!"].map((word, id) => [word, id]));
    const files = {
      "tokenizer.json": { ...form, added_tokens: [], decoder: null, model: { ...form.model, vocab } },
      "tokenizer_config.json": { clean_up_tokenization_spaces: clean },
    };
    return inFolder(files, async (folder) => {
      assert.equal(await (await openTokenizer(folder, 14)).decode([1, 2, 3, 4]), text);
    });
  });
}

const refused: [what: string, settings: object, changes: object, message: RegExp][] = [
  [
    "split_special_tokens",
    { split_special_tokens: true },
    {},
    /split_special_tokens of tokenizer_config\.json must be false, it is true$/,
  ],
  [
    "truncation_side",
    { truncation_side: "left" },
    {},
    /truncation_side of tokenizer_config\.json must be right, it is "left"$/,
  ],
  [
    "a class of another model",
    { tokenizer_class: "GPT2TokenizerFast" },
    {},
    /its model must be BPE for GPT2Tokenizer, current value is "WordPiece"$/,
  ],
  [
    "an unk_token outside the vocabulary",
    {},
    { model: { ...form.model, unk_token: "<unk>" } },
    /its unk_token must be in its vocabulary, current value is <unk>$/,
  ],
  [
    "an unknown normaliser",
    {},
    { normalizer: { type: "Magic" } },
    /its normalizer must be one of BertNormalizer, .*, current value is "Magic"$/,
  ],
  [
    "words of length 0, which end the process",
    {},
    { pre_tokenizer: { type: "FixedLength", length: 0 } },
    /the length of FixedLength must be at least 1, it is 0$/,
  ],
  [
    "100,000 added tokens",
    {},
    { added_tokens: Array.from({ length: 100_000 }, (_, at) => addedToken(`<${at}>`, 12)) },
    /it must have at most 65536 added tokens, current value is 100000$/,
  ],
  [
    "pieces of many bytes",
    {},
    {
      model: {
        type: "Unigram",
        unk_id: 0,
        vocab: Array.from({ length: 12 }, (_, at) => [`${at}${"ä".repeat(200_000)}`, -1]),
      },
    },
    /its pieces must have at most 4194304 bytes together, current value is 4800014$/,
  ],
  [
    "half a table of characters, which ends the process",
    {},
    { normalizer: { type: "Precompiled", precompiled_charsmap: btoa("\xff\0\0\0abcd") } },
    /its precompiled_charsmap must be a whole table of characters, it is damaged$/,
  ],
  [
    "Replace parts of which each doubles the text of the one before",
    {},
    { normalizer: sequence("normalizers", { type: "Replace", pattern: { String: "a" }, content: "aa" }) },
    /its Replace parts may make a text at most 256 times as long, current value is 1073741824 times$/,
  ],
  [
    "Replace parts of a decoder that match between characters",
    {},
    { decoder: sequence("decoders", { type: "Replace", pattern: { Regex: "" }, content: "a" }) },
    /its Replace parts may make a text at most 256 times as long, current value is 1073741824 times$/,
  ],
  [
    "a template without texts",
    {},
    { post_processor: { type: "TemplateProcessing", single: [], pair: [], special_tokens: {} } },
    /the template of a pair must have \$A and \$B$/,
  ],
];

for (const [what, settings, changes, message] of refused) {
  Deno.test(`a tokenizer with ${what} is refused by name`, () =>
    assert.rejects(tokensOf(settings, "the", changes), message));
}

Deno.test("a vocabulary with a piece of 100,000 characters is refused at once", () => {
  const pieces = [{ text: "a", score: 0 }, { text: "a".repeat(100_000), score: -1 }];
  assert.throws(() => findMerges("tokenizer.model", pieces, new Map()), {
    message: `Cannot use tokenizer.model: a token must have at most 64 characters, current value is ${"a".repeat(40)}…`,
  });
});
