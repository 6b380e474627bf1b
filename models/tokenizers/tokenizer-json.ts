/**
 * A tokenizer.json before the library sees it: what is known to be refused there only once a text needs it, or to end the
 * process, is refused here.
 * @module
 */
import { Buffer } from "node:buffer";
import { shorten, showValue } from "../../base/errors.ts";
import { addedIds, type Layout, readLayout } from "./special-tokens.ts";

/** A part of a tokenizer.json. */
export type Part = Record<string, unknown>;

/** Content of a tokenizer.json. */
export interface TokenizerJson {
  /** Pieces and their ids. */
  model?: unknown;
  /** How texts are normalised. */
  normalizer?: unknown;
  /** How texts are split into words. */
  pre_tokenizer?: unknown;
  /** How pieces become a text. */
  decoder?: unknown;
  /** Tokens that are found in texts before anything else. */
  added_tokens?: unknown;
  /** Special tokens around a text. */
  post_processor?: unknown;
}

/** Pieces of a model and their ids; a unigram vocabulary is a list. */
function entriesOf(vocab: unknown): [string, unknown][] {
  if (Array.isArray(vocab)) return vocab.map((entry, id) => [String(Object(entry)[0]), id]);
  return Object.entries(Object(vocab));
}

/** The types of parts that the library has. */
const types = {
  model: ["BPE", "WordPiece", "WordLevel", "Unigram"],
  normalizer: [
    ...["BertNormalizer", "Strip", "StripAccents", "NFC", "NFD", "NFKC", "NFKD", "Sequence", "Lowercase", "Nmt"],
    ...["Precompiled", "Replace", "Prepend", "ByteLevel"],
  ],
  pre_tokenizer: [
    ...["BertPreTokenizer", "ByteLevel", "CharDelimiterSplit", "Metaspace", "Whitespace", "Sequence", "Split"],
    ...["Punctuation", "WhitespaceSplit", "Digits", "UnicodeScripts", "FixedLength"],
  ],
  decoder: [
    ...["BPEDecoder", "ByteLevel", "WordPiece", "Metaspace", "CTC", "Sequence", "Replace", "Fuse", "Strip"],
    "ByteFallback",
  ],
} as const;
/** Where a part of a sequence stands. */
const LISTS = ["normalizers", "pretokenizers", "decoders"] as const;

/** Every part of one kind, those of sequences included. @throws {Error} if one is of an unknown type */
function partsOf(kind: keyof typeof types, part: unknown): Part[] {
  if (part === null || part === undefined) return [];
  const { type } = Object(part);
  // Old files have no type of their model.
  if (!(kind === "model" && type === undefined) && !(types[kind] as readonly unknown[]).includes(type)) {
    throw new Error(`its ${kind} must be one of ${types[kind].join(", ")}, current value is ${showValue(type)}`);
  }
  const inner = LISTS.map((name) => Object(part)[name]).find(Array.isArray) ?? [];
  return [part as Part, ...inner.flatMap((one: unknown) => partsOf(kind, one))];
}

/** Most added tokens: the library takes 7 s for so many, and a time that grows with the square of their number. */
const MOST_ADDED = 1 << 16;
/** Most bytes of all pieces of a unigram vocabulary: the library takes up to 370 bytes of memory for each. */
const MOST_PIECES = 1 << 22;

/** Vocabularies that take the library much time or memory to read. @throws {Error} if there are too many tokens, or too long ones */
function checkSizes({ model, added_tokens: added }: TokenizerJson): void {
  if (Array.isArray(added) && added.length > MOST_ADDED) {
    throw new Error(`it must have at most ${MOST_ADDED} added tokens, current value is ${added.length}`);
  }
  const { type, vocab } = Object(model);
  if (type !== "Unigram") return;
  const bytes = entriesOf(vocab).reduce((sum, [piece]) => sum + Buffer.byteLength(piece), 0);
  if (bytes > MOST_PIECES) {
    throw new Error(`its pieces must have at most ${MOST_PIECES} bytes together, current value is ${bytes}`);
  }
}

/** Times that all Replace parts together may lengthen a text. */
const MOST_GROWTH = 256;

