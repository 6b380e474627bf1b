/**
 * The transformer of Universal Sentence Encoder Lite (Cer et al., 2018, https://arxiv.org/abs/1803.11175), for any sizes.
 *
 * Virtual tokens: those of a prefix take the first positions, then come those of a prompt, then the text.
 * @module
 */
import type { NamedArray } from "../../engine/safetensors.ts";
import { type Tensor, type Tensors, tf } from "../../engine/tensor.ts";
import type { StoredTensor } from "../../engine/types.ts";
import { attend, maskPenalty, virtualTokens, withPrompt } from "../layers/attention.ts";
import { collateTexts, perText, textInputs } from "../layers/batch.ts";
import { biasNames, layerNorm, type LinearMaps, linearMaps } from "../layers/linear-maps.ts";
import type { Backbone, BackboneShape, Hooks, KeysAndValues, LinearSite } from "../types.ts";

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

/** Weights of the architecture, and the tokenizer they were trained with. */
export interface UseLiteSource extends Pick<Backbone, "tokenize" | "show"> {
  /** Where each weight and the table of positions lie. */
  stored: Record<string, StoredTensor>;
  /** SHA-256 of weights and vocabulary. */
  sha256: string;
  /** Token ids of a text or of a pair of texts, at most `limit`. */
  encode(text: string, limit: number, pair?: string): Promise<number[]>;
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

/** The shape of the architecture at given sizes. */
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
    biases: biasNames(weights),
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
 * The table of position signals [positions, embedding], stored beside the weights as "positions". It is not trained, but
 * too large to be a constant in every recorded program. Row p is sin(p·w), then cos(p·w), with
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

/** What the layers of one forward pass share. */
interface Pass {
  sizes: UseLiteSizes;
  weights: Tensors;
  linear: LinearMaps;
  batch: number;
  /** Added to the scores. */
  penalty: Tensor;
  /** Keys and values of a prefix, layer by layer. */
  prefixes: readonly (KeysAndValues | undefined)[];
}

/** A layer over x [batch · n, width]; its output is computed for the tokens `select(x)` alone. */
function runLayer(pass: Pass, layer: number, x: Tensor, select: (x: Tensor) => Tensor): Tensor {
  const { sizes: { hidden, heads }, weights, linear, batch, penalty, prefixes } = pass;
  const name = `layers.${layer}`;
  const normalise = (part: string, x: Tensor) => layerNorm(x, weights, `${name}.${part}.norm`, EPSILON);
  const [queries, keys, values] = tf.split(linear(`${name}.attention.qkv`, normalise("attention", x)), 3, 1);
  const selected = select(x);
  const residual = x.shape[1] === hidden ? selected : linear(`${name}.residual`, selected);
  const mixed = attend({ queries: select(queries), keys, values, prefix: prefixes[layer], penalty, batch, heads });
  const y = residual.add(linear(`${name}.attention.output`, mixed));
  const wide = linear(`${name}.ffn.in`, normalise("ffn", y)).relu();
  return y.add(linear(`${name}.ffn.out`, wide));
}

/** Features [batch, features]: the mean of the text's tokens through the pooler. */
function features(
  sizes: UseLiteSizes,
  sites: ReadonlyMap<string, LinearSite>,
  weights: Tensors,
  inputs: Tensors,
  hooks: Hooks,
): Tensor {
  const { embedding, hidden, layers } = sizes;
  const [batch, length] = inputs.ids.shape;
  const { prompt, promptLength, prefixes, prefixLength } = virtualTokens(hooks, layers);
  const total = promptLength + length!;
  const linear = linearMaps(weights, sites, hooks);
  // The features depend on the text's tokens alone, so the last layer computes none for those of a prompt.
  const textRows = (x: Tensor): Tensor => {
    const width = x.shape[1]!;
    return promptLength === 0
      ? x
      : perText(x, batch).slice([0, promptLength, 0], [batch, length!, width]).reshape([batch * length!, width]);
  };
  const penalty = maskPenalty(inputs.mask, promptLength + prefixLength);
  const pass: Pass = { sizes, weights, linear, batch, penalty, prefixes };
  const words = tf.gather(weights[WORD_EMBEDDINGS], inputs.ids.reshape([batch * length!]));
  const tokens = withPrompt(words, prompt, batch);
  const positions = weights[POSITIONS].slice([prefixLength, 0], [total, embedding]);
  // The original graph adds the embedding twice.
  let x = tokens.mul(2).add(positions).reshape([batch * total, embedding]);
  for (let layer = 0; layer < layers; layer++) {
    x = runLayer(pass, layer, x, layer === layers - 1 ? textRows : (all) => all);
    if (hooks.layer) x = hooks.layer(layer, x);
  }
  const text = x.reshape([batch, length!, hidden]).mul(inputs.mask.reshape([batch, length!, 1]));
  const pooled = text.sum(1).div(inputs.mask.sum(1, true).maximum(1));
  return linear("pooler", pooled).tanh();
}

/** The backbone of given sizes and weights. */
export function useLiteBackbone(sizes: UseLiteSizes, source: UseLiteSource): Backbone {
  const shape = useLiteShape(sizes);
  const sites = new Map(shape.linears.map((site) => [site.name, site]));
  return {
    ...shape,
    ...source,
    vocabularySize: sizes.vocabulary,
    embeddingWeight: WORD_EMBEDDINGS,
    inputs: textInputs(sizes.vocabulary),
    collate: (encoded) => collateTexts(encoded, 0),
    forward: (weights, inputs, hooks) => features(sizes, sites, weights, inputs, hooks),
  };
}
