/**
 * Multi-head attention (Vaswani et al., 2017, https://arxiv.org/abs/1706.03762, section 3.2), with virtual tokens.
 * @module
 */
import { type Tensor, tf } from "../../engine/tensor.ts";
import type { BranchToken, Hooks, KeysAndValues } from "../types.ts";
import { leadsTo } from "../token-tree.ts";
import { perText } from "./batch.ts";

/** Taken from the score of a key that must not be read. */
const MASKED = 1e9;

/** Virtual tokens that methods put before a text. */
export interface VirtualTokens {
  /** Embeddings [n, d_emb] before those of the text, or one set for each text, [batch, n, d_emb]. */
  prompt?: Tensor;
  /** Number of these embeddings, 0 without a prompt. */
  promptLength: number;
  /** Keys and values [n, d_kv] of each layer that has a prefix, or one set for each text, [batch, n, d_kv]. */
  prefixes: readonly (KeysAndValues | undefined)[];
  /** Number of the keys of a prefix, 0 without one. */
  prefixLength: number;
}

/** The virtual tokens that the hooks give for a backbone with that many layers. */
export function virtualTokens(hooks: Hooks, layers: number): VirtualTokens {
  const prompt = hooks.prompt?.();
  const prefixes = Array.from({ length: layers }, (_, layer) => hooks.prefix?.(layer));
  return {
    prompt,
    promptLength: prompt?.shape.at(-2) ?? 0,
    prefixes,
    prefixLength: prefixes[0]?.keys.shape.at(-2) ?? 0,
  };
}

/** Repeats rows [n, width] for each text; rows [batch, n, width] stay as they are. Result: [batch · n, width]. */
function repeat(rows: Tensor, batch: number): Tensor {
  const [n, width] = rows.shape.slice(-2);
  const all = rows.rank === 3 ? rows : rows.reshape([1, n, width]).add(tf.zeros([batch, n, width]));
  return all.reshape([batch * n, width]);
}

/** Puts a prompt before the embeddings of each text: [batch · length, width] → [batch, n + length, width]. */
export function withPrompt(embeddings: Tensor, prompt: Tensor | undefined, batch: number): Tensor {
  const texts = perText(embeddings, batch);
  if (!prompt) return texts;
  return tf.concat([perText(repeat(prompt, batch), batch), texts], 1);
}

/**
 * Width of a head.
 * @throws {Error} if the heads do not divide the width
 */
export function headWidth(width: number, heads: number): number {
  if (width % heads === 0) return width / heads;
  throw new Error(`Cannot split the width into heads: ${width} must be a multiple of ${heads}`);
}

/** [batch · n, width] → [batch, heads, n, width ÷ heads]. */
function splitHeads(x: Tensor, batch: number, heads: number): Tensor {
  const [rows, width] = x.shape;
  return x.reshape([batch, rows / batch, heads, width / heads]).transpose([0, 2, 1, 3]);
}

/**
 * The penalty that hides padding, to be added to scores: 0 for virtual tokens and where the mask is 1, else far below 0.
 * @param mask [batch, length]
 * @param virtual number of virtual tokens before each text
 * @returns [batch, 1, 1, virtual + length]
 */
export function maskPenalty(mask: Tensor, virtual: number): Tensor {
  const [batch, length] = mask.shape;
  const allowed = virtual === 0 ? mask : tf.concat([tf.ones([batch, virtual]), mask], 1);
  return allowed.sub(1).mul(MASKED).reshape([batch, 1, 1, virtual + length]);
}

/**
 * The penalty by the distance from a key to the token that reads it, to be added to scores: 0 for a distance of at least 0
 * and below the window, else far below 0.
 * @param distance how many tokens the key stands before the token; negative: after it
 */
export function windowPenalty(distance: Tensor, window?: number): Tensor {
  const before = distance.greaterEqual(0);
  const allowed = window === undefined ? before : before.logicalAnd(distance.less(window));
  return allowed.cast("float32").sub(1).mul(MASKED);
}

/**
 * The penalty that hides later tokens from each of `length` tokens, to be added to scores: [length, prefix + length].
 * @param prefix number of keys before all tokens
 * @param window number of keys that a token reads, its own included; absent: all up to its own
 */
export function causalPenalty(length: number, prefix: number, window?: number): Tensor {
  const positions = tf.range(0, length, 1, "float32").reshape([length, 1]);
  return windowPenalty(positions.sub(tf.range(-prefix, length, 1, "float32")), window);
}

/**
 * The penalty that hides keys outside the window from one more token of each text.
 * @param row the token's position [batch, 1]
 * @param places positions [batch, length] of the tokens read before
 * @returns [batch, prefix + length + 1]
 */
