/**
 * The tensor language: TensorFlow.js, loaded on first use.
 *
 * The launcher lists models and methods without ever computing with them; loading tfjs there would cost every
 * command 0.1 s and raise the memory floor of every worker it starts.
 * @module
 */
import type * as tfjs from "@tensorflow/tfjs-core";
import type {} from "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops";
import { loadTfjs } from "./load-tfjs.ts";

/** A tensor of TensorFlow.js. */
export type Tensor = tfjs.Tensor;
/** Named tensors. */
export type Tensors = Record<string, Tensor>;

let loaded: typeof tfjs | undefined;

/** The TensorFlow.js namespace: its core. */
export const tf: typeof tfjs = new Proxy({} as typeof tfjs, {
  get: (_, key) => (loaded ??= loadTfjs())[key as keyof typeof tfjs],
});

/** What is computed of some operands, and how it is differentiated. */
export interface Differentiated {
  /** The result. */
  value: Tensor;
  /** What the gradient needs. */
  kept: Tensor[];
  /**
   * The gradients by the operands, in their order.
   * @param dy the gradient by the result
   * @param kept the tensors that were kept
   */
  gradients(dy: Tensor, kept: Tensor[]): Tensor[];
}

/** A result with a gradient of its own, instead of that of each step which computes it. */
export function withGradient<T extends [...Tensor[]]>(
  operands: T,
  compute: (...operands: T) => Differentiated,
): Tensor {
  return tf.customGrad((...given) => {
    const save = given.pop() as (tensors: Tensor[]) => void;
    const { value, kept, gradients } = compute(...given as T);
    save(kept);
    return { value, gradFunc: gradients };
  })(...operands);
}
