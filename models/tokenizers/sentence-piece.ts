/**
 * Vocabularies of SentencePiece (Kudo and Richardson, 2018, https://arxiv.org/abs/1808.06226): pieces, their scores and how
 * texts are split, in the protocol buffers that its sentencepiece_model.proto defines.
 * @module
 */
import { readBytes } from "../../base/files.ts";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { shorten } from "../../base/errors.ts";
import { specialText } from "./added-tokens.ts";
import { findMerges } from "./merges.ts";
import { addedToken, requiredId, template, type TokenizerClass } from "./template.ts";
import type { TokenizerJson } from "./tokenizer-json.ts";

/** Bytes of the longest file that is read. */
const LONGEST = 1 << 26;
/** Stands for a space. */
const SPACE = "▁";
/** Number of sentinel tokens after the pieces, if T5's settings do not say. */
const EXTRA_IDS = 100;

const [UNIGRAM, PAIRS] = [1, 2];
const [CONTROL, USER_DEFINED] = [3, 4];

interface Piece {
  text: string;
  score: number;
  type: number;
}

/** Content of a file, with SentencePiece's defaults for missing fields. */
interface Vocabulary {
  pieces: Piece[];
  /** UNIGRAM or PAIRS. */
  model: number;
  /** Whether characters without a piece are encoded as the pieces of their bytes. */
  byteFallback: boolean;
  unknown: number;
  begin: number;
  end: number;
  /** Table by which characters are normalised; empty: they are not. */
  charsmap: Uint8Array;
}

/** Reads the fields of a message and skips those without a reader. */
function readFields(
  reader: BinaryReader,
  end: number,
  fields: Record<number, [wire: WireType, read: (reader: BinaryReader) => void]>,
): void {
  while (reader.pos < end) {
    const [field, wire] = reader.tag();
    if (fields[field]?.[0] === wire) fields[field][1](reader);
    else reader.skip(wire, field);
  }
  if (reader.pos !== end) throw new RangeError("a message ends inside another");
}

function readPiece(reader: BinaryReader): Piece {
  const piece: Piece = { text: "", score: 0, type: 1 };
  readFields(reader, reader.uint32() + reader.pos, {
    1: [WireType.LengthDelimited, (reader) => piece.text = reader.string()],
    2: [WireType.Bit32, (reader) => piece.score = reader.float()],
    3: [WireType.Varint, (reader) => piece.type = reader.int32()],
  });
  return piece;
}

function parse(bytes: Uint8Array): Vocabulary {
  const found: Vocabulary = {
    pieces: [],
    model: UNIGRAM,
    byteFallback: false,
    unknown: 0,
    begin: 1,
    end: 2,
    charsmap: new Uint8Array(),
  };
  const reader = new BinaryReader(bytes);
  const message = (
    fields: Parameters<typeof readFields>[2],
    seen = () => {},
  ): [WireType, (reader: BinaryReader) => void] => [
    WireType.LengthDelimited,
    (reader) => {
      seen();
      readFields(reader, reader.uint32() + reader.pos, fields);
    },
  ];
  let specified = false;
  readFields(reader, reader.len, {
    1: [WireType.LengthDelimited, (reader) => found.pieces.push(readPiece(reader))],
    2: message({
      3: [WireType.Varint, (reader) => found.model = reader.int32()],
      35: [WireType.Varint, (reader) => found.byteFallback = reader.bool()],
      40: [WireType.Varint, (reader) => found.unknown = reader.int32()],
      41: [WireType.Varint, (reader) => found.begin = reader.int32()],
      42: [WireType.Varint, (reader) => found.end = reader.int32()],
    }, () => specified = true),
    3: message({ 2: [WireType.LengthDelimited, (reader) => found.charsmap = reader.bytes()] }),
  });
  // A file that ends between two pieces is a valid message, too, but lacks the settings of the training, which come last.
  if (!specified) throw new RangeError("it ends before it says of which kind");
  return found;
}

/** @throws {Error} if the file is no vocabulary of SentencePiece, or of another model than expected */
async function readVocabulary(path: string, model: number, byteFallback: boolean): Promise<Vocabulary> {
  const bytes = await readBytes(path, LONGEST);
  let found: Vocabulary;
  try {
    found = parse(bytes);
  } catch (error) {
    throw new Error(`Cannot read ${path}: it must be a vocabulary of SentencePiece, ${(error as Error).message}`);
  }
  const name = (model: number, fallback: boolean) =>
    `${["unigram", "byte pairs"][model - 1] ?? `model type ${model}`} ${fallback ? "with" : "without"} bytes`;
  if (found.model !== model || found.byteFallback !== byteFallback) {
    throw new Error(
      `Cannot read ${path}: its pieces must be ${name(model, byteFallback)}, ` +
        `current value is ${name(found.model, found.byteFallback)}`,
    );
  }
  for (const id of [found.unknown, found.begin, found.end]) {
    // −1 means that there is no such piece.
    if (id !== -1 && found.pieces[id] === undefined) {
      throw new Error(`Cannot read ${path}: ids must be below its ${found.pieces.length} pieces, one is ${id}`);
    }
  }
  if (found.unknown === -1) throw new Error(`Cannot read ${path}: it must have a piece for what is unknown`);
  return found;
}

/** The tokens that are found in texts before anything else: control pieces, the unknown piece, and user-defined pieces. */
function addedTokens({ pieces, unknown }: Vocabulary): object[] {
  return [...pieces.entries()]
    .filter(([id, { type }]) => id === unknown || type === CONTROL || type === USER_DEFINED)
    .map(([id, { text, type }]) => addedToken(text, id, { special: type !== USER_DEFINED }));
}

