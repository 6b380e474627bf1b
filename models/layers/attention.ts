/**
 * Attention of several heads (Vaswani et al., 2017, https://arxiv.org/abs/1706.03762, section 3.2), with virtual tokens.
 * @module
 */
import { type Tensor, tf } from "../../engine/tensor.ts";
import type { Hooks, KeysAndValues } from "../types.ts";

const MASKED = 1e9;

/** What methods put before a text. */
export interface VirtualTokens {
  /** Rows [n, d_emb] before the input embeddings, or each text's own [batch, n, d_emb]. */
  prompt?: Tensor;
  /** Their number, 0 without a prompt. */
  promptLength: number;
  /** Keys and values [n, d_kv] of each layer that has a prefix, or each text's own [batch, n, d_kv]. */
  prefixes: readonly (KeysAndValues | undefined)[];
  /** Length of the prefixes, 0 without. */
  prefixLength: number;
}

/** Asks the hooks for virtual tokens of a backbone with that many layers. */
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

/** Rows [n, width] once for each of a batch, or each one's own [batch, n, width]: [batch · n, width]. */
function repeat(rows: Tensor, batch: number): Tensor {
  const [n, width] = rows.shape.slice(-2);
  const all = rows.rank === 3 ? rows : rows.reshape([1, n, width]).add(tf.zeros([batch, n, width]));
  return all.reshape([batch * n, width]);
}

/** Embeddings [batch · length, width] → [batch, n + length, width], the prompt before each text. */
export function withPrompt(embeddings: Tensor, prompt: Tensor | undefined, batch: number): Tensor {
  const [rows, width] = embeddings.shape;
  const texts = embeddings.reshape([batch, rows / batch, width]);
  if (!prompt) return texts;
  return tf.concat([repeat(prompt, batch).reshape([batch, prompt.shape.at(-2)!, width]), texts], 1);
}

/** [batch · n, width] → [batch, heads, n, width ÷ heads]. */
function splitHeads(x: Tensor, batch: number, heads: number): Tensor {
  const [rows, width] = x.shape;
  return x.reshape([batch, rows / batch, heads, width / heads]).transpose([0, 2, 1, 3]);
}

/** What is added to scores: 0 for virtual tokens and where the mask [batch, length] is 1, else far below. [batch, 1, 1, n + length]. */
export function maskPenalty(mask: Tensor, virtual: number): Tensor {
  const [batch, length] = mask.shape;
  const allowed = virtual === 0 ? mask : tf.concat([tf.ones([batch, virtual]), mask], 1);
  return allowed.sub(1).mul(MASKED).reshape([batch, 1, 1, virtual + length]);
}

/** What is added to scores of keys at these distances before a token: 0 from 0 to below the window, else far below. */
export function withinWindow(distance: Tensor, window?: number): Tensor {
  const before = distance.greaterEqual(0);
  const allowed = window === undefined ? before : before.logicalAnd(distance.less(window));
  return allowed.cast("float32").sub(1).mul(MASKED);
}

/**
 * What is added to scores so that each of `length` tokens reads none after it: [length, prefix + length].
 * @param prefix keys that stand before all
 * @param window how many keys a token reads, its own included; absent: all up to its own
 */
export function causalPenalty(length: number, prefix: number, window?: number): Tensor {
  const places = tf.range(0, length, 1, "float32").reshape([length, 1]);
  return withinWindow(places.sub(tf.range(-prefix, length, 1, "float32")), window);
}

/** What attention reads. */
export interface AttentionInputs {
  /** [batch · n, width]. */
  queries: Tensor;
  /** [batch · m, width]. */
  keys: Tensor;
  /** [batch · m, width]. */
  values: Tensor;
  /** Keys and values [p, width] that stand before these, or each text's own [batch, p, width]. */
  prefix?: KeysAndValues;
  /** The same [batch · p, width], each text's own. */
  past?: KeysAndValues;
  /** Added to the scores, broadcast to [batch, heads, n, p + m]. */
  penalty: Tensor;
  /** Number of texts. */
  batch: number;
  /** Number of heads. */
  heads: number;
  /** Heads of keys and values; each serves as many heads of queries, side by side. Absent: as many. */
  keyValueHeads?: number;
  /** Factor s of the scores; absent: 1 ÷ √d, with d the width of a head. */
  scale?: number;
}

/** softmax(s·Q·Kᵀ + penalty)·V of each head, side by side: [batch · n, width]. */
export function attend(
  { queries, keys, values, prefix, past, penalty, batch, heads, keyValueHeads = heads, scale }: AttentionInputs,
): Tensor {
  const [rows, width] = queries.shape;
  const factor = scale ?? (width! / heads) ** -0.5;
  const read = (kind: keyof KeysAndValues, own: Tensor) => {
    const parts = [prefix && repeat(prefix[kind], batch), past?.[kind], own].filter((part) => part !== undefined);
    const split = parts.map((part) => splitHeads(part, batch, keyValueHeads));
    return split.length === 1 ? split[0] : tf.concat(split, 2);
  };
  // Heads of queries that read the same keys, one below the other.
  const shared = (x: Tensor) =>
    keyValueHeads === heads
      ? x
      : x.reshape([batch, keyValueHeads, heads / keyValueHeads * (rows / batch), x.shape[3]!]);
  const single = (x: Tensor) => keyValueHeads === heads ? x : x.reshape([batch, heads, rows / batch, x.shape[3]!]);
  const scaled = shared(splitHeads(queries, batch, heads).mul(factor));
  const scores = single(tf.matMul(scaled, read("keys", keys), false, true));
  const weights = shared(tf.softmax(scores.add(penalty)));
  const mixed = single(tf.matMul(weights, read("values", values)));
  return mixed.transpose([0, 2, 1, 3]).reshape(queries.shape);
}
