/**
 * Real sentences as token ids, without a tokenizer: what counts for speed is how long they are.
 * @module
 */
import { Random } from "../base/random.ts";
import { amazon } from "../tasks/amazon.ts";
import { yelp } from "../tasks/yelp.ts";
import type { Texts } from "./cases.ts";

/** Ids below are BERT's special and unused tokens. */
const FIRST_WORD = 1000;
/** Ids of [CLS] and [SEP] in BERT's vocabulary. */
const [BEGIN, END] = [101, 102];
/** Letters from which a word is two tokens. */
const LONG = 10;

/**
 * Words, numbers and punctuation marks are tokens, long words two, as word pieces mostly are; an id is a hash of its
 * token. A [CLS] stands before the text and a [SEP] after it.
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
