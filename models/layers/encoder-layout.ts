/**
 * How an encoder is described (sizes, names), and the weights that follow from the description.
 * @module
 */
import type { Head, LinearSite } from "../types.ts";
import type { Activation } from "./linear-maps.ts";

/** Sizes of an encoder. */
export interface EncoderSizes {
  /** Rows of the word embeddings. */
  vocabulary: number;
  /** Rows of the position embeddings. */
  positions: number;
  /** Rows of the segment embeddings; 0: the model has none. */
  segments: number;
  /** Width of every layer's output. */
  hidden: number;
  /** Number of layers. */
  layers: number;
  /** Attention heads of a layer. */
  heads: number;
  /** Inner width of the feed-forward networks. */
  feedForward: number;
}

/** Names of an encoder's parts, as in transformers. Those of a layer follow its own name: "bert.encoder.layer.0.". */
export interface EncoderNames {
  /** Prefix of every name of the model: "bert.". */
  prefix: string;
  /** Word, position and segment embeddings and their normalisation. */
  embeddings: { words: string; positions: string; segments?: string; norm: string };
  /** A layer: "encoder.layer.0". */
  layer(index: number): string;
  /** Linear maps of attention and the normalisation after it. */
  attention: { query: string; key: string; value: string; output: string; norm: string };
  /** Linear maps of the feed-forward network and the normalisation after it. */
  feedForward: { inner: string; outer: string; norm: string };
  /** Linear map from the first token's output to the features, followed by tanh; absent: that output is the features. */
  pooler?: string;
}

/** The head of a masked language model: a linear map, an activation, a normalisation, and products with each token's row. */
export interface MaskedHead {
  /** Name of the linear map. */
  dense: string;
  /** Name of the normalisation. */
  norm: string;
  /** The activation between them. */
  activation: Activation;
  /** Name of the map to the vocabulary, "<name>.weight" [vocabulary, hidden] and, if it is not tied, "<name>.bias". */
  decoder: string;
  /** Name of its bias [vocabulary] if it is tied. */
  bias: string;
  /** The config ties it: to the word embeddings, and to that bias. */
  tied: boolean;
}

/** Description of an encoder. */
export interface EncoderOptions {
  /** Its sizes. */
  sizes: EncoderSizes;
  /** Its names. */
  names: EncoderNames;
  /** Activation inside the feed-forward networks. */
  activation: Activation;
  /** Added to the variance in normalisations. */
  epsilon: number;
  /** Position of the first token. */
  firstPosition: number;
  /** Token id for padding. */
  padding: number;
  /** As `withoutCache` of the backbone's shape. */
  withoutCache?: true;
  /** The classifier. */
  head: Head;
  /** The head that scores the token that a mask stands for. */
  masked: MaskedHead;
}

/** An encoder's description with the full names of its parts. */
export interface EncoderLayout {
  /** The description. */
  options: EncoderOptions;
  /** Full name of a part of a layer. */
  nameOf(layer: number, part: string): string;
  /** Full names of the embeddings' weights. */
  embeddings: { words: string; positions: string; segments: string };
  /** Full names of the normalisations, that of the embeddings first. */
  norms: readonly string[];
  /** Every linear map, by name, in the order of the forward pass. */
  sites: ReadonlyMap<string, LinearSite>;
  /** Shapes of all weights, in a fixed order. */
  weights: Record<string, readonly number[]>;
}

/** The last part of a name, by which PEFT knows queries, keys and values. */
export function lastPart(name: string): string {
  return name.split(".").at(-1)!;
}

function linearSites({ sizes, names }: EncoderOptions): LinearSite[] {
  const { hidden, feedForward: wide, layers } = sizes;
  const sites: LinearSite[] = [];
  const add = (name: string, role: string, layer: number, from: number, to: number) =>
    sites.push({ name: names.prefix + name, role, layer, in: from, out: to, outputFirst: true });
  for (let layer = 0; layer < layers; layer++) {
    const { attention, feedForward } = names;
    const layerName = names.layer(layer);
    for (const name of [attention.query, attention.key, attention.value]) {
      add(`${layerName}.${name}`, lastPart(name), layer, hidden, hidden);
    }
    add(`${layerName}.${attention.output}`, attention.output, layer, hidden, hidden);
    add(`${layerName}.${feedForward.inner}`, feedForward.inner, layer, hidden, wide);
    add(`${layerName}.${feedForward.outer}`, feedForward.outer, layer, wide, hidden);
  }
  if (names.pooler) add(names.pooler, names.pooler, layers, hidden, hidden);
  return sites;
}

function normNames({ sizes, names }: EncoderOptions): string[] {
  const { embeddings, attention, feedForward } = names;
  const layerNorms = Array.from(
    { length: sizes.layers },
    (_, layer) => [attention.norm, feedForward.norm].map((norm) => `${names.layer(layer)}.${norm}`),
  );
  return [embeddings.norm, ...layerNorms.flat()].map((norm) => names.prefix + norm);
}

function weightShapes({ options, embeddings, norms, sites }: Omit<EncoderLayout, "weights">) {
  const { vocabulary, positions, segments, hidden } = options.sizes;
  const shapes: Record<string, readonly number[]> = {
    [embeddings.words]: [vocabulary, hidden],
    [embeddings.positions]: [positions, hidden],
  };
  if (segments > 0) shapes[embeddings.segments] = [segments, hidden];
  for (const norm of norms) {
    shapes[`${norm}.weight`] = [hidden];
    shapes[`${norm}.bias`] = [hidden];
  }
  for (const site of sites.values()) {
    shapes[`${site.name}.weight`] = [site.out, site.in];
    shapes[`${site.name}.bias`] = [site.out];
  }
  return shapes;
}

/** The layout of the encoder that is described. */
export function encoderLayout(options: EncoderOptions): EncoderLayout {
  const { prefix, embeddings: { words, positions, segments }, layer: layerName } = options.names;
  const layout = {
    options,
    nameOf: (layer: number, part: string) => `${prefix}${layerName(layer)}.${part}`,
    embeddings: {
      words: `${prefix}${words}.weight`,
      positions: `${prefix}${positions}.weight`,
      segments: `${prefix}${segments}.weight`,
    },
    norms: normNames(options),
    sites: new Map(linearSites(options).map((site) => [site.name, site])),
  };
  return { ...layout, weights: weightShapes(layout) };
}
