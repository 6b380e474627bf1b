/**
 * Attention of several heads (Vaswani et al., 2017, https://arxiv.org/abs/1706.03762, section 3.2), with virtual tokens.
 * @module
 */
import { type Tensor, tf } from "../engine/tensor.ts";
import type { Hooks } from "./types.ts";

const MASKED = 1e9;

/** What methods put before a text. */
export interface VirtualTokens {
  /** Rows [n, d_emb] before the input embeddings. */
  prompt?: Tensor;
  /** Their number, 0 without a prompt. */
  promptLength: number;
  /** Keys and values [n, d_kv] of each layer that has a prefix. */
  prefixes: readonly ({ keys: Tensor; values: Tensor } | undefined)[];
  /** Length of the prefixes, 0 without. */
  prefixLength: number;
}

/** Asks the hooks for virtual tokens of a backbone with that many layers. */
export function virtualTokens(hooks: Hooks, layers: number): VirtualTokens {
  const prompt = hooks.prompt?.();
  const prefixes = Array.from({ length: layers }, (_, layer) => hooks.prefix?.(layer));
  return {
    prompt,
    promptLength: prompt?.shape[0] ?? 0,
    prefixes,
    prefixLength: prefixes[0]?.keys.shape[0] ?? 0,
  };
}

/** Rows [n, width] once for each of a batch: [batch · n, width]. */
function repeat(rows: Tensor, batch: number): Tensor {
  const [n, width] = rows.shape;
  return rows.reshape([1, n, width]).add(tf.zeros([batch, n, width])).reshape([batch * n, width]);
}

/** Embeddings [batch · length, width] → [batch, n + length, width], the prompt before each text. */
export function withPrompt(embeddings: Tensor, prompt: Tensor | undefined, batch: number): Tensor {
  const [rows, width] = embeddings.shape;
  const texts = embeddings.reshape([batch, rows / batch, width]);
  return prompt ? tf.concat([repeat(prompt, batch).reshape([batch, prompt.shape[0], width]), texts], 1) : texts;
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

/** What attention reads. */
export interface AttentionInputs {
  /** [batch · n, width]. */
  queries: Tensor;
  /** [batch · m, width]. */
  keys: Tensor;
  /** [batch · m, width]. */
  values: Tensor;
  /** Keys and values [p, width] that stand before these. */
  prefix?: { keys: Tensor; values: Tensor };
  /** Added to the scores, broadcast to [batch, heads, n, p + m]. */
  penalty: Tensor;
  /** Number of texts. */
  batch: number;
  /** Number of heads. */
  heads: number;
}

/** softmax(Q·Kᵀ ÷ √d + penalty)·V of each head, side by side: [batch · n, width]. */
export function attend({ queries, keys, values, prefix, penalty, batch, heads }: AttentionInputs): Tensor {
  const [, width] = queries.shape;
  const withPrefix = (x: Tensor, before: Tensor | undefined) => {
    const own = splitHeads(x, batch, heads);
    return before ? tf.concat([splitHeads(repeat(before, batch), batch, heads), own], 2) : own;
  };
  const scaled = splitHeads(queries, batch, heads).mul((width! / heads) ** -0.5);
  const scores = tf.matMul(scaled, withPrefix(keys, prefix?.keys), false, true);
  const mixed = tf.matMul(tf.softmax(scores.add(penalty)), withPrefix(values, prefix?.values));
  return mixed.transpose([0, 2, 1, 3]).reshape(queries.shape);
}
