/**
 * The transformer of Universal Sentence Encoder Lite (Cer et al., 2018, https://arxiv.org/abs/1803.11175), for any sizes.
 *
 * Virtual tokens come first: n of a prompt and prefix together take the positions 0 … n − 1.
 * @module
 */
import type { NamedArray } from "../../engine/safetensors.ts";
import { type Tensor, tf } from "../../engine/tensor.ts";
import type { StoredTensor } from "../../engine/types.ts";
import { attend, maskPenalty, virtualTokens, withPrompt } from "../layers/attention.ts";
import { padded, paddingMask } from "../layers/batch.ts";
import { layerNorm, linearMaps } from "../layers/linear-maps.ts";
import type { Backbone, BackboneShape, LinearSite } from "../types.ts";

/** Sizes of the architecture. */
export interface UseLiteSizes {
  /** Rows of the input embedding. */
  vocabulary: number;
  /** Width of the input embeddings and of the first layer's attention. */
  embedding: number;
  /** Width of every layer's output. */
  hidden: number;
  /** Number of layers. */
  layers: number;
  /** Attention heads, the same in every layer. */
  heads: number;
  /** Inner width of the feed-forward networks. */
  feedForward: number;
  /** Width of the features. */
  features: number;
  /** Most tokens of a text. */
  maxLength: number;
  /** Rows of the table of position signals: tokens of a text and virtual tokens together. */
  positions: number;
}

/** What distinguishes one set of weights from another. */
export interface UseLiteSource {
  /** Where each weight and the table of positions lie. */
  stored: Record<string, StoredTensor>;
  /** SHA-256 of weights and vocabulary. */
  sha256: string;
  /** Token ids of a text or of a pair, at most `limit`. */
  encode(text: string, limit: number, pair?: string): number[];
}

const EPSILON = 1e-6;
const WORD_EMBEDDINGS = "embeddings.word";
const POSITIONS = "positions";

function linearSites(sizes: UseLiteSizes): LinearSite[] {
  const { embedding, hidden, feedForward } = sizes;
  const sites: LinearSite[] = [];
  for (let layer = 0; layer < sizes.layers; layer++) {
    const width = layer === 0 ? embedding : hidden;
    const add = (role: string, from: number, to: number) =>
      sites.push({ name: `layers.${layer}.${role}`, role, layer, in: from, out: to });
    add("attention.qkv", width, 3 * width);
    add("attention.output", width, hidden);
    if (width !== hidden) add("residual", width, hidden);
    add("ffn.in", hidden, feedForward);
    add("ffn.out", feedForward, hidden);
  }
  sites.push({ name: "pooler", role: "pooler", layer: sizes.layers, in: hidden, out: sizes.features });
  return sites;
}

/** What is known of the architecture at given sizes before any weight is read. */
export function useLiteShape(sizes: UseLiteSizes): BackboneShape {
  const { embedding, hidden } = sizes;
  const linears = linearSites(sizes);
  const keyValueWidths = Array.from({ length: sizes.layers }, (_, layer) => layer === 0 ? embedding : hidden);
  const weights: Record<string, readonly number[]> = { [WORD_EMBEDDINGS]: [sizes.vocabulary, embedding] };
  for (const [layer, width] of keyValueWidths.entries()) {
    for (const [norm, size] of [["attention", width], ["ffn", hidden]] as const) {
      weights[`layers.${layer}.${norm}.norm.weight`] = [size];
      weights[`layers.${layer}.${norm}.norm.bias`] = [size];
    }
  }
  for (const site of linears) {
    weights[`${site.name}.weight`] = [site.in, site.out];
    weights[`${site.name}.bias`] = [site.out];
  }
  return {
    weights,
    biases: Object.keys(weights).filter((name) => name.endsWith(".bias")),
    linears,
    loraTargets: ["attention.qkv"],
    ia3Targets: { outputs: ["attention.qkv"], inputs: ["ffn.out"] },
    sublayerOutputs: { attention: "attention.output", feedForward: "ffn.out" },
    norms: keyValueWidths.flatMap((_, layer) => ["attention", "ffn"].map((part) => `layers.${layer}.${part}.norm`)),
    keyValueWidths,
    attentionHeads: sizes.heads,
    embeddingWidth: embedding,
    featureWidth: sizes.features,
    maxLength: sizes.maxLength,
    positions: sizes.positions,
  };
}

