/**
 * The tokenizer in the metadata of a GGUF file, as the files tokenizer.json and tokenizer_config.json.
 * @module
 */
import { z } from "zod";
import { parseConfig } from "../config.ts";
import type { GgufHeader } from "./file.ts";

/** Characters of the longest token. */
const LONGEST_TOKEN = 1024;
/** Characters of the longest token, and number of tokens, of a vocabulary whose merges are found by trying. */
const LONGEST_PIECE = 64;
const MOST_PIECES = 1 << 18;
/** Pairs that such a vocabulary may have. */
const MOST_MERGES = 1 << 20;

/** Kinds of token, as `tokenizer.ggml.token_type` has them. */
const [NORMAL, UNKNOWN, CONTROL, USER_DEFINED] = [1, 2, 3, 4];

/** An array of a type: its first entry tells, as all are of one type. */
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

/** What the schema leaves, under short names. */
interface Vocabulary {
  path: string;
  tokens: readonly string[];
  types?: readonly number[];
  scores?: readonly number[];
  merges?: readonly string[];
  pre: string;
  spaceFirst: boolean;
}

/** What a kind of tokenizer makes of a vocabulary. */
interface Form {
  /** Part of tokenizer.json. */
  json: { normalizer: object | null; pre_tokenizer: object | null; decoder: object; model: object };
  /** Kinds of token that are found in texts before anything else. */
  added: readonly number[];
  /** Whether texts begin with the token for that unless the metadata say otherwise. */
  startsTexts: boolean;
}

function split(...patterns: string[]): object[] {
  return patterns.map((Regex) => ({ type: "Split", pattern: { Regex }, behavior: "Isolated", invert: false }));
}

/** Bytes as characters; with the regular expression of GPT-2 (Radford et al., 2019) texts are split first. */
function byteLevel(regex: boolean) {
  return { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: regex };
}

/** Llama 3's expression, and Qwen2's, which takes digits one by one. */
function modern(digits: string): string {
  return "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|" + digits +
    "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
}

/** What `tokenizer.ggml.pre` stands for: how texts are split into words. */
interface Splitting {
  splits: object[];
  normalizer?: object;
  /** A word that is a token stays one, whatever the merges say. */
  wholeWords?: true;
  startsTexts?: true;
}

const splittings: Record<string, Splitting> = {
  // llama.cpp's own rules for files that do not name the model's.
  default: {
    splits: [
      ...split(
        "[\\p{P}\\$\\+<=>\\^~\\|]+",
        "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)",
        "\\p{N}+",
        "[0-9][0-9][0-9]",
      ),
      byteLevel(false),
    ],
  },
  "gpt-2": { splits: [byteLevel(true)] },
  "llama-bpe": { splits: [...split(modern("\\p{N}{1,3}")), byteLevel(false)], wholeWords: true, startsTexts: true },
  qwen2: { splits: [...split(modern("\\p{N}")), byteLevel(false)], normalizer: { type: "NFC" } },
  smollm: { splits: [...split("\\p{N}"), byteLevel(true)] },
};

function idsOf(tokens: readonly string[]): Map<string, number> {
  return new Map(tokens.map((token, id) => [token, id]));
}

/** Byte-pair encoding of bytes (Sennrich et al., 2016; Radford et al., 2019). */
function bytePairs({ path, tokens, merges, pre }: Vocabulary): Form {
  if (!Object.hasOwn(splittings, pre)) {
    throw new Error(
      `Cannot use ${path}: tokenizer.ggml.pre must be one of ${Object.keys(splittings).join(", ")}, ` +
        `current value is ${pre.slice(0, 80)}`,
    );
  }
  if (!merges) throw new Error(`Cannot use ${path}: its tokenizer must have tokenizer.ggml.merges`);
  const ids = idsOf(tokens);
  const pairs = merges.map((merge) => {
    const pair = merge.split(" ");
    if (pair.length === 2 && [...pair, pair.join("")].every((piece) => ids.has(piece))) return pair;
    throw new Error(
      `Cannot use ${path}: a merge must have two tokens that join to a third, current value is ${merge.slice(0, 80)}`,
    );
  });
  const { splits, normalizer = null, wholeWords = false, startsTexts = false } = splittings[pre];
  return {
    json: {
      normalizer,
      pre_tokenizer: { type: "Sequence", pretokenizers: splits },
      decoder: byteLevel(true),
      model: { type: "BPE", vocab: Object.fromEntries(ids), merges: pairs, ignore_merges: wholeWords },
    },
    added: [CONTROL, USER_DEFINED],
    startsTexts,
  };
}

/** SentencePiece's sign for a space. */
const SPACE = "▁";

/**
 * SentencePiece's byte-pair encoding (Kudo and Richardson, 2018): the pair is joined first that makes the token with the
 * highest score. Every way to make a token of two is a merge, in the order of scores, as transformers converts it.
 */
