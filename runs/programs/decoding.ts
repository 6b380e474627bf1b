/**
 * Generation of text by a language model, token by token: greedy, or by sampling.
 * @module
 */
import type { Random } from "../../base/random.ts";
import type { Adaptation } from "../../methods/adaptation/compose.ts";
import type { Backbone } from "../../models/types.ts";
import { KeyValueCache, type KeyValueCacheOptions } from "./kv-cache.ts";
import type { asLanguageModel, TrainableLanguageModel } from "./language-model.ts";

/** How tokens are drawn. */
export interface Sampling {
  /** Where the random numbers come from. */
  random: Random;
  /** The scores are divided by it: below 1, likely tokens become likelier. */
  temperature: number;
  /**
   * Only the likeliest tokens can be drawn, as many as have this probability together (nucleus sampling, Holtzman et al.,
   * 2020, https://arxiv.org/abs/1904.09751); 1: every token can.
   */
  topP: number;
}

/** How text is generated. */
export interface GenerateOptions extends KeyValueCacheOptions {
  /** Most tokens that are added to a text. */
  tokens: number;
  /** The token that ends a text; absent: each text gets `tokens` tokens. */
  end?: number;
  /** Absent: the likeliest token is taken (greedy generation). */
  sampling?: Sampling;
  /** Called with each token that is added, and the index of its text. */
  onToken?(text: number, token: number): void | Promise<void>;
}

/** The token with the highest score. */
function likeliest(scores: Float32Array): number {
  return scores.reduce((best, score, token) => (score > scores[best] ? token : best), 0);
}

/** A token drawn according to the probabilities that follow from the scores. */
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
 * Makes sure that a number of tokens can be added to texts.
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

/** The tokens that generated ones are added to: those of the texts; none in an encoder-decoder, which writes new texts. */
export function beginnings({ languageModel }: Backbone, texts: readonly (readonly number[])[]): number[][] {
  return texts.map((ids) => languageModel?.target ? [] : [...ids]);
}

/**
 * Generates text.
 * @returns the texts with the tokens that the model adds to them; with an encoder-decoder, the added tokens alone
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
  const cache = await KeyValueCache.open(backbone, model, texts, options);
  try {
    for (let count = 0; count < tokens; count++) {
      const { scores } = cache;
      const next = texts.map((_, row) => {
        const rowScores = scores.subarray(row * backbone.vocabularySize, (row + 1) * backbone.vocabularySize);
        return sampling ? draw(rowScores, sampling) : likeliest(rowScores);
      });
      for (const [row, token] of next.entries()) {
        if (done[row]) continue;
        grown[row].push(token);
        await onToken?.(row, token);
        done[row] = token === end;
      }
      if (!done.includes(false)) break;
      if (count < tokens - 1) await cache.add(next);
    }
  } finally {
    await cache.release();
  }
  return grown;
}