export function stepWindowPenalty(row: Tensor, places: Tensor, prefixLength: number, window: number): Tensor {
  const [batch] = row.shape;
  const texts = tf.concat([places, row], 1);
  const prefix = tf.range(-prefixLength, 0, 1, "float32").add(tf.zeros([batch, 1]));
  return windowPenalty(row.sub(prefixLength === 0 ? texts : tf.concat([prefix, texts], 1)), window);
}

/**
 * The penalty that hides from each token of a tree all but itself and those that lead to it, to be added to scores: [batch, tokens, keys].
 * @param until places [batch, keys] of the last token that is behind each key
 * @param tokens number of the last keys, which are those that read
 */
export function treePenalty(until: Tensor, tokens: number): Tensor {
  return leadsTo(until, tokens).sub(1).mul(MASKED);
}

/** How tokens that branch off a text stand to each other. */
export interface BranchOrder {
  /** How many tokens each of them stands behind the last one of the text: [branches]. */
  depths: number[];
  /** To be added to the scores of the keys of branches: 0 for a token itself and those that lead to it, [branches, branches]. */
  penalty: Tensor;
}

/**
 * The order of tokens that branch off a text.
 * @param window number of keys that a token reads, its own included; absent: all up to its own
 */
export function branchOrder(branches: readonly BranchToken[], window = Infinity): BranchOrder {
  const depths: number[] = [];
  const paths: number[][] = [];
  for (const [at, { parent }] of branches.entries()) {
    depths.push(parent < 0 ? 1 : depths[parent] + 1);
    paths.push([...parent < 0 ? [] : paths[parent], at]);
  }
  const penalties = paths.map((path) => {
    const read = path.slice(-window);
    return branches.map((_, at) => read.includes(at) ? 0 : -MASKED);
  });
  return { depths, penalty: tf.tensor2d(penalties) };
}

/** The penalty that hides keys altogether. */
export function fullPenalty(shape: number[]): Tensor {
  return tf.fill(shape, -MASKED);
}

/** Inputs of attention. */
export interface AttentionInputs {
  /** [batch · n, width]. */
  queries: Tensor;
  /** [batch · m, width]. */
  keys: Tensor;
  /** [batch · m, width]. */
  values: Tensor;
  /** Keys and values [p, width] before these, the same for each text, or one set for each text, [batch, p, width]. */
  prefix?: KeysAndValues;
  /** Keys and values [batch · p, width] of tokens read before, between the prefix and these. */
  past?: KeysAndValues;
  /** Added to the scores; broadcasts to [batch, heads, n, keys]. */
  penalty: Tensor;
  /** Number of texts. */
  batch: number;
  /** Number of heads of the queries. */
  heads: number;
  /** Number of heads of keys and values, each read by heads ÷ keyValueHeads heads of queries; absent: `heads`. */
  keyValueHeads?: number;
  /** Factor s of the scores; absent: 1 ÷ √d, with d the width of a head. */
  scale?: number;
}

/** softmax(s·Q·Kᵀ + penalty)·V of each head, the heads side by side: [batch · n, width]. */
export function attend(
  { queries, keys, values, prefix, past, penalty, batch, heads, keyValueHeads = heads, scale }: AttentionInputs,
): Tensor {
  const [rows, width] = queries.shape;
  const factor = scale ?? (width! / heads) ** -0.5;
  const allOf = (kind: keyof KeysAndValues, current: Tensor) => {
    const parts = [prefix && repeat(prefix[kind], batch), past?.[kind], current].filter((part) => part !== undefined);
    const split = parts.map((part) => splitHeads(part, batch, keyValueHeads));
    return split.length === 1 ? split[0] : tf.concat(split, 2);
  };
  // Stacks the heads of queries that read the same keys, so that one product serves them all.
  const grouped = (x: Tensor) =>
    keyValueHeads === heads
      ? x
      : x.reshape([batch, keyValueHeads, heads / keyValueHeads * (rows / batch), x.shape[3]!]);
  const ungrouped = (x: Tensor) => keyValueHeads === heads ? x : x.reshape([batch, heads, rows / batch, x.shape[3]!]);
  const scaled = grouped(splitHeads(queries, batch, heads).mul(factor));
  const scores = ungrouped(tf.matMul(scaled, allOf("keys", keys), false, true));
  const weights = grouped(tf.softmax(scores.add(penalty)));
  const mixed = ungrouped(tf.matMul(weights, allOf("values", values)));
  return mixed.transpose([0, 2, 1, 3]).reshape(queries.shape);
}
