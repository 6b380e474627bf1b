/**
 * Parts that the layers of all transformers share: linear maps with hooks, normalisations, activations.
 *
 * Tensors between layers have the shape [batch · length, width] instead of [batch, length, width], because the product of
 * a tensor of rank 3 and a matrix has a wrong gradient in TensorFlow.js.
 * @module
 */
import { z } from "zod";
import type { Tensor, Tensors } from "../../engine/tensor.ts";
import type { Hooks, LinearSite } from "../types.ts";

/** Applies the linear map of that name: [rows, in] → [rows, out]. */
export type LinearMaps = (name: string, x: Tensor) => Tensor;

/** The linear maps of a forward pass, y = x·W + b, with the changes that the hooks make. */
export function linearMaps(weights: Tensors, sites: ReadonlyMap<string, LinearSite>, hooks: Hooks): LinearMaps {
  return (name, x) => {
    const site = sites.get(name)!;
    const bias = weights[`${name}.bias`];
    const read = hooks.input ? hooks.input(site, x) : x;
    const product = read.matMul(weights[`${name}.weight`], false, site.outputFirst === true);
    const y = bias ? product.add(bias) : product;
    return hooks.linear ? hooks.linear(site, read, y, weights) : y;
  };
}

/** Names of the weights that are biases. */
export function biasNames(weights: Record<string, unknown>): string[] {
  return Object.keys(weights).filter((name) => name.endsWith(".bias"));
}

/** Layer normalisation (Ba et al., 2016, https://arxiv.org/abs/1607.06450) by "<name>.weight" and "<name>.bias". */
export function layerNorm(x: Tensor, weights: Tensors, name: string, epsilon: number): Tensor {
  const centred = x.sub(x.mean(-1, true));
  const scale = centred.square().mean(-1, true).add(epsilon).rsqrt();
  return centred.mul(scale).mul(weights[`${name}.weight`]).add(weights[`${name}.bias`]);
}

/** RMS normalisation (Zhang and Sennrich, 2019, https://arxiv.org/abs/1910.07467): x ÷ √(mean of x²) times "<name>.weight". */
export function rmsNorm(x: Tensor, weights: Tensors, name: string, epsilon: number): Tensor {
  return x.mul(x.square().mean(-1, true).add(epsilon).rsqrt()).mul(weights[`${name}.weight`]);
}

const tanhGelu = (x: Tensor) =>
  x.mul(0.5).mul(x.add(x.mul(x).mul(x).mul(0.044715)).mul(Math.sqrt(2 / Math.PI)).tanh().add(1));

/** Activations by their names in config.json. */
export const activations = {
  /** GELU by the error function (Hendrycks and Gimpel, 2016, https://arxiv.org/abs/1606.08415). */
  gelu: (x: Tensor) => x.mul(0.5).mul(x.mul(Math.SQRT1_2).erf().add(1)),
  /** GELU, approximated by tanh. */
  gelu_new: tanhGelu,
  /** Another name of `gelu_new`. */
  gelu_pytorch_tanh: tanhGelu,
  /** max(x, 0). */
  relu: (x: Tensor) => x.relu(),
  /** x·σ(x). */
  silu: (x: Tensor) => x.mul(x.sigmoid()),
} as const satisfies Record<string, (x: Tensor) => Tensor>;

/** Name of an activation. */
export type Activation = keyof typeof activations;

/**
 * The name of an activation in config.json.
 * @internal
 */
export function activationSchema(): z.ZodType<Activation> {
  return z.enum(Object.keys(activations) as Activation[]);
}
