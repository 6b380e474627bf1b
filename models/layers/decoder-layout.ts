/**
 * How a decoder is described (sizes, names, linear maps), and the weights that follow from the description.
 * @module
 */
import type { Tensor, Tensors } from "../../engine/tensor.ts";
import type { Design, LinearSite } from "../types.ts";
import type { Rotation } from "./rotary.ts";

/** Sizes of a decoder. */
export interface DecoderSizes {
  /** Rows of the word embeddings. */
  vocabulary: number;
  /** Most tokens of text and virtual tokens together. */
  positions: number;
  /** Width of every layer's output. */
  hidden: number;
  /** Number of layers. */
  layers: number;
  /** Attention heads of a layer. */
  heads: number;
  /** Heads of a layer's keys and values, each read by heads ÷ keyValueHeads heads of queries. */
  keyValueHeads: number;
  /** Width of a head. */
  head: number;
}

/** Names of a decoder's parts, as in transformers. */
export interface DecoderNames {
  /** Prefix of every name of the model: "model.". */
  prefix: string;
  /** Word embeddings. */
  words: string;
  /** Position embeddings; absent where the model has no table of them. */
  positions?: string;
  /** A layer: "layers.0". */
  layer(index: number): string;
  /** Normalisations: before a layer's attention, before its feed-forward network, and after the last layer. */
  norms: { attention: string; feedForward: string; last: string };
}

/** A linear map that every layer has. */
export interface LayerLinear {
  /** Its name within a layer: "self_attn.q_proj". */
  name: string;
  /** The name by which methods choose it: "q_proj". */
  role: string;
  /** Width of its input. */
  in: number;
  /** Width of its output. */
  out: number;
  /** Whether it has a bias. */
  biased: boolean;
}

/** Applies the linear map of that name within the current layer. */
export type LayerMaps = (name: string, x: Tensor) => Tensor;

/** Description of a decoder. */
export interface DecoderOptions {
  /** Its sizes. */
  sizes: DecoderSizes;
  /** Its names. */
  names: DecoderNames;
  /** The linear maps of a layer, in the order of the forward pass. */
  linears: readonly LayerLinear[];
  /** Their weights are stored as [out, in]; absent: as [in, out]. */
  outputFirst?: true;
  /** Normalises x [rows, hidden] by the weights of that name. */
  normalise(x: Tensor, weights: Tensors, name: string): Tensor;
  /** Whether normalisations have a bias. */
  normBiased: boolean;
  /** Queries [rows, heads · head], keys and values [rows, keyValueHeads · head] of x. */
  project(linear: LayerMaps, x: Tensor): { queries: Tensor; keys: Tensor; values: Tensor };
  /** The feed-forward network, [rows, hidden] → [rows, hidden]. */
  feedForward(linear: LayerMaps, x: Tensor): Tensor;
  /** Rotates queries and keys; absent: they are not rotated. */
  rotation?: Rotation;
  /** Number of tokens that a token reads, itself included; absent: all up to itself. */
  window?: number;
  /** Names within a layer of the last linear maps of attention and of the feed-forward network. */
  outputs: { attention: string; feedForward: string };
  /** Roles that LoRA adapts by default. */
  loraTargets: readonly string[];
  /** Roles that IA³ scales by default. */
  ia3Targets: Design["ia3Targets"];
  /** Name of the weight [vocabulary, hidden] that scores the next token. */
  scores: string;
  /** The config ties it to the word embeddings, which score the next token unless the files hold other values for it. */
  tied?: boolean;
  /** Token id for padding. */
  padding: number;
  /** Token id that ends a text; absent: texts have no end token. */
  end?: number;
}

/** A decoder's description with the full names of its parts. */
export interface DecoderLayout {
  /** The description. */
  options: DecoderOptions;
  /** Full name of a part of a layer. */
  nameOf(layer: number, part: string): string;
  /** Weight of the word embeddings. */
  wordEmbeddings: string;
  /** Weight of the position embeddings; absent where there is no table of them. */
  positionEmbeddings?: string;
  /** Full names of the normalisations. */
  norms: { all: readonly string[]; last: string };
  /** Every linear map, by name, in the order of the forward pass. */
  sites: ReadonlyMap<string, LinearSite>;
  /** Shapes of all weights, in a fixed order. */
  weights: Record<string, readonly number[]>;
}

function linearSites({ sizes, linears, outputFirst }: DecoderOptions, nameOf: DecoderLayout["nameOf"]): LinearSite[] {
  return Array.from({ length: sizes.layers }, (_, layer) =>
    linears.map(({ name, role, in: from, out }) => ({
      name: nameOf(layer, name),
      role,
      layer,
      in: from,
      out,
      ...outputFirst && { outputFirst },
    }))).flat();
}

function weightShapes({ options, nameOf, wordEmbeddings, positionEmbeddings, norms }: Omit<DecoderLayout, "weights">) {
  const { sizes: { vocabulary, positions, hidden, layers }, linears, outputFirst, normBiased } = options;
  const shapes: Record<string, readonly number[]> = { [wordEmbeddings]: [vocabulary, hidden] };
  if (positionEmbeddings) shapes[positionEmbeddings] = [positions, hidden];
  for (const norm of norms.all) {
    shapes[`${norm}.weight`] = [hidden];
    if (normBiased) shapes[`${norm}.bias`] = [hidden];
  }
  for (let layer = 0; layer < layers; layer++) {
    for (const { name, in: from, out, biased } of linears) {
      shapes[`${nameOf(layer, name)}.weight`] = outputFirst ? [out, from] : [from, out];
      if (biased) shapes[`${nameOf(layer, name)}.bias`] = [out];
    }
  }
  return shapes;
}

/** The layout of the decoder that is described. */
export function decoderLayout(options: DecoderOptions): DecoderLayout {
  const { sizes, names: { prefix, words, positions, layer: layerName, norms } } = options;
  const nameOf = (layer: number, part: string) => `${prefix}${layerName(layer)}.${part}`;
  const last = prefix + norms.last;
  const layerNorms = Array.from(
    { length: sizes.layers },
    (_, layer) => [nameOf(layer, norms.attention), nameOf(layer, norms.feedForward)],
  );
  const layout = {
    options,
    nameOf,
    wordEmbeddings: `${prefix}${words}.weight`,
    ...positions && { positionEmbeddings: `${prefix}${positions}.weight` },
    norms: { all: [...layerNorms.flat(), last], last },
    sites: new Map(linearSites(options, nameOf).map((site) => [site.name, site])),
  };
  return { ...layout, weights: weightShapes(layout) };
}
