/**
 * The tokenizer in the metadata of a GGUF file, as the files tokenizer.json and tokenizer_config.json.
 * @module
 */
import { byteLevelForm } from "./byte-level.ts";
import type { GgufHeader } from "./file.ts";
import { sentencePieceForm } from "./sentence-piece.ts";
import { type GgufVocabulary, readVocabulary, type SpecialToken, USER_DEFINED } from "./vocabulary.ts";

/** The post-processor of tokenizer.json that puts special tokens around a text, and around each text of a pair. */
function template(tokens: readonly string[], start: number | undefined, end: number | undefined): object | null {
  if (start === undefined && end === undefined) return null;
  const special = (id: number | undefined, type_id: number) =>
    id === undefined ? [] : [{ SpecialToken: { id: tokens[id], type_id } }];
  const around = (id: string, type: number) => [
    ...special(start, type),
    { Sequence: { id, type_id: type } },
    ...special(end, type),
  ];
  const used = [start, end].filter((id) => id !== undefined);
  return {
    type: "TemplateProcessing",
    single: around("A", 0),
    pair: [...around("A", 0), ...around("B", 1)],
    special_tokens: Object.fromEntries(
      used.map((id) => [tokens[id], { id: tokens[id], ids: [id], tokens: [tokens[id]] }]),
    ),
  };
}

/** Tokens that are found in texts before anything else. */
function addedTokens({ tokens, types = [] }: GgufVocabulary, added: readonly number[]): object[] {
  return [...types.entries()].filter(([, type]) => added.includes(type)).map(([id, type]) => ({
    id,
    content: tokens[id],
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: type !== USER_DEFINED,
  }));
}

/** The id of a special token. @throws {Error} if it is no token's */
function specialId({ path, tokens, special }: GgufVocabulary, name: SpecialToken): number | undefined {
  const id = special[name];
  if (id === undefined || id < tokens.length) return id;
  throw new Error(
    `Cannot use ${path}: tokenizer.ggml.${name}_token_id must be below the number of tokens, ${tokens.length}, ` +
      `current value is ${id}`,
  );
}

/** Content of the two files. */
export type TokenizerFiles = Record<"tokenizer.json" | "tokenizer_config.json", object>;

/**
 * The tokenizer of a header; undefined if the file has none.
 * @param contextLength most tokens of a text
 * @throws {Error} one sentence, if it is of another kind than byte-level BPE and SentencePiece's BPE, or is damaged
 */
export function convertTokenizer(header: GgufHeader, contextLength: number): TokenizerFiles | undefined {
  const vocabulary = readVocabulary(header);
  if (!vocabulary) return undefined;
  const { path, model, tokens, addBos, addEos: endsTexts, chatTemplate } = vocabulary;
  const form = (model === "gpt2" ? byteLevelForm : sentencePieceForm)(vocabulary);
  const [bos, eos, padding, unknown] = (["bos", "eos", "padding", "unknown"] as const)
    .map((name) => specialId(vocabulary, name));
  const startsTexts = addBos ?? form.startsTexts;
  for (const [name, used, id] of [["bos", startsTexts, bos], ["eos", endsTexts, eos]] as const) {
    if (used && id === undefined) {
      throw new Error(`Cannot use ${path}: texts have a ${name} token, and tokenizer.ggml.${name}_token_id is missing`);
    }
  }
  const tokenOf = (id: number | undefined) => id === undefined ? undefined : tokens[id];
  return {
    "tokenizer.json": {
      version: "1.0",
      truncation: null,
      padding: null,
      added_tokens: addedTokens(vocabulary, form.added),
      ...form.json,
      post_processor: template(tokens, startsTexts ? bos : undefined, endsTexts ? eos : undefined),
    },
    "tokenizer_config.json": {
      tokenizer_class: "PreTrainedTokenizerFast",
      add_bos_token: startsTexts,
      add_eos_token: endsTexts,
      bos_token: tokenOf(bos),
      eos_token: tokenOf(eos),
      pad_token: tokenOf(padding),
      unk_token: tokenOf(unknown),
      model_max_length: contextLength,
      clean_up_tokenization_spaces: false,
      chat_template: chatTemplate,
    },
  };
}