function sentencePiece({ path, tokens, types, scores, spaceFirst }: Vocabulary): Form {
  if (!types || !scores) {
    throw new Error(
      `Cannot use ${path}: its tokenizer must have tokenizer.ggml.scores and tokenizer.ggml.token_type`,
    );
  }
  if (tokens.length > MOST_PIECES) {
    throw new Error(
      `Cannot use ${path}: it must have at most ${MOST_PIECES} tokens, current value is ${tokens.length}`,
    );
  }
  const ids = idsOf(tokens);
  const isPiece = (piece: string) => types[ids.get(piece) ?? -1] === NORMAL;
  const merges: { pair: [string, string]; score: number }[] = [];
  for (const [id, token] of tokens.entries()) {
    if (types[id] !== NORMAL || ids.get(token) !== id) continue;
    if (token.length > LONGEST_PIECE) {
      throw new Error(
        `Cannot use ${path}: a token must have at most ${LONGEST_PIECE} characters, one is ${token.slice(0, 80)}`,
      );
    }
    for (let at = 1; at < token.length; at++) {
      const pair: [string, string] = [token.slice(0, at), token.slice(at)];
      if (pair.every(isPiece)) merges.push({ pair, score: scores[id] });
    }
    if (merges.length > MOST_MERGES) {
      throw new Error(`Cannot use ${path}: its tokens must be made of at most ${MOST_MERGES} pairs, there are more`);
    }
  }
  const unknown = types.indexOf(UNKNOWN);
  const replaced = (from: string, to: string) => ({ type: "Replace", pattern: { String: from }, content: to });
  return {
    json: {
      normalizer: {
        type: "Sequence",
        normalizers: [...spaceFirst ? [{ type: "Prepend", prepend: SPACE }] : [], replaced(" ", SPACE)],
      },
      pre_tokenizer: null,
      decoder: {
        type: "Sequence",
        decoders: [
          replaced(SPACE, " "),
          { type: "ByteFallback" },
          { type: "Fuse" },
          ...spaceFirst ? [{ type: "Strip", content: " ", start: 1, stop: 0 }] : [],
        ],
      },
      model: {
        type: "BPE",
        vocab: Object.fromEntries(ids),
        // Sorting is stable: of one token the first pairs stay first.
        merges: merges.toSorted((a, b) => b.score - a.score).map(({ pair }) => pair),
        unk_token: unknown < 0 ? null : tokens[unknown],
        byte_fallback: true,
        fuse_unk: true,
      },
    },
    added: [UNKNOWN, CONTROL, USER_DEFINED],
    startsTexts: true,
  };
}

/** What is put around a text, and around each of a pair. */
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

/** The two files, or none. */
export type TokenizerFiles = Record<"tokenizer.json" | "tokenizer_config.json", object>;

/**
 * The tokenizer of a header, none where it has no tokenizer.
 * @param contextLength most tokens of a text
 * @throws {Error} one sentence, if it is of another kind than byte-level BPE and SentencePiece's BPE, or is damaged
 */
export function convertTokenizer({ path, metadata }: GgufHeader, contextLength: number): TokenizerFiles | undefined {
  const { "tokenizer.ggml.model": kind = "none" } = metadata;
  if (kind === "none" || kind === "no_vocab") return undefined;
  const values = parseConfig({ path, values: metadata }, schema);
  const tokens = values["tokenizer.ggml.tokens"];
  const types = values["tokenizer.ggml.token_type"];
  const scores = values["tokenizer.ggml.scores"];
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
  /** A token's id by its name. */
  const idOf = (name: "bos" | "eos" | "padding" | "unknown"): number | undefined => {
    const id = values[`tokenizer.ggml.${name}_token_id`];
    if (id === undefined || id < tokens.length) return id;
    throw new Error(
      `Cannot use ${path}: tokenizer.ggml.${name}_token_id must be below the number of tokens, ${tokens.length}, ` +
        `current value is ${id}`,
    );
  };
  const form = (kind === "gpt2" ? bytePairs : sentencePiece)({
    path,
    tokens,
    types,
    scores,
    merges: values["tokenizer.ggml.merges"],
    pre: values["tokenizer.ggml.pre"],
    spaceFirst: values["tokenizer.ggml.add_space_prefix"],
  });
  const [bos, eos, padding, unknown] = (["bos", "eos", "padding", "unknown"] as const).map(idOf);
  const startsTexts = values["tokenizer.ggml.add_bos_token"] ?? form.startsTexts;
  const endsTexts = values["tokenizer.ggml.add_eos_token"] ?? false;
  for (const [name, added, id] of [["bos", startsTexts, bos], ["eos", endsTexts, eos]] as const) {
    if (added && id === undefined) {
      throw new Error(`Cannot use ${path}: texts have a ${name} token, and tokenizer.ggml.${name}_token_id is missing`);
    }
  }
  const added = [...types?.entries() ?? []].filter(([, type]) => form.added.includes(type));
  const named = (id: number | undefined) => id === undefined ? undefined : tokens[id];
  return {
    "tokenizer.json": {
      version: "1.0",
      truncation: null,
      padding: null,
      added_tokens: added.map(([id, type]) => ({
        id,
        content: tokens[id],
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: type !== USER_DEFINED,
      })),
      ...form.json,
      post_processor: template(tokens, startsTexts ? bos : undefined, endsTexts ? eos : undefined),
    },
    "tokenizer_config.json": {
      tokenizer_class: "PreTrainedTokenizerFast",
      add_bos_token: startsTexts,
      add_eos_token: endsTexts,
      bos_token: named(bos),
      eos_token: named(eos),
      pad_token: named(padding),
      unk_token: named(unknown),
      model_max_length: contextLength,
      clean_up_tokenization_spaces: false,
      chat_template: values["tokenizer.chat_template"],
    },
  };
}
