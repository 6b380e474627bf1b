/**
 * Beam search, with the rules of transformers: a text goes on in several ways, the likeliest of which are kept.
 * @module
 */
import type { Adaptation } from "../../methods/compose.ts";
import { KeyValueCache, type KeyValueCacheOptions } from "./kv-cache.ts";
import { beginnings, requireRoom } from "./decoding.ts";
import type { asLanguageModel, TrainableLanguageModel } from "./language-model.ts";

/** How texts go on. */
export interface BeamOptions extends KeyValueCacheOptions {
  /** Most tokens that are added. */
  tokens: number;
  /** Ways of going on that are kept, at least 1. */
  beams: number;
  /** A text ends with this token; absent: only by number. */
  end?: number;
  /** Of what has ended, the sum of the tokens' log probabilities is divided by their number to this power. */
  lengthPenalty: number;
}

/** A way in which a text goes on. */
interface Beam {
  added: number[];
  /** Sum of the log probabilities; of what has ended, divided. */
  score: number;
  /** Row of the continuation that has read it. */
  row: number;
}

/** The likeliest ways one token further, best first, at most `count`. */
function further(running: readonly Beam[], scores: Float32Array, vocabulary: number, count: number): Beam[] {
  const best: Beam[] = [];
  for (const { added, score, row } of running) {
    const own = scores.subarray(row * vocabulary, (row + 1) * vocabulary);
    const top = own.reduce((most, one) => Math.max(most, one), -Infinity);
    const total = top + Math.log(own.reduce((sum, one) => sum + Math.exp(one - top), 0));
    for (let token = 0; token < vocabulary; token++) {
      const reached = score + own[token] - total;
      if (best.length === count && reached <= best[count - 1].score) continue;
      const place = best.findIndex((other) => other.score < reached);
      best.splice(place < 0 ? best.length : place, 0, { added: [...added, token], score: reached, row });
      if (best.length > count) best.pop();
    }
  }
  return best;
}

/** What is known of a text's ways. */
interface Search {
  running: Beam[];
  ended: Beam[];
  /** Whether a running one could still become better than those that ended. */
  open: boolean;
}

/**
 * Texts with the likeliest tokens that the search finds; of an encoder-decoder, the tokens alone.
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
  const continuation = await KeyValueCache.open(backbone, model, rows, options);
  try {
    for (let length = 1; length <= tokens; length++) {
      for (const search of searches.filter(({ open }) => open)) {
        const found = further(search.running, continuation.scores, backbone.vocabularySize, 2 * beams);
        const hasEnded = ({ added }: Beam) => length === tokens || added[length - 1] === end;
        const divided = (score: number) => score / length ** lengthPenalty;
        search.ended.push(
          ...found.slice(0, beams).filter(hasEnded).map((beam) => ({ ...beam, score: divided(beam.score) })),
        );
        search.ended = search.ended.sort((a, b) => b.score - a.score).slice(0, beams);
        search.running = found.filter((beam) => !hasEnded(beam)).slice(0, beams);
        search.open = search.running.length > 0 &&
          (search.ended.length < beams || divided(search.running[0].score) > search.ended[beams - 1].score);
      }
      if (searches.every(({ open }) => !open)) break;
      // Rows that no beam needs go on with anything.
      const next = searches.flatMap(({ running }, at) =>
        Array.from({ length: beams }, (_, of) => running[of] ?? { added: [0], row: at * beams })
      );
      await continuation.add(next.map(({ added }) => added.at(-1)!), next.map(({ row }) => row));
      for (const [at, { running }] of searches.entries()) running.forEach((beam, of) => beam.row = at * beams + of);
    }
  } finally {
    await continuation.release();
  }
  return begun.map((ids, at) => [...ids, ...searches[at].ended[0].added]);
}
