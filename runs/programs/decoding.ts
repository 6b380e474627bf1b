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
  /**
   * Absent: the likeliest token is taken (greedy generation). `random`: where each text's random numbers come from; a stream for each, so
   * that what is generated beside a text does not change it.
   */
  sampling?: Sampling & { random: readonly Random[] };
  /** Called with each token that is added, and the index of its text, which ends there if the answer is true. */
  onToken?(text: number, token: number): boolean | void | Promise<boolean | void>;
}

/** The token with the highest score. */
function likeliest(scores: Float32Array): number {
  return scores.reduce((best, score, token) => (score > scores[best] ? token : best), 0);
}

/** The fewest tokens, likeliest first, whose weights add up to `least`, which is less than all weigh. */
function nucleusOf(weights: Float64Array, least: number): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  // Those below this weight cannot even together be what is left out, so that few tokens need sorting.
  const floor = (total - least) / weights.length;
  const order = [...weights.keys()].filter((token) => weights[token] >= floor).sort((a, b) => weights[b] - weights[a]);
  let kept = 0;
  let count = 0;
  while (count < order.length && (count === 0 || kept < least)) kept += weights[order[count++]];
  return order.slice(0, count);
}

/** A token drawn according to the probabilities that follow from the scores. */
export function draw(scores: Float32Array, { temperature, topP }: Sampling, random: Random): number {
  const top = scores[likeliest(scores)];
  const weights = Float64Array.from(scores, (score) => Math.exp((score - top) / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const nucleus = topP < 1 ? nucleusOf(weights, topP * total) : [...weights.keys()];
  let left = random.uniform() * nucleus.reduce((sum, token) => sum + weights[token], 0);
  return nucleus.find((token) => (left -= weights[token]) < 0) ?? nucleus.at(-1)!;
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
        if (done[row] || !sampling) return likeliest(rowScores);
        return draw(rowScores, sampling, sampling.random[row]);
      });
      for (const [row, token] of next.entries()) {
        if (done[row]) continue;
        grown[row].push(token);
        done[row] = await onToken?.(row, token) === true || token === end;
      }
      if (!done.includes(false)) break;
      if (count < tokens - 1) await cache.add(next);
    }
  } finally {
    await cache.release();
  }
  return grown;
}
