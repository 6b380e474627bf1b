/**
 * What is kept of a row's texts where there are too many to keep them.
 * @module
 */
import { hashOfKey, textHash } from "../../examples.ts";

/** An outline of a text, or of both texts of a pair. */
export interface Outline {
  /** Their words. */
  words: number;
  /** As {@linkcode textHash} gives it. */
  hash: string;
}

const NEWLINE = 10, SPACE = 32;

/** What a character of UTF-8 makes of a text's key: white space, a character whose rules are not known here, or itself in lower case. */
const WHITE = 0, OTHER = 1;
const KEY_OF = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte === SPACE || byte >= 9 && byte <= 13) return WHITE;
  return byte < SPACE || byte >= 128 ? OTHER : String.fromCharCode(byte).toLowerCase().charCodeAt(0);
});

/** The key of texts in ASCII, which is made here in a fifth of the time. The buffer is used again and again. */
let key = new Uint8Array(1 << 12);
const encoder = new TextEncoder();

/**
 * Adds the key of a text to the buffer.
 * @param begin where it begins
 * @returns its end, and the number of words; undefined if it has other characters
 */
function addKey(text: string, begin: number): { end: number; words: number } | undefined {
  const most = begin + 3 * text.length + 1;
  if (key.length < most) {
    const larger = new Uint8Array(2 * most);
    larger.set(key);
    key = larger;
  }
  const last = begin + encoder.encodeInto(text, key.subarray(begin)).written;
  let end = begin;
  let words = 0;
  let isInside = false;
  for (let at = begin; at < last; at++) {
    const code = KEY_OF[key[at]];
    if (code > OTHER) {
      if (!isInside && words++ > 0) key[end++] = SPACE;
      isInside = true;
      key[end++] = code;
    } else if (code === WHITE) isInside = false;
    else return undefined;
  }
  return { end, words };
}

/** The outline of texts: of one, of a pair, or of these with choices. */
export function outlineOf([text, pair = "", ...choices]: readonly string[]): Outline {
  if (choices.length > 0) {
    const words = [text, pair, ...choices].reduce((sum, each) => sum + countWords(each), 0);
    return { words, hash: textHash({ id: "", text, pair, choices }) };
  }
  const first = addKey(text, 0);
  if (first) key[first.end] = NEWLINE;
  const second = first && addKey(pair, first.end + 1);
  return second
    ? { words: first.words + second.words, hash: hashOfKey(key.subarray(0, second.end)) }
    : { words: countWords(text) + countWords(pair), hash: textHash({ id: "", text, pair }) };
}

/** Words of a text: what stands between white space. */
export function countWords(text: string): number {
  let words = 0;
  let isInside = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const isSpace = code <= 32 || code >= 160 && /\s/.test(text[at]);
    if (isInside && isSpace) words++;
    isInside = !isSpace;
  }
  return isInside ? words + 1 : words;
}
