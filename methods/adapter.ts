/**
 * Bottleneck adapters.
 * @module
 */
import { z } from "zod";
import type { Tensor } from "../engine/tensor.ts";
import type { BackboneShape, LinearSite } from "../models/types.ts";
import { linear, linearParameters } from "./shared/linear.ts";
import { drawn } from "./shared/parameter.ts";
import { commonOptions, commonSpace } from "./shared/options.ts";
import type { CommonOptions, Method } from "./types.ts";

/** Options of bottleneck adapters. */
export interface AdapterOptions extends CommonOptions {
  /** Inner width m of an adapter. */
  bottleneck: number;
  /**
   * "houlsby": two adapters a layer, on the outputs of attention and of the feed-forward network, before the residual is
   * added. "pfeiffer": one adapter a layer, on the layer's output, after the residual and any normalisation behind it.
   */
  placement: "houlsby" | "pfeiffer";
}

/** The linear maps behind which the adapters stand: the last one of each sublayer, or of each layer. */
function adapterSites(shape: BackboneShape, { placement }: AdapterOptions): LinearSite[] {
  if (!shape.sublayerOutputs) {
    throw new Error(
      "Cannot use adapter: the backbone must have layers of attention and feed-forward networks, it has none",
    );
  }
  const { attention, feedForward } = shape.sublayerOutputs;
  const roles = placement === "houlsby" ? [attention, feedForward] : [feedForward];
  return shape.linears.filter(({ role }) => roles.includes(role));
}

function size(shape: BackboneShape, options: AdapterOptions): number {
  const { bottleneck: m } = options;
  return adapterSites(shape, options).reduce((sum, { out: d }) => sum + 2 * m * d + m + d, 0);
}

/**
 * Puts small networks into the layers: h + W_up·relu(W_down·h + b_down) + b_up, W_down [m, d], W_up [d, m]. W_up and b_up
 * start as zeros, W_down and b_down as PyTorch's linear maps do. Parameters: Σ 2·m·d + m + d.
 */
export const adapter: Method<AdapterOptions> = {
  name: "adapter",
  description: "adapter: small networks of two linear maps are trained inside the layers",
  paper:
    "Houlsby et al. (2019), Parameter-Efficient Transfer Learning for NLP, https://arxiv.org/abs/1902.00751; Pfeiffer et al. (2021), AdapterFusion, https://arxiv.org/abs/2005.00247",
  options: z.strictObject({
    bottleneck: z.int().min(1).default(16).describe("inner width m of an adapter"),
    placement: z.enum(["houlsby", "pfeiffer"]).default("houlsby").describe(
      "after attention and after the feed-forward network, before the residual; pfeiffer: once, at the end of a layer",
    ),
    ...commonOptions(3e-3),
  }),
  space: { ...commonSpace(1e-4, 1e-2), bottleneck: [4, 8, 16, 32, 64] },
  parameters: (shape, options) =>
    adapterSites(shape, options).flatMap(({ name, out }) => [
      ...linearParameters(`${name}.adapter_down`, out, options.bottleneck),
      drawn(`${name}.adapter_up.weight`, [out, options.bottleneck], () => 0),
      drawn(`${name}.adapter_up.bias`, [out], () => 0),
    ]),
  trains: () => [],
  count: size,
  identityAtStart: true,
  hooks(parameters, shape, options) {
    const sites = adapterSites(shape, options);
    const adapt = (name: string, h: Tensor) =>
      h.add(linear(parameters, `${name}.adapter_up`, linear(parameters, `${name}.adapter_down`, h).relu()));
    if (options.placement === "pfeiffer") {
      const names = new Map(sites.map(({ layer, name }) => [layer, name]));
      return { layer: (index, x) => adapt(names.get(index)!, x) };
    }
    const adapted = new Set(sites.map(({ name }) => name));
    return { linear: ({ name }, _, y) => adapted.has(name) ? adapt(name, y) : y };
  },
};
