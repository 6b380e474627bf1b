/**
 * The tokenizer of Universal Sentence Encoder Lite: a SentencePiece unigram model (Kudo, 2018,
 * https://arxiv.org/abs/1804.10959) of 8,000 pieces.
 * @module
 */
import { readVerified } from "../../base/files.ts";
import { nativeTokenizer } from "../tokenizers/native.ts";
import { truncated } from "../truncated.ts";
import { packageFile } from "./weights.ts";

/** SHA-256 of the vocabulary. */
export const VOCABULARY_SHA256 = "1ad860b9720c16cd48e666d664a556b2515c04f5a26a4b53c0372427913b1b8e";

type Piece = [text: string, score: number | null];

/** Ids of pieces whose scores were lost: the file has none, or a number taken from the piece itself (":30", ":00"). */
const LOST_SCORES = new Set([57, 255, 604, 658, 4177, 4258, 4445, 5920, 6600]);
/** Ids of "<s>" and other marks, which no text may produce. */
const MARKS = new Set([1, 2, 3, 4, 5]);
/** The piece ”5 has the ids 230, 238 and 4464. A piece may occur once; the last id keeps it. */
const REPEATED = new Set([230, 238]);

/** The pieces with these faults of the file repaired. */
function repaired(pieces: Piece[]): Piece[] {
  return pieces.map(([text, score], at) => {
    if (at === 0) return ["<unk>", 0];
    if (MARKS.has(at)) return [text, -100];
    if (REPEATED.has(at)) return [`<repeated ${at}>`, score];
    // The list is sorted by score, so the next piece's score is close.
    return [text, LOST_SCORES.has(at) ? pieces[at + 1][1] : score];
  });
}

/** Texts to ids and back. */
export interface UseLiteTokenizer {
  /** Encodes a text, or a pair of texts one after the other, as at most `limit` ids, ignoring white space around them. */
  encode(text: string, limit: number, pair?: string): Promise<number[]>;
  /** The text of ids. */
  show(ids: readonly number[]): Promise<string>;
}

/**
 * Reads the vocabulary.
 * @throws {Error} if the file of the package has another checksum
 */
export async function useLiteTokenizer(): Promise<UseLiteTokenizer> {
  const bytes = await readVerified(packageFile("vocab.json"), VOCABULARY_SHA256);
  const metaspace = { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: false };
  const tokenizer = nativeTokenizer("use-lite", {
    version: "1.0",
    added_tokens: [],
    normalizer: { type: "NFKC" },
    pre_tokenizer: metaspace,
    decoder: metaspace,
    model: {
      type: "Unigram",
      unk_id: 0,
      byte_fallback: false,
      vocab: repaired(JSON.parse(new TextDecoder().decode(bytes))),
    },
  });
  const idsOf = (text: string) => tokenizer.idsOf(text.trim());
  return {
    async encode(text, limit, pair) {
      const [first, second] = [await idsOf(text), pair === undefined ? [] : await idsOf(pair)];
      const [keptFirst, keptSecond] = truncated(first.length, second.length, limit);
      return [...first.slice(0, keptFirst), ...second.slice(0, keptSecond)];
    },
    show: (ids) => tokenizer.decode(ids, false),
  };
}
