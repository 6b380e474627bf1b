/**
 * The merges of a vocabulary of SentencePiece, which stores none: it joins the pair that makes the piece of the highest
 * score.
 * @module
 */
import { shorten } from "../../base/errors.ts";

/** Characters of the longest piece that is made of two others. The merges are found by trying all splits of each piece. */
const LONGEST_PIECE = 64;
/** Most pieces. */
const MOST_PIECES = 1 << 18;
/** Most merges. */
const MOST_MERGES = 1 << 20;

/** A piece of a vocabulary. */
export interface ScoredPiece {
  /** Its characters. */
  text: string;
  /** Its score. */
  score: number;
}

/**
 * Every way to make a piece of two others, in the order of scores; those of one score by the ids of the two parts.
 * @param path of the file, for messages
 * @param joined the pieces that are made of others
 * @param ids of the pieces that others are made of
 * @throws {Error} if a piece is too long, or if there are too many pieces or merges
 */
export function findMerges(
  path: string,
  joined: readonly ScoredPiece[],
  ids: ReadonlyMap<string, number>,
): [string, string][] {
  const refuse = (rule: string, value: string | number): never => {
    throw new Error(`Cannot use ${path}: ${rule}, current value is ${value}`);
  };
  if (joined.length > MOST_PIECES) refuse(`it must have at most ${MOST_PIECES} tokens`, joined.length);
  const merges: { pair: [string, string]; score: number; order: [number, number] }[] = [];
  for (const { text, score } of joined) {
    const characters = Array.from(text.slice(0, 2 * LONGEST_PIECE + 2));
    if (characters.length > LONGEST_PIECE) {
      refuse(`a token must have at most ${LONGEST_PIECE} characters`, shorten(text, 40));
    }
    for (let cut = 1; cut < characters.length; cut++) {
      const pair: [string, string] = [characters.slice(0, cut).join(""), characters.slice(cut).join("")];
      const [first, second] = pair.map((part) => ids.get(part));
      if (first !== undefined && second !== undefined) merges.push({ pair, score, order: [first, second] });
    }
    if (merges.length > MOST_MERGES) {
      refuse(`its tokens must be made of at most ${MOST_MERGES} pairs`, "more");
    }
  }
  merges.sort((a, b) => b.score - a.score || a.order[0] - b.order[0] || a.order[1] - b.order[1]);
  return merges.map(({ pair }) => pair);
}
