/**
 * How an encoder-decoder is described, and the weights that follow from the description.
 * @module
 */
import type { LinearSite } from "../types.ts";
import type { Activation } from "./linear-maps.ts";
import type { DistanceBuckets } from "./relative.ts";

/** One of the two stacks of layers. */
export type Stack = "encoder" | "decoder";

/** Sizes of an encoder-decoder. */
export interface EncoderDecoderSizes {
  /** Rows of the word embeddings. */
  vocabulary: number;
  /** Width of every layer's output. */
  hidden: number;
  /** Number of layers of each stack. */
  layers: Record<Stack, number>;
  /** Attention heads of a layer. */
  heads: number;
  /** Width of a head. */
  head: number;
  /** Inner width of the feed-forward networks. */
  feedForward: number;
  /** Most tokens of a text. */
  length: number;
}

/** Description of an encoder-decoder. */
export interface EncoderDecoderOptions {
  /** Its sizes. */
  sizes: EncoderDecoderSizes;
  /** How distances share position biases. */
  buckets: Omit<DistanceBuckets, "bothWays">;
  /** Activation inside the feed-forward networks. */
  activation: Activation;
  /** Whether the activated map of the input is multiplied by a second linear map of it. */
  gated: boolean;
  /** Added to the mean square in normalisations. */
  epsilon: number;
  /** Whether the last states are divided by √hidden before they score the next token. */
  scaledScores: boolean;
  /** Token id for padding. */
  padding: number;
  /** Token id that every generated text starts with. */
  start: number;
  /** Token id that ends a text; absent: texts have no end token. */
  end?: number;
}

/** An encoder-decoder's description with the full names of its parts. */
export interface EncoderDecoderLayout {
  /** The description. */
  options: EncoderDecoderOptions;
  /** Full names of the normalisations. */
  norms: readonly string[];
  /** Every linear map, by name, in the order of the forward pass. */
  sites: ReadonlyMap<string, LinearSite>;
  /** Shapes of all weights, in a fixed order. */
  weights: Record<string, readonly number[]>;
}

/** The word embeddings, which both stacks share. */
export const WORDS = "shared.weight";
/** Copies of the word embeddings that files may hold, one for each stack. */
export const STACK_WORDS: readonly string[] = ["encoder.embed_tokens.weight", "decoder.embed_tokens.weight"];
/** The weight that scores the next token, where it is not the word embeddings. */
export const SCORES = "lm_head.weight";
/** Index of the feed-forward network among the parts of a layer. */
export const FEED_FORWARD: Record<Stack, number> = { encoder: 1, decoder: 2 };

/** Name of a part of a layer: "decoder.block.0.layer.1". */
export function partName(stack: Stack, layer: number, part: number): string {
  return `${stack}.block.${layer}.layer.${part}`;
}

/** Name of the table of a stack's position biases. */
export function biasTable(stack: Stack): string {
  return `${partName(stack, 0, 0)}.SelfAttention.relative_attention_bias.weight`;
}

/** Name of the normalisation after a stack's last layer. */
export function finalNorm(stack: Stack): string {
  return `${stack}.final_layer_norm`;
}

/** Number of a layer among those of both stacks, the encoder's first. */
export function layerIndex({ layers }: EncoderDecoderSizes, stack: Stack, layer: number): number {
  return stack === "encoder" ? layer : layers.encoder + layer;
}

function linearSites({ sizes, gated }: EncoderDecoderOptions): LinearSite[] {
  const { hidden, heads, head, feedForward: wide, layers } = sizes;
  const inner = heads * head;
  const sites: LinearSite[] = [];
  const add = (name: string, roles: readonly string[], layer: number, from: number, to: number) => {
    for (const role of roles) {
      sites.push({ name: `${name}.${role}`, role, layer, in: from, out: to, outputFirst: true });
    }
  };
  for (const stack of ["encoder", "decoder"] as const) {
    for (let layer = 0; layer < layers[stack]; layer++) {
      const index = layerIndex(sizes, stack, layer);
      const attentions = ["SelfAttention", ...stack === "decoder" ? ["EncDecAttention"] : []];
      for (const [part, attention] of attentions.entries()) {
        const name = `${partName(stack, layer, part)}.${attention}`;
        add(name, ["q", "k", "v"], index, hidden, inner);
        add(name, ["o"], index, inner, hidden);
      }
      const name = `${partName(stack, layer, FEED_FORWARD[stack])}.DenseReluDense`;
      add(name, gated ? ["wi_0", "wi_1"] : ["wi"], index, hidden, wide);
      add(name, ["wo"], index, wide, hidden);
    }
  }
  return sites;
}

function normNames({ layers }: EncoderDecoderSizes): string[] {
  return (["encoder", "decoder"] as const).flatMap((stack) => [
    ...Array.from(
      { length: layers[stack] },
      (_, layer) =>
        Array.from({ length: FEED_FORWARD[stack] + 1 }, (_, part) => `${partName(stack, layer, part)}.layer_norm`),
    ).flat(),
    finalNorm(stack),
  ]);
}

/** The layout of the encoder-decoder that is described. */
export function encoderDecoderLayout(options: EncoderDecoderOptions): EncoderDecoderLayout {
  const { sizes: { vocabulary, hidden, heads }, buckets } = options;
  const linears = linearSites(options);
  const norms = normNames(options.sizes);
  const weights = {
    [WORDS]: [vocabulary, hidden],
    [biasTable("encoder")]: [buckets.count, heads],
    [biasTable("decoder")]: [buckets.count, heads],
    ...Object.fromEntries(linears.map((site) => [`${site.name}.weight`, [site.out, site.in]])),
    ...Object.fromEntries(norms.map((norm) => [`${norm}.weight`, [hidden]])),
  };
  return { options, norms, sites: new Map(linears.map((site) => [site.name, site])), weights };
}
