/**
 * Rotary position embeddings (Su et al., 2021, https://arxiv.org/abs/2104.09864): pairs of entries of queries and keys are
 * rotated by angles that grow with the position. Entries d and d + head ÷ 2 make a pair, as in transformers.
 * @module
 */
import { z } from "zod";
import { type Tensor, tf } from "../../engine/tensor.ts";

/** Cosines and sines [batch or 1, length, head ÷ 2] of the angle of each pair at each position. */
export interface Angles {
  /** Cosines. */
  cosines: Tensor;
  /** Sines. */
  sines: Tensor;
}

/** Computes the angles at positions [batch or 1, length]. */
export type Rotation = (positions: Tensor) => Angles;

const base = z.number().positive().default(10000);

/** `rope_parameters` of config.json. */
export type RotaryParameters =
  | { rope_type: "default"; rope_theta: number }
  | {
    rope_type: "llama3";
    rope_theta: number;
    factor: number;
    low_freq_factor: number;
    high_freq_factor: number;
    original_max_position_embeddings: number;
  };

/**
 * Schema of `rope_parameters`.
 * @internal
 */
export function rotarySchema(): z.ZodType<RotaryParameters> {
  return z.discriminatedUnion("rope_type", [
    z.object({ rope_type: z.literal("default"), rope_theta: base }),
    z.object({
      rope_type: z.literal("llama3"),
      rope_theta: base,
      factor: z.number().min(1),
      low_freq_factor: z.number().positive(),
      high_freq_factor: z.number().positive(),
      original_max_position_embeddings: z.int().min(1),
    }),
  ], { error: 'must be "default" or "llama3"' });
}

/** The angle per position of each pair i of a head: θ^(−2i ÷ head), slowed down as in Llama 3 where the parameters say so. */
export function frequencies(head: number, parameters: RotaryParameters): number[] {
  const plain = Array.from({ length: head / 2 }, (_, pair) => parameters.rope_theta ** (-2 * pair / head));
  if (parameters.rope_type === "default") return plain;
  const { factor, low_freq_factor: low, high_freq_factor: high } = parameters;
  return plain.map((frequency) => {
    // Full turns within the length of pre-training. Pairs with few turns are slowed down by the factor, pairs with many keep
    // their frequency, and those between get a mixture (Llama 3.1, https://arxiv.org/abs/2407.21783).
    const turns = parameters.original_max_position_embeddings * frequency / (2 * Math.PI);
    const share = Math.min(1, Math.max(0, (turns - low) / (high - low)));
    return frequency * (share + (1 - share) / factor);
  });
}

/**
 * The rotation that a config describes, for heads of that width.
 * @throws {Error} if the width is odd
 */
export function rotary(head: number, parameters: RotaryParameters): Rotation {
  if (head % 2 !== 0) throw new Error(`Cannot rotate heads: their width must be even, current value is ${head}`);
  const perPosition = frequencies(head, parameters);
  return (positions) => {
    const angles = positions.expandDims(2).mul(tf.tensor1d(perPosition));
    return { cosines: angles.cos(), sines: angles.sin() };
  };
}

/** Rotates each head of x [batch · length, heads · width]: x·[cos, cos] + [b, a]·[−sin, sin], of the pairs x = [a, b]. */
export function rotate(x: Tensor, { cosines, sines }: Angles, batch: number, heads: number): Tensor {
  const [, length, half] = cosines.shape;
  const each = x.reshape([batch, length!, heads, 2 * half!]);
  const [a, b] = tf.split(each, 2, 3);
  const cos = tf.concat([cosines, cosines], 2).expandDims(2);
  const sin = tf.concat([sines.neg(), sines], 2).expandDims(2);
  return each.mul(cos).add(tf.concat([b, a], 3).mul(sin)).reshape(x.shape);
}
