/**
 * The texts that an adapter has learnt from. What starts from it must not be judged by one of them.
 * @module
 */

/** Hexadecimal digits of a text's hash. */
const DIGITS = 16;

/** Most texts that a note names: it must stay within the longest that is read. */
const MOST_TEXTS = 900_000;

/** Texts that an adapter was trained on, or whose scores chose its epoch. */
export interface SeenTexts {
  /** Whether these are all. Of an adapter that PEFT wrote, none is known. */
  complete: boolean;
  /** The first 16 hexadecimal digits of the SHA-256 of each text's key. */
  hashes: ReadonlySet<string>;
}

/** The same, as an adapter's note has it. */
export interface NotedTexts {
  /** Whether these are all. */
  complete: boolean;
  /** The hashes, sorted, in one string without separators. */
  hashes: string;
}

/** Whether a text is hashes in one string without separators. */
export function areHashes(text: string): boolean {
  return text.length % DIGITS === 0 && /^[0-9a-f]*$/.test(text);
}

/** What training has seen that starts from no adapter. */
export const NO_TEXTS: SeenTexts = { complete: true, hashes: new Set() };

/** The texts of a note. Nothing is known of an adapter without a note, or with one from before notes named texts. */
export function readTexts(texts: NotedTexts | undefined): SeenTexts {
  if (texts === undefined) return { complete: false, hashes: new Set() };
  const count = texts.hashes.length / DIGITS;
  const hashes = Array.from({ length: count }, (_, at) => texts.hashes.slice(DIGITS * at, DIGITS * (at + 1)));
  return { complete: texts.complete, hashes: new Set(hashes) };
}

/** The texts that one or the other knows. */
export function joinTexts(a: SeenTexts, b: SeenTexts): SeenTexts {
  return { complete: a.complete && b.complete, hashes: a.hashes.union(b.hashes) };
}

/**
 * The texts of an adapter: those of its own run, and those of the adapter that the run started from.
 * @param before what the run's start had seen
 * @param own hashes of the texts that the run trained on or chose its epoch by
 * @param most how many the note may name
 */
export function noteTexts(before: SeenTexts, own: Iterable<string>, most = MOST_TEXTS): NotedTexts {
  const hashes = [...new Set([...before.hashes, ...own])].sort();
  return {
    complete: before.complete && hashes.length <= most,
    hashes: hashes.slice(0, most).join(""),
  };
}
