/**
 * Generation: texts that a language model goes on with.
 * @module
 */
import type { Random } from "../../base/random.ts";
import type { Adaptation } from "../../methods/compose.ts";
import type { Backbone } from "../../models/types.ts";
import { KeyValueCache, type KeyValueCacheOptions } from "./kv-cache.ts";
import type { asLanguageModel, TrainableLanguageModel } from "./language-model.ts";

/** How tokens are drawn. */
export interface Sampling {
  /** Where chance comes from. */
  random: Random;
  /** Scores are divided by it: below 1, likely tokens become likelier. */
  temperature: number;
  /**
   * Only the likeliest tokens are drawn from, as many as have this probability together (nucleus sampling, Holtzman et
   * al., 2020, https://arxiv.org/abs/1904.09751); 1: all.
   */
  topP: number;
}

/** How texts go on. */
export interface GenerateOptions extends KeyValueCacheOptions {
  /** Most tokens that are added. */
  tokens: number;
  /** A text ends with this token; absent: only by number. */
  end?: number;
  /** Absent: the likeliest token is taken (greedy generation). */
  sampling?: Sampling;
  /** Told of each token as it is added to a text. */
  onToken?(text: number, token: number): void;
}

function likeliest(scores: Float32Array): number {
  return scores.reduce((best, score, token) => (score > scores[best] ? token : best), 0);
}

/** A token drawn by its probability. */
export function draw(scores: Float32Array, { random, temperature, topP }: Sampling): number {
  const top = scores[likeliest(scores)];
  const weights = Float64Array.from(scores, (score) => Math.exp((score - top) / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const order = Array.from(weights.keys()).sort((a, b) => weights[b] - weights[a]);
  let kept = 0;
  let count = 0;
  while (count < order.length && (count === 0 || kept < topP * total)) kept += weights[order[count++]];
  let left = random.uniform() * kept;
  return order.slice(0, count).find((token) => (left -= weights[token]) < 0) ?? order[count - 1];
}

/**
 * Makes sure that texts have room to grow.
 * @throws {Error} if a text would become longer than the model reads
 */
export function requireRoom(texts: readonly (readonly number[])[], tokens: number, { maxLength }: Adaptation): void {
  const longest = Math.max(...texts.map(({ length }) => length));
  if (longest + tokens > maxLength) {
    throw new Error(
      `Cannot generate: a text and what is added must have at most ${maxLength} tokens, ` +
        `current value is ${longest} + ${tokens}`,
    );
  }
}

/** What tokens are added to: the texts, or with an encoder-decoder, which writes texts of its own, nothing. */
export function beginnings({ languageModel }: Backbone, texts: readonly (readonly number[])[]): number[][] {
  return texts.map((ids) => languageModel?.target ? [] : [...ids]);
}

/**
 * Texts with the tokens that the model adds to them; of an encoder-decoder, the tokens alone.
 * @param model of `trainableLanguageModel`, made of the backbone and the adaptation
 * @throws {Error} if a text would become longer than the model reads
 */
export async function generate(
  backbone: ReturnType<typeof asLanguageModel>,
  adaptation: Adaptation,
  model: TrainableLanguageModel,
  texts: readonly (readonly number[])[],
  { tokens, end, sampling, onToken, ...options }: GenerateOptions,
): Promise<number[][]> {
  const grown = beginnings(backbone, texts);
  requireRoom(grown, tokens, adaptation);
  const done = texts.map(() => false);
  const continuation = await KeyValueCache.open(backbone, model, texts, options);
  try {
    for (let count = 0; count < tokens; count++) {
      const { scores } = continuation;
      const next = texts.map((_, row) => {
        const own = scores.subarray(row * backbone.vocabularySize, (row + 1) * backbone.vocabularySize);
        return sampling ? draw(own, sampling) : likeliest(own);
      });
      for (const [row, token] of next.entries()) {
        if (done[row]) continue;
        grown[row].push(token);
        onToken?.(row, token);
        done[row] = token === end;
      }
      if (!done.includes(false)) break;
      if (count < tokens - 1) await continuation.add(next);
    }
  } finally {
    await continuation.release();
  }
  return grown;
}
