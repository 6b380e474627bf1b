/**
 * The vocabulary in the metadata of a GGUF file.
 * @module
 */
import { z } from "zod";
import { parseConfig } from "../config.ts";
import type { GgufHeader } from "./file.ts";

/** Characters of the longest token. */
const LONGEST_TOKEN = 1024;

/** Type of an ordinary token in `tokenizer.ggml.token_type`. */
export const NORMAL = 1;
/** Type of the token for unknown characters. */
export const UNKNOWN = 2;
/** Type of tokens that control the model, as those that begin and end texts. */
export const CONTROL = 3;
/** Type of tokens that users of the tokenizer's training have added. */
export const USER_DEFINED = 4;

/** An array whose entries are of one type; GGUF ensures that all are of the type of the first. */
function arrayOf<T extends string | number>(type: "string" | "number"): z.ZodType<readonly T[]> {
  return z.custom<readonly T[]>(
    (value) => Array.isArray(value) && value.length > 0 && typeof value[0] === type,
    { error: `must be a list of ${type}s` },
  );
}

const id = z.int().nonnegative().optional();
const schema = z.object({
  "tokenizer.ggml.model": z.enum(["gpt2", "llama"]),
  "tokenizer.ggml.pre": z.string().default("default"),
  "tokenizer.ggml.tokens": arrayOf<string>("string"),
  "tokenizer.ggml.token_type": arrayOf<number>("number").optional(),
  "tokenizer.ggml.scores": arrayOf<number>("number").optional(),
  "tokenizer.ggml.merges": arrayOf<string>("string").optional(),
  "tokenizer.ggml.bos_token_id": id,
  "tokenizer.ggml.eos_token_id": id,
  "tokenizer.ggml.padding_token_id": id,
  "tokenizer.ggml.unknown_token_id": id,
  "tokenizer.ggml.add_bos_token": z.boolean().optional(),
  "tokenizer.ggml.add_eos_token": z.boolean().optional(),
  "tokenizer.ggml.add_space_prefix": z.boolean().default(true),
  "tokenizer.ggml.remove_extra_whitespaces": z.literal(false).optional(),
  "tokenizer.ggml.precompiled_charsmap": z.undefined({ error: "must not be given: it is not supported" }).optional(),
  "tokenizer.chat_template": z.string().optional(),
});

/** Special tokens that the metadata name. */
export type SpecialToken = "bos" | "eos" | "padding" | "unknown";

/** The vocabulary, and how texts are encoded with it. */
export interface GgufVocabulary {
  /** The file, for messages. */
  path: string;
  /** Byte-level BPE ("gpt2") or SentencePiece's BPE ("llama"). */
  model: "gpt2" | "llama";
  /** Tokens by id. */
  tokens: readonly string[];
  /** Type of each token. */
  types?: readonly number[];
  /** Score of each token. */
  scores?: readonly number[];
  /** Pairs of tokens, with a space between, in the order in which they are joined. */
  merges?: readonly string[];
  /** Name of the rules that split texts into words. */
  pre: string;
  /** Whether a space is put before texts. */
  spaceFirst: boolean;
  /** Ids of special tokens. */
  special: Partial<Record<SpecialToken, number>>;
  /** Whether texts begin with the token for that; absent: as the kind of tokenizer has it. */
  addBos?: boolean;
  /** Whether texts end with the token for that. */
  addEos: boolean;
  /** Chat template of the model. */
  chatTemplate?: string;
}

/** What a kind of tokenizer makes of a vocabulary. */
export interface TokenizerForm {
  /** Part of tokenizer.json. */
  json: { normalizer: object | null; pre_tokenizer: object | null; decoder: object; model: object };
  /** Types of the tokens that are found in texts before anything else. */
  added: readonly number[];
  /** Whether texts begin with the token for that unless the metadata say otherwise. */
  startsTexts: boolean;
}

/** @throws {Error} if lists differ in length, or if a token is too long */
function checkLists({ path, tokens, types, scores }: GgufVocabulary): void {
  for (const [name, list] of Object.entries({ token_type: types, scores })) {
    if (list && list.length !== tokens.length) {
      throw new Error(
        `Cannot use ${path}: tokenizer.ggml.${name} must have ${tokens.length} entries, one a token, ` +
          `current value is ${list.length}`,
      );
    }
  }
  const long = tokens.find((token) => token.length > LONGEST_TOKEN);
  if (long !== undefined) {
    throw new Error(
      `Cannot use ${path}: a token must have at most ${LONGEST_TOKEN} characters, one has ${long.length}`,
    );
  }
}

/**
 * The vocabulary of a header; undefined if the file has none.
 * @throws {Error} one sentence, if it is of another kind than the two that are supported, or if its lists do not fit together
 */
export function readVocabulary({ path, metadata }: GgufHeader): GgufVocabulary | undefined {
  const { "tokenizer.ggml.model": model = "none" } = metadata;
  if (model === "none" || model === "no_vocab") return undefined;
  const values = parseConfig({ path, values: metadata }, schema);
  const vocabulary: GgufVocabulary = {
    path,
    model: values["tokenizer.ggml.model"],
    tokens: values["tokenizer.ggml.tokens"],
    types: values["tokenizer.ggml.token_type"],
    scores: values["tokenizer.ggml.scores"],
    merges: values["tokenizer.ggml.merges"],
    pre: values["tokenizer.ggml.pre"],
    spaceFirst: values["tokenizer.ggml.add_space_prefix"],
    special: {
      bos: values["tokenizer.ggml.bos_token_id"],
      eos: values["tokenizer.ggml.eos_token_id"],
      padding: values["tokenizer.ggml.padding_token_id"],
      unknown: values["tokenizer.ggml.unknown_token_id"],
    },
    addBos: values["tokenizer.ggml.add_bos_token"],
    addEos: values["tokenizer.ggml.add_eos_token"] ?? false,
    chatTemplate: values["tokenizer.chat_template"],
  };
  checkLists(vocabulary);
  return vocabulary;
}