/**
 * The table of position signals [positions, embedding], to be stored beside the weights as "positions": it is no
 * parameter, but a value too long to write into each recorded program. Row p is sin(p·w), then cos(p·w), with
 * w_j = exp(−j · ln 10000 ÷ (embedding ÷ 2 − 1)).
 */
export function useLitePositions(sizes: UseLiteSizes): Record<string, NamedArray> {
  const half = sizes.embedding / 2;
  const data = new Float32Array(sizes.positions * sizes.embedding);
  for (let p = 0; p < sizes.positions; p++) {
    for (let j = 0; j < half; j++) {
      const angle = p * Math.exp(-j * Math.log(10000) / (half - 1));
      data[p * sizes.embedding + j] = Math.sin(angle);
      data[p * sizes.embedding + half + j] = Math.cos(angle);
    }
  }
  return { [POSITIONS]: { shape: [sizes.positions, sizes.embedding], data } };
}

/** The backbone of given sizes and weights. */
export function useLiteBackbone(sizes: UseLiteSizes, source: UseLiteSource): Backbone {
  const shape = useLiteShape(sizes);
  const sites = new Map(shape.linears.map((site) => [site.name, site]));

  const forward: Backbone["forward"] = (weights, inputs, hooks) => {
    const [batch, length] = inputs.ids.shape;
    const { prompt, promptLength, prefixes, prefixLength } = virtualTokens(hooks, sizes.layers);
    const total = promptLength + length;
    const linear = linearMaps(weights, sites, hooks);
    const normalise = (name: string, x: Tensor) => layerNorm(x, weights, `${name}.norm`, EPSILON);
    // Features pool the text's positions only, so the last layer asks nothing at those of the prompt.
    const textRows = (x: Tensor): Tensor => {
      const width = x.shape[1]!;
      return promptLength === 0
        ? x
        : x.reshape([batch, total, width]).slice([0, promptLength, 0], [batch, length, width])
          .reshape([batch * length, width]);
    };

    const penalty = maskPenalty(inputs.mask, promptLength + prefixLength);
    const words = tf.gather(weights[WORD_EMBEDDINGS], inputs.ids.reshape([batch * length]));
    const tokens = withPrompt(words, prompt, batch);
    const positions = weights[POSITIONS].slice([prefixLength, 0], [total, sizes.embedding]);
    // The original graph adds the embedding twice.
    let x = tokens.mul(2).add(positions).reshape([batch * total, sizes.embedding]);
    for (const [layer, width] of shape.keyValueWidths.entries()) {
      const name = `layers.${layer}`;
      const read = layer === sizes.layers - 1 ? textRows : (all: Tensor) => all;
      const [queries, keys, values] = tf.split(
        linear(`${name}.attention.qkv`, normalise(`${name}.attention`, x)),
        3,
        1,
      );
      const residual = width === sizes.hidden ? read(x) : linear(`${name}.residual`, read(x));
      const mixed = attend({
        queries: read(queries),
        keys,
        values,
        prefix: prefixes[layer],
        penalty,
        batch,
        heads: sizes.heads,
      });
      const y = residual.add(linear(`${name}.attention.output`, mixed));
      const wide = linear(`${name}.ffn.in`, normalise(`${name}.ffn`, y)).relu();
      x = y.add(linear(`${name}.ffn.out`, wide));
      if (hooks.layer) x = hooks.layer(layer, x);
    }
    const text = x.reshape([batch, length, sizes.hidden]).mul(inputs.mask.reshape([batch, length, 1]));
    const pooled = text.sum(1).div(inputs.mask.sum(1, true).maximum(1));
    return linear("pooler", pooled).tanh();
  };

  return {
    ...shape,
    ...source,
    vocabularySize: sizes.vocabulary,
    embeddingWeight: WORD_EMBEDDINGS,
    inputs: {
      ids: { shape: ["batch", "length"], dtype: "int32", below: sizes.vocabulary },
      mask: { shape: ["batch", "length"], dtype: "float32" },
    },
    collate: (encoded) => ({ ids: padded(encoded, 0), mask: paddingMask(encoded) }),
    forward,
  };
}
