/**
 * Parts that the layers of all transformers share: linear maps with hooks, normalisations, activations.
 *
 * Tensors between layers have the shape [batch · length, width] instead of [batch, length, width], because the product of
 * a tensor of rank 3 and a matrix has a wrong gradient in TensorFlow.js.
 * @module
 */
import { z } from "zod";
import { notBefore } from "../../engine/not-before.ts";
import { type Tensor, type Tensors, tf, withGradient } from "../../engine/tensor.ts";
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

/** A row's mean, for each entry. */
const mean = (x: Tensor) => x.mean(-1, true);

/**
 * Rows of x, each divided by the root of its mean square. Its gradient by x needs only the result y and what each row was multiplied by:
 * (dy − y · mean of dy·y) · scale. That is half of the operators that the gradients of each step would take.
 */
function overRootMeanSquare(x: Tensor, epsilon: number): Tensor {
  return withGradient([x], (x) => {
    const scale = mean(x.square()).add(epsilon).rsqrt();
    const y = x.mul(scale);
    return { value: y, kept: [y, scale], gradients: (dy, [y, scale]) => [dy.sub(y.mul(mean(dy.mul(y)))).mul(scale)] };
  });
}

/** Layer normalisation (Ba et al., 2016, https://arxiv.org/abs/1607.06450) by "<name>.weight" and "<name>.bias". */
export function layerNorm(x: Tensor, weights: Tensors, name: string, epsilon: number): Tensor {
  return overRootMeanSquare(x.sub(mean(x)), epsilon).mul(weights[`${name}.weight`]).add(weights[`${name}.bias`]);
}

/** RMS normalisation (Zhang and Sennrich, 2019, https://arxiv.org/abs/1910.07467): x ÷ √(mean of x²) times "<name>.weight". */
export function rmsNorm(x: Tensor, weights: Tensors, name: string, epsilon: number): Tensor {
  return overRootMeanSquare(x, epsilon).mul(weights[`${name}.weight`]);
}

/** x·Φ(x), with steps in which the runtime knows one operator where nothing is differentiated. Its slope is Φ + x·φ(x). */
function gelu(x: Tensor): Tensor {
  return withGradient([x], (x) => {
    const twice = x.div(Math.SQRT2).erf().add(1);
    return {
      value: x.mul(0.5).mul(twice),
      kept: [x, twice],
      gradients(dy, [x, twice]) {
        const density = x.square().mul(-0.5).exp().mul(1 / Math.sqrt(2 * Math.PI));
        return [dy.mul(twice.mul(0.5).add(x.mul(density)))];
      },
    };
  });
}

/** ½x·(1 + t), t = tanh(√(2/π)·(x + 0.044715·x³)), as `gelu` is written. Its slope is ½(1 + t)·(1 + x·(1 − t)·the slope in tanh). */
function tanhGelu(x: Tensor): Tensor {
  const [factor, cubic] = [Math.sqrt(2 / Math.PI), 0.044715];
  return withGradient([x], (x) => {
    const t = x.add(x.pow(3).mul(cubic)).mul(factor).tanh();
    return {
      value: x.mul(0.5).mul(t.add(1)),
      kept: [x, t],
      gradients(dy, [x, t]) {
        const inner = x.square().mul(3 * cubic * factor).add(factor);
        return [dy.mul(t.add(1).mul(x.mul(tf.sub(1, t)).mul(inner).add(1))).mul(0.5)];
      },
    };
  });
}

/** Activations by their names in config.json. */
export const activations = {
  /** GELU by the error function (Hendrycks and Gimpel, 2016, https://arxiv.org/abs/1606.08415). */
  gelu,
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
 * SwiGLU: silu(gate)·up. Its gradient computes σ and silu anew, so that two of four arrays of the layer's greatest width are not kept.
 */
function swiGlu(gate: Tensor, up: Tensor): Tensor {
  return withGradient([gate, up], (gate, up) => ({
    value: activations.silu(gate).mul(up),
    kept: [gate, up],
    gradients(dy, [gate, up]) {
      const again = notBefore(gate, dy);
      const sigmoid = again.sigmoid();
      const silu = again.mul(sigmoid);
      // silu′ = σ + silu·(1 − σ)
      const slope = silu.mul(tf.sub(1, sigmoid)).add(sigmoid);
      return [dy.mul(up).mul(slope), dy.mul(silu)];
    },
  }));
}

/** A gated linear unit, activation(gate)·up (Shazeer, 2020, https://arxiv.org/abs/2002.05202). */
export function gatedLinearUnit(activation: Activation, gate: Tensor, up: Tensor): Tensor {
  return activation === "silu" ? swiGlu(gate, up) : activations[activation](gate).mul(up);
}

/**
 * The name of an activation in config.json.
 * @internal
 */
export function activationSchema(): z.ZodType<Activation> {
  return z.enum(Object.keys(activations) as Activation[]);
}
