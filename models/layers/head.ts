/**
 * Classifiers that read the features of a backbone.
 * @module
 */
import type { Tensor, Tensors } from "../../engine/tensor.ts";
import type { BackboneShape, Head } from "../types.ts";

/** Standard deviation of a hidden layer's initial weights, as in transformers. */
const DEVIATION = 0.02;

/** logits = features · W + b with "head.weight" [width, classes] and "head.bias" [classes], both initially 0. */
export function plainHead(width: number): Head {
  return {
    parameters: (classes) => [
      { name: "head.weight", shape: [width, classes], deviation: 0 },
      { name: "head.bias", shape: [classes], deviation: 0 },
    ],
    classify: (features, parameters) => features.matMul(parameters["head.weight"]).add(parameters["head.bias"]),
  };
}

/** The classifier of a backbone: its own, or else the plain one. */
export function headOf({ head, featureWidth }: BackboneShape): Head {
  return head ?? plainHead(featureWidth);
}

/** The same classifier as transformers stores it: "<name>.weight" [classes, width] and, where biased, "<name>.bias". */
export function linearHead(name: string, width: number, biased = true): Head {
  return {
    parameters: (classes) => [
      { name: `${name}.weight`, shape: [classes, width], deviation: 0 },
      ...biased ? [{ name: `${name}.bias`, shape: [classes], deviation: 0 }] : [],
    ],
    classify(features: Tensor, parameters: Tensors) {
      const product = features.matMul(parameters[`${name}.weight`], false, true);
      return biased ? product.add(parameters[`${name}.bias`]) : product;
    },
  };
}

/** Names of a classifier's two linear maps, and the activation between them. */
export interface TwoLayers {
  /** The map [width, width] that reads the features. */
  inner: string;
  /** The map to the classes. */
  outer: string;
  /** The activation. */
  activation(x: Tensor): Tensor;
}

/** A classifier of two linear maps with an activation between them, stored as by `linearHead`. */
export function twoLayerHead({ inner, outer, activation }: TwoLayers, width: number): Head {
  const [first, last] = [linearHead(inner, width), linearHead(outer, width)];
  return {
    parameters: (classes) => [
      { name: `${inner}.weight`, shape: [width, width], deviation: DEVIATION },
      { name: `${inner}.bias`, shape: [width], deviation: 0 },
      ...last.parameters(classes),
    ],
    classify: (features, parameters) => last.classify(activation(first.classify(features, parameters)), parameters),
  };
}
