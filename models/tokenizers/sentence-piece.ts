/**
 * Vocabularies of SentencePiece (Kudo and Richardson, 2018, https://arxiv.org/abs/1808.06226): pieces, their scores and how
 * texts are split, in the protocol buffers that its sentencepiece_model.proto defines.
 * @module
 */
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { addedToken, template } from "./template.ts";

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
  const { size } = await Deno.stat(path);
  if (size > LONGEST) throw new Error(`Cannot read ${path}: it must have at most ${LONGEST} bytes, it has ${size}`);
  const bytes = await Deno.readFile(path);
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

/**
 * The tokenizer.json that transformers makes of T5's spiece.model.
 * @param settings of tokenizer_config.json: `extra_ids`
 * @throws {Error} if it is no unigram vocabulary of SentencePiece
 */
export async function readUnigram(folder: string, settings: Record<string, unknown>): Promise<object> {
  const found = await readVocabulary(`${folder}/spiece.model`, UNIGRAM, false);
  const { pieces, charsmap } = found;
  const extra = settings.extra_ids ?? EXTRA_IDS;
  if (!Number.isInteger(extra) || (extra as number) < 0 || (extra as number) > 10_000) {
    throw new Error(
      `Cannot use ${folder}: extra_ids must be a whole number from 0 to 10000, current value is ${
        JSON.stringify(extra).slice(0, 80)
      }`,
    );
  }
  const sentinels = Array.from({ length: extra as number }, (_, at) => `<extra_id_${(extra as number) - 1 - at}>`);
  const end = pieces[found.end]?.text ?? "</s>";
  return {
    version: "1.0",
    added_tokens: [...addedTokens(found), ...sentinels.map((text, at) => addedToken(text, pieces.length + at))],
    normalizer: charsmap.length > 0 ? { type: "Precompiled", precompiled_charsmap: charsmap.toBase64() } : null,
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "WhitespaceSplit" },
        { type: "Metaspace", replacement: SPACE, prepend_scheme: "always", split: true },
      ],
    },
    post_processor: template(`$A ${end}`, `$A ${end} $B ${end}`, { [end]: found.end }),
    decoder: { type: "Metaspace", replacement: SPACE, prepend_scheme: "always", split: true },
    model: {
      type: "Unigram",
      unk_id: found.unknown,
      vocab: [...pieces.map(({ text, score }) => [text, score]), ...sentinels.map((text) => [text, 0])],
      byte_fallback: false,
    },
  };
}

/**
 * The merges of a vocabulary: every way to make a piece of two others. SentencePiece joins the pair that makes the piece of
 * the highest score, so merges are ordered by score; those of the same score by the ids of the two parts.
 */
function mergesOf(pieces: readonly Piece[], ids: ReadonlyMap<string, number>): [string, string][] {
  const merges: { parts: [string, string]; score: number; order: [number, number] }[] = [];
  for (const { text, score } of pieces) {
    const characters = [...text];
    for (let cut = 1; cut < characters.length; cut++) {
      const parts: [string, string] = [characters.slice(0, cut).join(""), characters.slice(cut).join("")];
      const order = parts.map((part) => ids.get(part));
      if (order.every((id) => id !== undefined)) merges.push({ parts, score, order: order as [number, number] });
    }
  }
  merges.sort((a, b) => b.score - a.score || a.order[0] - b.order[0] || a.order[1] - b.order[1]);
  return merges.map(({ parts }) => parts);
}

/**
 * The tokenizer.json that transformers makes of Llama's tokenizer.model.
 * @param settings of tokenizer_config.json: `add_bos_token`, `add_eos_token`, `add_prefix_space`, `legacy`
 * @throws {Error} if it is no BPE vocabulary of SentencePiece
 */
export async function readPairPieces(folder: string, settings: Record<string, unknown>): Promise<object> {
  const found = await readVocabulary(`${folder}/tokenizer.model`, PAIRS, true);
  const { pieces } = found;
  const ids = new Map(pieces.map(({ text }, id) => [text, id]));
  const spaced = settings.add_prefix_space !== false;
  const [begin, end] = [pieces[found.begin]?.text, pieces[found.end]?.text];
  const around = (text: string, segment: string) =>
    [
      ...settings.add_bos_token !== false && begin !== undefined ? [begin + segment] : [],
      text + segment,
      ...settings.add_eos_token === true && end !== undefined ? [end + segment] : [],
    ].join(" ");
  return {
    version: "1.0",
    added_tokens: addedTokens(found),
    normalizer: null,
    pre_tokenizer: {
      type: "Metaspace",
      replacement: SPACE,
      prepend_scheme: spaced ? settings.legacy === true ? "always" : "first" : "never",
      split: false,
    },
    post_processor: template(around("$A", ""), `${around("$A", "")} ${around("$B", ":1")}`, {
      ...begin !== undefined && { [begin]: found.begin },
      ...end !== undefined && { [end]: found.end },
    }),
    decoder: {
      type: "Sequence",
      decoders: [
        { type: "Replace", pattern: { String: SPACE }, content: " " },
        { type: "ByteFallback" },
        { type: "Fuse" },
        ...spaced ? [{ type: "Strip", content: " ", start: 1, stop: 0 }] : [],
      ],
    },
    model: {
      type: "BPE",
      unk_token: pieces[found.unknown].text,
      fuse_unk: true,
      byte_fallback: true,
      vocab: Object.fromEntries(ids),
      merges: mergesOf(pieces, ids),
    },
  };
}
