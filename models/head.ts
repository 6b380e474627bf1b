/**
 * The classifier that every method trains: logits = features · W + b, from zeros.
 * @module
 */
import type { Tensor, Tensors } from "../engine/tensor.ts";

/** Shapes of the classifier's parameters, "head.weight" [width, classes] and "head.bias" [classes]. They start as zeros. */
export function headShapes(width: number, classes: number): Record<string, readonly number[]> {
  return { "head.weight": [width, classes], "head.bias": [classes] };
}

/** Features [batch, width] → logits [batch, classes]. */
export function classify(features: Tensor, parameters: Tensors): Tensor {
  return features.matMul(parameters["head.weight"]).add(parameters["head.bias"]);
}
