/**
 * Classifiers on the features of a backbone.
 * @module
 */
import type { Tensor, Tensors } from "../engine/tensor.ts";
import type { Head } from "./types.ts";

/** logits = features · W + b with "head.weight" [width, classes] and "head.bias", from zeros. */
export function plainHead(width: number): Head {
  return {
    parameters: (classes) => [
      { name: "head.weight", shape: [width, classes], deviation: 0 },
      { name: "head.bias", shape: [classes], deviation: 0 },
    ],
    classify: (features, parameters) => features.matMul(parameters["head.weight"]).add(parameters["head.bias"]),
  };
}

/** The same as transformers names and stores it: "<name>.weight" [classes, width] and "<name>.bias". */
export function linearHead(name: string, width: number): Head {
  return {
    parameters: (classes) => [
      { name: `${name}.weight`, shape: [classes, width], deviation: 0 },
      { name: `${name}.bias`, shape: [classes], deviation: 0 },
    ],
    classify: (features: Tensor, parameters: Tensors) =>
      features.matMul(parameters[`${name}.weight`], false, true).add(parameters[`${name}.bias`]),
  };
}