/** Each Replace may lengthen what the one before it made. @throws {Error} if a text could grow beyond the bound */
function checkGrowth(parts: readonly Part[]): void {
  const growth = parts.filter(({ type }) => type === "Replace").map(({ pattern, content }) => {
    const { length } = String(content);
    // A regular expression may match between two characters, which stay then.
    const between = length > 0 && !Object(pattern).String ? 1 : 0;
    return Math.max(1, length + between);
  }).reduce((product, factor) => product * factor, 1);
  if (growth <= MOST_GROWTH) return;
  throw new Error(
    `its Replace parts may make a text at most ${MOST_GROWTH} times as long, current value is ${growth} times`,
  );
}

/**
 * SentencePiece's table of characters: the bytes of a trie as a number of 32 bits, the trie in units of 32 bits, texts.
 * @throws {Error} if it is damaged, which ends the process
 */
function checkCharsmap({ precompiled_charsmap: table }: Part): void {
  try {
    const bytes = Uint8Array.fromBase64(String(table));
    const size = new DataView(bytes.buffer).getUint32(0, true);
    new Uint32Array(bytes.buffer.slice(4, 4 + size));
    new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(4 + size));
    if (4 + size <= bytes.length) return;
  } catch {
    // Refused below.
  }
  throw new Error("its precompiled_charsmap must be a whole table of characters, it is damaged");
}

/** Settings of parts that end the process, or go on without end, instead of being refused. */
function checkParts(form: TokenizerJson): void {
  if (form.model === null || form.model === undefined) throw new Error("it must have a model");
  partsOf("model", form.model);
  const normalizers = partsOf("normalizer", form.normalizer);
  checkGrowth(normalizers);
  normalizers.filter(({ type }) => type === "Precompiled").forEach(checkCharsmap);
  for (const { type, length } of partsOf("pre_tokenizer", form.pre_tokenizer)) {
    if (type === "FixedLength" && length === 0) {
      throw new Error("the length of FixedLength must be at least 1, it is 0");
    }
  }
  const decoders = partsOf("decoder", form.decoder);
  checkGrowth(decoders);
  for (const { type, stop } of decoders) {
    if (type === "Strip" && stop !== 0) throw new Error(`the stop of Strip must be 0, it is ${showValue(stop)}`);
  }
}

/** The token for what is unknown, which the library looks for when a text needs it. @throws {Error} if it has no id */
function checkUnknown({ type, unk_token, vocab }: Part): void {
  const name = unk_token ?? { WordPiece: "[UNK]", WordLevel: "<unk>" }[String(type)];
  if (typeof name !== "string" || Object.hasOwn(Object(vocab), name)) return;
  throw new Error(`its unk_token must be in its vocabulary, current value is ${shorten(name)}`);
}

/** Merges whose second piece is shorter than the prefix end the process. @throws {Error} if there is one */
function checkPrefix({ continuing_subword_prefix: prefix, merges }: Part): void {
  if (typeof prefix !== "string" || prefix === "" || !Array.isArray(merges)) return;
  for (const merge of merges) {
    const second = Array.isArray(merge) ? merge[1] : String(merge).split(" ")[1];
    if (!String(second).startsWith(prefix)) {
      throw new Error(
        `the second piece of a merge must begin with the prefix ${shorten(prefix)}, one is ${shorten(String(second))}`,
      );
    }
  }
}

/**
 * Checks a tokenizer.json.
 * @param path of the file, for messages
 * @param vocabularySize rows of the word embeddings
 * @returns the special tokens around texts
 * @throws {Error} one sentence
 */
export function checkedLayout(path: string, form: TokenizerJson, vocabularySize: number): Layout {
  const model = Object(form.model);
  const added = Array.isArray(form.added_tokens) ? form.added_tokens.map((token) => Object(token).id) : [];
  try {
    const layout = readLayout(form.post_processor);
    checkParts(form);
    checkSizes(form);
    checkUnknown(model);
    checkPrefix(model);
    const ids = [...entriesOf(model.vocab).map(([, id]) => id), ...added, ...addedIds(layout)];
    const wrong = ids.find((id) => !(Number.isInteger(id) && (id as number) >= 0 && (id as number) < vocabularySize));
    if (wrong === undefined) return layout;
    throw new Error(
      `ids of its tokenizer must be below the ${vocabularySize} rows of its word embeddings, ` +
        `one is ${shorten(String(wrong), 80)}`,
    );
  } catch (error) {
    throw new Error(`Cannot use the tokenizer ${path}: ${(error as Error).message}`);
  }
}
