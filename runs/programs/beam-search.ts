/**
 * Beam search with the rules of transformers: of each text, the likeliest continuations are kept and extended.
 * @module
 */
import type { Adaptation } from "../../methods/adaptation/compose.ts";
import { KeyValueCache, type KeyValueCacheOptions } from "./kv-cache.ts";
import { beginnings, requireRoom } from "./decoding.ts";
import type { asLanguageModel, TrainableLanguageModel } from "./language-model.ts";

/** How beam search continues texts. */
export interface BeamOptions extends KeyValueCacheOptions {
  /** Most tokens that are added to a text. */
  tokens: number;
  /** Number of continuations of a text that are kept, at least 1. */
  beams: number;
  /** The token that ends a text; absent: each text gets `tokens` tokens. */
  end?: number;
  /** An ended cache's sum of log probabilities is divided by its number of tokens to this power. */
  lengthPenalty: number;
}

/** A cache of a text. */
interface Beam {
  /** Its tokens. */
  added: number[];
  /** Sum of the tokens' log probabilities; divided by the length penalty once it has ended. */
  score: number;
  /** Its row in the cache. */
  row: number;
}

/** The likeliest continuations by one more token, best first, at most `count`. */
function extend(running: readonly Beam[], scores: Float32Array, vocabulary: number, count: number): Beam[] {
  const best: Beam[] = [];
  for (const { added, score, row } of running) {
    const rowScores = scores.subarray(row * vocabulary, (row + 1) * vocabulary);
    const top = rowScores.reduce((most, one) => Math.max(most, one), -Infinity);
    const total = top + Math.log(rowScores.reduce((sum, one) => sum + Math.exp(one - top), 0));
    for (let token = 0; token < vocabulary; token++) {
      const extended = score + rowScores[token] - total;
      if (best.length === count && extended <= best[count - 1].score) continue;
      const place = best.findIndex((other) => other.score < extended);
      best.splice(place < 0 ? best.length : place, 0, { added: [...added, token], score: extended, row });
      if (best.length > count) best.pop();
    }
  }
  return best;
}

/** The continuations of a text. */
interface Search {
  /** Those that may be extended, best first. */
  running: Beam[];
  /** The best of those that have ended, best first. */
  ended: Beam[];
  /** Whether a running one could still become better than those that have ended. */
  open: boolean;
}

/**
 * Continues texts with the likeliest tokens that the search finds.
 * @returns the texts with the added tokens; with an encoder-decoder, the added tokens alone
 * @param model of `trainableLanguageModel`, made of the backbone and the adaptation
 * @throws {Error} if a text would become longer than the model reads
 */
export async function beamSearch(
  backbone: ReturnType<typeof asLanguageModel>,
  adaptation: Adaptation,
  model: TrainableLanguageModel,
  texts: readonly (readonly number[])[],
  { tokens, beams, end, lengthPenalty, ...options }: BeamOptions,
): Promise<number[][]> {
  const begun = beginnings(backbone, texts);
  requireRoom(begun, tokens, adaptation);
  const searches = texts.map((_, at): Search => ({
    running: [{ added: [], score: 0, row: at * beams }],
    ended: [],
    open: true,
  }));
  const rows = texts.flatMap((ids) => Array<readonly number[]>(beams).fill(ids));
  const cache = await KeyValueCache.open(backbone, model, rows, options);
  try {
    for (let length = 1; length <= tokens; length++) {
      for (const search of searches.filter(({ open }) => open)) {
        const extended = extend(search.running, cache.scores, backbone.vocabularySize, 2 * beams);
        const hasEnded = ({ added }: Beam) => length === tokens || added[length - 1] === end;
        const divided = (score: number) => score / length ** lengthPenalty;
        search.ended.push(
          ...extended.slice(0, beams).filter(hasEnded).map((beam) => ({ ...beam, score: divided(beam.score) })),
        );
        search.ended = search.ended.sort((a, b) => b.score - a.score).slice(0, beams);
        search.running = extended.filter((beam) => !hasEnded(beam)).slice(0, beams);
        search.open = search.running.length > 0 &&
          (search.ended.length < beams || divided(search.running[0].score) > search.ended[beams - 1].score);
      }
      if (searches.every(({ open }) => !open)) break;
      // Rows of the cache without a beam read any token.
      const next = searches.flatMap(({ running }, at) =>
        Array.from({ length: beams }, (_, beam) => running[beam] ?? { added: [0], row: at * beams })
      );
      await cache.add(next.map(({ added }) => added.at(-1)!), next.map(({ row }) => row));
      for (const [at, { running }] of searches.entries()) {
        running.forEach((beam, index) => beam.row = at * beams + index);
      }
    }
  } finally {
    await cache.release();
  }
  return begun.map((ids, at) => [...ids, ...searches[at].ended[0].added]);
}
