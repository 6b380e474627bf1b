/**
 * Real sentences as token ids, made without a tokenizer: for speed, only their lengths matter.
 * @module
 */
import { Random } from "../../base/random.ts";
import { amazon } from "../../tasks/amazon.ts";
import { yelp } from "../../tasks/yelp.ts";
import type { Texts } from "../processes/files.ts";

/** First id of a word; ids below are BERT's special and unused tokens. */
const FIRST_WORD = 1000;
/** Ids of [CLS] and [SEP] in BERT's vocabulary. */
const [BEGIN, END] = [101, 102];
/** A word of so many letters or more is two tokens. */
const LONG = 10;

/**
 * Token ids of a text. Words, numbers and punctuation marks are tokens; a long word is two, about as WordPiece splits it.
 * An id is a hash of its token. [CLS] is put before the text and [SEP] after it.
 */
function encode(text: string, vocabulary: number): number[] {
  const words = text.toLowerCase().match(/\p{L}+|\p{N}+|[^\p{L}\p{N}\s]/gu) ?? [];
  const pieces = words.flatMap((word) => word.length < LONG ? [word] : [word.slice(0, LONG / 2), word.slice(LONG / 2)]);
  return [
    BEGIN,
    ...pieces.map((piece) => FIRST_WORD + new Random(0, piece).integer(vocabulary - FIRST_WORD)),
    END,
  ];
}

/** The sentences of the tasks sentiment/amazon and sentiment/yelp. */
export async function sentences(vocabulary: number): Promise<Texts> {
  const data = await Promise.all([amazon, yelp].map((task) => task.load()));
  const examples = data.flatMap(({ pool }) => pool!);
  return { ids: examples.map(({ text }) => encode(text, vocabulary)), labels: examples.map(({ label }) => label) };
}
