/**
 * Forward passes on TensorFlow.js' plain backend, without a device of the project.
 * @module
 */
import { readStored } from "../../engine/safetensors.ts";
import { type Tensors, tf } from "../../engine/tensor.ts";
import type { Backbone, Hooks } from "../../models/types.ts";

/** All that a backbone has stored, as tensors. */
export async function eagerWeights(backbone: Backbone): Promise<Tensors> {
  tf.setBackend("cpu");
  const weights: Tensors = {};
  for (const [name, stored] of Object.entries(backbone.stored)) {
    weights[name] = tf.tensor(await readStored(stored), [...stored.shape]);
  }
  return weights;
}

/** Features of encoded texts, row by row. */
export function eagerFeatures(
  backbone: Backbone,
  weights: Tensors,
  encoded: readonly (readonly number[])[],
  hooks: Hooks = {},
): Float32Array {
  return tf.tidy(() => {
    const inputs: Tensors = {};
    for (const [name, { data, shape }] of Object.entries(backbone.collate(encoded))) {
      inputs[name] = tf.tensor(data, shape as number[], backbone.inputs[name].dtype);
    }
    return backbone.forward(weights, inputs, hooks).dataSync() as Float32Array;
  });
}

/** The greatest absolute difference of two lists of numbers; infinite where their lengths differ. */
export function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  return Array.from(a).reduce((most, value, at) => Math.max(most, Math.abs(value - b[at])), 0);
}
