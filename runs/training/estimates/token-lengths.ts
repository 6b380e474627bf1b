/**
 * How long the texts of a task are in a model's tokens, and what is left of them.
 * @module
 */
import type { Backbone } from "../../../models/types.ts";
import type { TaskKind, TextInput } from "../../../tasks/types.ts";
import { encodePrompt } from "../prompt.ts";

/** Lengths of texts in tokens, special tokens among them; of generation, those of prompts. */
export interface TokenLengths {
  /** Number of texts. */
  count: number;
  /** Half of the texts have at most so many tokens. */
  median: number;
  /** 95 % of the texts have at most so many. */
  most95: number;
  /** The longest text has so many. */
  longest: number;
  /** By a limit, how many texts are longer and are cut. */
  cut: { limit: number; count: number }[];
}

/** Token ids of a text as a model reads it, at most `limit`. */
function encodeText(backbone: Backbone, kind: TaskKind, { text, pair }: TextInput, limit: number) {
  return kind === "generation" ? encodePrompt(backbone, text, limit) : backbone.encode(text, limit, pair);
}

/**
 * Lengths of texts.
 * @param limits at which texts may be cut
 */
export async function tokenLengths(
  backbone: Backbone,
  kind: TaskKind,
  examples: readonly TextInput[],
  limits: readonly number[],
): Promise<TokenLengths> {
  const { tokenize = (text: string) => backbone.encode(text, Infinity) } = backbone;
  const lengthOf = async (text: TextInput) => (await encodeText(backbone, kind, text, backbone.maxLength)).length;
  const tokensOf = async ({ text, pair = "" }: TextInput) =>
    (await tokenize(text)).length + (await tokenize(pair)).length;
  const lengths = new Float64Array(examples.length);
  for (const [at, example] of examples.entries()) {
    lengths[at] = await lengthOf(example);
    if (lengths[at] < backbone.maxLength) continue;
    // As if it were not cut: with as many tokens around it as a short one has.
    const { pair } = example;
    const short = { id: "", text: "a", ...pair !== undefined && { pair: "a" } };
    lengths[at] = Math.max(lengths[at], await tokensOf(example) + await lengthOf(short) - await tokensOf(short));
  }
  lengths.sort();
  const within = (share: number) => lengths[Math.ceil(share * lengths.length) - 1];
  return {
    count: lengths.length,
    median: within(0.5),
    most95: within(0.95),
    longest: lengths[lengths.length - 1],
    cut: limits.map((limit) => ({ limit, count: lengths.filter((length) => length > limit).length })),
  };
}

/**
 * A text as a model reads it within so many tokens, with special tokens as its vocabulary writes them; undefined if it cannot show
 * tokens.
 */
export async function textAsRead(
  backbone: Backbone,
  kind: TaskKind,
  text: TextInput,
  limit: number,
): Promise<string | undefined> {
  return await backbone.show?.(await encodeText(backbone, kind, text, Math.min(limit, backbone.maxLength)));
}