/** T5's tokens for gaps in a text. @throws {Error} the end of a sentence, if extra_ids is out of range */
function sentinels({ extra_ids: extra = EXTRA_IDS }: Record<string, unknown>): string[] {
  if (!Number.isInteger(extra) || (extra as number) < 0 || (extra as number) > 10_000) {
    throw new Error(`extra_ids must be a whole number from 0 to 10000, current value is ${shorten(String(extra), 80)}`);
  }
  return Array.from({ length: extra as number }, (_, at) => `<extra_id_${at}>`);
}

/** A part of a normaliser that holds SentencePiece's table of characters. */
function charsmapIn(normalizer: unknown): unknown {
  const { type, normalizers } = Object(normalizer);
  if (type === "Precompiled") return normalizer;
  return (Array.isArray(normalizers) ? normalizers : []).find((part) => Object(part).type === "Precompiled") ?? null;
}

/** T5Tokenizer. Its settings: `extra_ids`, special tokens. */
export const t5Class: TokenizerClass = {
  model: "Unigram",
  defaults: { eos_token: "</s>", unk_token: "<unk>", pad_token: "<pad>" },
  extra: sentinels,
  parts(form, settings, ids) {
    const end = specialText(settings, "eos_token", "</s>");
    const metaspace = { type: "Metaspace", replacement: SPACE, prepend_scheme: "always", split: true };
    return {
      normalizer: charsmapIn(form.normalizer),
      pre_tokenizer: { type: "Sequence", pretokenizers: [{ type: "WhitespaceSplit" }, metaspace] },
      post_processor: template("$A </s>", "$A </s> $B </s>", { "</s>": requiredId(ids, end) }),
      decoder: metaspace,
      model: { type: "Unigram", unk_id: 2, vocab: Object(form.model).vocab, byte_fallback: false },
    };
  },
};

/**
 * The vocabulary in T5's spiece.model, sentinels behind its pieces.
 * @param settings of tokenizer_config.json: `extra_ids`
 * @throws {Error} if it is no unigram vocabulary of SentencePiece
 */
export async function readUnigram(folder: string, settings: Record<string, unknown>): Promise<TokenizerJson> {
  const path = `${folder}/spiece.model`;
  const found = await readVocabulary(path, UNIGRAM, false);
  const { pieces, charsmap } = found;
  let extra: string[];
  try {
    extra = sentinels(settings).toReversed();
  } catch (error) {
    throw new Error(`Cannot use the tokenizer ${path}: ${(error as Error).message}`);
  }
  return {
    added_tokens: [...addedTokens(found), ...extra.map((text, at) => addedToken(text, pieces.length + at))],
    normalizer: charsmap.length > 0 ? { type: "Precompiled", precompiled_charsmap: charsmap.toBase64() } : null,
    model: {
      type: "Unigram",
      vocab: [...pieces.map(({ text, score }) => [text, score]), ...extra.map((text) => [text, 0])],
    },
  };
}

/** LlamaTokenizer. Its settings: `add_prefix_space`, `legacy`, special tokens. */
export const llamaClass: TokenizerClass = {
  model: "BPE",
  defaults: { unk_token: "<unk>", bos_token: "<s>", eos_token: "</s>" },
  parts(form, settings) {
    const spaced = (settings.add_prefix_space ?? true) !== false;
    const { vocab, merges = [] } = Object(form.model);
    return {
      normalizer: null,
      pre_tokenizer: {
        type: "Metaspace",
        replacement: SPACE,
        prepend_scheme: spaced ? settings.legacy === true ? "always" : "first" : "never",
        split: false,
      },
      post_processor: form.post_processor,
      decoder: {
        type: "Sequence",
        decoders: [
          { type: "Replace", pattern: { String: SPACE }, content: " " },
          { type: "ByteFallback" },
          { type: "Fuse" },
          ...spaced ? [{ type: "Strip", content: " ", start: 1, stop: 0 }] : [],
        ],
      },
      model: { type: "BPE", fuse_unk: true, byte_fallback: true, vocab, merges },
    };
  },
};

/**
 * The vocabulary in Llama's tokenizer.model.
 * @param settings of tokenizer_config.json: `add_bos_token`, `add_eos_token`
 * @throws {Error} if it is no BPE vocabulary of SentencePiece
 */
export async function readPairPieces(folder: string, settings: Record<string, unknown>): Promise<TokenizerJson> {
  const path = `${folder}/tokenizer.model`;
  const found = await readVocabulary(path, PAIRS, true);
  const { pieces } = found;
  const ids = new Map(pieces.map(({ text }, id) => [text, id]));
  const [begin, end] = [pieces[found.begin]?.text, pieces[found.end]?.text];
  const around = (text: string, segment: string) =>
    [
      ...settings.add_bos_token !== false && begin !== undefined ? [begin + segment] : [],
      text + segment,
      ...settings.add_eos_token === true && end !== undefined ? [end + segment] : [],
    ].join(" ");
  return {
    added_tokens: addedTokens(found),
    post_processor: template(around("$A", ""), `${around("$A", "")} ${around("$B", ":1")}`, {
      ...begin !== undefined && { [begin]: found.begin },
      ...end !== undefined && { [end]: found.end },
    }),
    model: { type: "BPE", vocab: Object.fromEntries(ids), merges: findMerges(path, pieces, ids) },
  };
}
