/**
 * Values of adapters as tensors, to compute with them outside a program, and back.
 * @module
 */
import type { NamedArray } from "../../engine/safetensors.ts";
import { type Tensors, tf } from "../../engine/tensor.ts";

/** The same values as tensors of TensorFlow.js' plain backend, by the same names; the caller disposes of them. */
export function toTensors(arrays: Record<string, NamedArray>): Tensors {
  tf.setBackend("cpu");
  return Object.fromEntries(
    Object.entries(arrays).map(([name, { shape, data }]) => [name, tf.tensor(data, [...shape])]),
  );
}

/** The values of tensors of float32, by the same names. */
export function toArrays(tensors: Tensors): Record<string, NamedArray> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [name, {
      shape: tensor.shape,
      data: tensor.dataSync() as Float32Array,
    }]),
  );
}
