/**
 * Decoders as GPT-2 (Radford et al., 2019) and Llama (Touvron et al., 2023, https://arxiv.org/abs/2302.13971) have them:
 * layers of causal attention and a feed-forward network, each normalised before it is read, under whatever names.
 *
 * Virtual tokens: n of a prompt stand before the text and take the first n positions; after n of a prefix, whose keys
 * are not rotated, the text starts at position n. Texts are filled up on the right. Features are those of the last
 * token of a text; of a text behind a prompt, PEFT's reading takes the last place of the batch, filled up or not.
 * @module
 */
import { type Tensor, type Tensors, tf } from "../../engine/tensor.ts";
import { attend, causalPenalty, maskPenalty, virtualTokens, withinWindow, withPrompt } from "./attention.ts";
import { padded, paddingMask } from "./batch.ts";
import { linearHead } from "./head.ts";
import { linearMaps } from "./linear-maps.ts";
import { rotate, type Rotation } from "./rotary.ts";
import type { Backbone, Design, Hooks, KeysAndValues, LanguageModel, LinearSite, ReadTokens } from "../types.ts";

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
  /** Heads of its keys and values; each serves as many heads of queries. */
  keyValueHeads: number;
  /** Width of a head. */
  head: number;
}

/** Names of a decoder's parts, as transformers has them. */
export interface DecoderNames {
  /** Before every name of the model: "model.". */
  prefix: string;
  /** Word embeddings. */
  words: string;
  /** Position embeddings, where it has a table of them. */
  positions?: string;
  /** A layer: "layers.0". */
  layer(index: number): string;
  /** The normalisations: of a layer's attention, of its feed-forward network, and the one after all layers. */
  norms: { attention: string; feedForward: string; last: string };
}

/** A linear map that every layer has. */
export interface LayerLinear {
  /** Its name within a layer: "self_attn.q_proj". */
  name: string;
  /** What methods call it: "q_proj". */
  role: string;
  /** Width of its input. */
  in: number;
  /** Width of its output. */
  out: number;
  /** Whether it has a bias. */
  biased: boolean;
}

/** Applies a linear map of the current layer. */
export type LayerMaps = (name: string, x: Tensor) => Tensor;

/** A decoder. */
export interface DecoderOptions {
  /** Its sizes. */
  sizes: DecoderSizes;
  /** Its names. */
  names: DecoderNames;
  /** The linear maps of a layer, in the order of the forward pass. */
  linears: readonly LayerLinear[];
  /** Their weights are stored as [out, in]. */
  outputFirst?: true;
  /** Normalises x [rows, hidden] by the weights of that name. */
  normalise(x: Tensor, weights: Tensors, name: string): Tensor;
  /** Whether normalisations have a bias. */
  normBiased: boolean;
  /** Queries [rows, heads · head], keys and values [rows, keyValueHeads · head] of x. */
  project(linear: LayerMaps, x: Tensor): { queries: Tensor; keys: Tensor; values: Tensor };
  /** The feed-forward network, [rows, hidden] → [rows, hidden]. */
  feedForward(linear: LayerMaps, x: Tensor): Tensor;
  /** How queries and keys are rotated; absent: not. */
  rotation?: Rotation;
  /** How many tokens a token reads, itself included; absent: all before it. */
  window?: number;
  /** Names within a layer of the linear maps that end attention and the feed-forward network. */
  outputs: { attention: string; feedForward: string };
  /** Roles that LoRA adapts by default. */
  loraTargets: readonly string[];
  /** Roles that IA³ scales by default. */
  ia3Targets: Design["ia3Targets"];
  /** Weight [vocabulary, hidden] that tells the next token, where it is not that of the word embeddings. */
  scores?: string;
  /** Id that fills up short texts. */
  padding: number;
  /** Id that ends a text, if one does. */
  end?: number;
}

/** [batch, length] with 1 at the last token of each text, 0 elsewhere. */
function lastTokens(mask: Tensor): Tensor {
  const [batch, length] = mask.shape;
  const next = tf.concat([mask.slice([0, 1], [batch, length! - 1]), tf.zeros([batch, 1])], 1);
  return mask.sub(next).relu();
}

/** A decoder of given sizes and names. */
export function decoder(options: DecoderOptions): Design {
  const { sizes, names, normalise, rotation, window } = options;
  const { hidden, layers, heads, keyValueHeads } = sizes;
  if (heads % keyValueHeads !== 0) {
    throw new Error(`Cannot share keys among heads: ${heads} heads must be a multiple of ${keyValueHeads}`);
  }
  const { prefix, norms } = names;
  const place = (layer: number, part: string) => `${prefix}${names.layer(layer)}.${part}`;
  const wordEmbeddings = `${prefix}${names.words}.weight`;
  const positionEmbeddings = `${prefix}${names.positions}.weight`;
  const everyLayer = Array.from({ length: layers }, (_, layer) => layer);

  const linears: LinearSite[] = everyLayer.flatMap((layer) =>
    options.linears.map(({ name, role, in: from, out }) => ({
      name: place(layer, name),
      role,
      layer,
      in: from,
      out,
      ...options.outputFirst && { outputFirst: true },
    }))
  );
  const roles = new Map(options.linears.map(({ name, role }) => [name, role]));
  const sites = new Map(linears.map((site) => [site.name, site]));

  const weights: Record<string, readonly number[]> = { [wordEmbeddings]: [sizes.vocabulary, hidden] };
  if (names.positions) weights[positionEmbeddings] = [sizes.positions, hidden];
  const everyNorm = [
    ...everyLayer.flatMap((layer) => [place(layer, norms.attention), place(layer, norms.feedForward)]),
    prefix + norms.last,
  ];
  for (const name of everyNorm) {
    weights[`${name}.weight`] = [hidden];
    if (options.normBiased) weights[`${name}.bias`] = [hidden];
  }
  for (const layer of everyLayer) {
    for (const { name, in: from, out, biased } of options.linears) {
      weights[`${place(layer, name)}.weight`] = options.outputFirst ? [out, from] : [from, out];
      if (biased) weights[`${place(layer, name)}.bias`] = [out];
    }
  }

  /** Tokens that are read together, of texts of which some may have been read before. */
  interface Sequence {
    /** Their embeddings [batch, n, hidden]. */
    embedded: Tensor;
    /** Their positions [batch or 1, n]. */
    positions: Tensor;
    /** Added to the scores of what they read: [batch, 1, n, keys]. */
    penalty: Tensor;
    /** Keys and values of a prefix, layer by layer. */
    prefixes: readonly (KeysAndValues | undefined)[];
    /** The same of tokens read before. */
    past?: readonly KeysAndValues[];
    /** What is read of the last layer: [batch, n, width] → [batch, m, width]; absent: all. */
    select?(x: Tensor): Tensor;
  }

  /** Outputs of the embeddings and of the layers, the last of these normalised, and the tokens' keys and values. */
  function run(weights: Tensors, sequence: Sequence, hooks: Hooks) {
    const { embedded, positions, penalty, prefixes, past, select } = sequence;
    const [batch, count] = embedded.shape;
    const maps = linearMaps(weights, sites, hooks);
    const angles = rotation?.(positions);
    const turned = (x: Tensor, heads: number) => angles ? rotate(x, angles, batch, heads) : x;
    const perText = (x: Tensor) => x.reshape([batch, count!, x.shape[1]!]);
    const perRow = (x: Tensor) => x.reshape([-1, x.shape[2]!]);
    let x = perRow(embedded);
    const states = [x];
    const read: KeysAndValues[] = [];
    for (const layer of everyLayer) {
      const chosen = (of: Tensor) => select && layer === layers - 1 ? select(of) : of;
      const linear: LayerMaps = (name, x) => maps(place(layer, name), x);
      const { queries, keys, values } = options.project(
        linear,
        normalise(x, weights, place(layer, norms.attention)),
      );
      const own = { keys: turned(keys, keyValueHeads), values };
      const before = past?.[layer];
      const mixed = attend({
        queries: perRow(chosen(perText(turned(queries, heads)))),
        ...own,
        prefix: prefixes[layer],
        past: before && { keys: perRow(before.keys), values: perRow(before.values) },
        penalty: chosen(penalty.squeeze([1])).expandDims(1),
        batch,
        heads,
        keyValueHeads,
      });
      read.push({ keys: perText(own.keys), values: perText(values) });
      x = linear(options.outputs.attention, mixed).add(perRow(chosen(perText(x))));
      x = options.feedForward(linear, normalise(x, weights, place(layer, norms.feedForward))).add(x);
      if (hooks.layer) x = hooks.layer(layer, x);
      states.push(x);
    }
    return { states: [...states.slice(0, -1), normalise(x, weights, prefix + norms.last)], read };
  }

  /** Whole texts with the virtual tokens before them. */
  function readTexts(
    weights: Tensors,
    inputs: Tensors,
    hooks: Hooks,
    select?: (x: Tensor, promptLength: number) => Tensor,
  ) {
    const [batch, length] = inputs.ids.shape;
    const { prompt, promptLength, prefixes, prefixLength } = virtualTokens(hooks, layers);
    const total = promptLength + length!;
    const words = tf.gather(weights[wordEmbeddings], inputs.ids.reshape([batch * length!]));
    const embedded = withPrompt(words, prompt, batch);
    const table = names.positions && weights[positionEmbeddings].slice([prefixLength, 0], [total, hidden]);
    return run(weights, {
      embedded: table ? embedded.add(table) : embedded,
      positions: tf.range(prefixLength, prefixLength + total, 1, "float32").reshape([1, total]),
      penalty: maskPenalty(inputs.mask, promptLength + prefixLength).add(causalPenalty(total, prefixLength, window)),
      prefixes,
      select: select && ((x) => select(x, promptLength)),
    }, hooks);
  }

  /** Texts of which only the last token is read in the last layer, as nothing else of its output is used. */
  function readLast(weights: Tensors, inputs: Tensors, hooks: Hooks): ReadTokens {
    const [batch, length] = inputs.ids.shape;
    const last = lastTokens(inputs.mask).reshape([batch, 1, length!]);
    const { states, read } = readTexts(weights, inputs, hooks, (x, promptLength) => {
      const [, total, width] = x.shape;
      if (hooks.reading === "peft" && promptLength > 0) return x.slice([0, total! - 1, 0], [batch, 1, width!]);
      return last.matMul(x.slice([0, promptLength, 0], [batch, length!, width!]));
    });
    return { state: states.at(-1)!, layers: read };
  }

  const step: LanguageModel["step"] = (weights, { token, position, mask, places }, past, hooks) => {
    const [batch] = mask.shape;
    // A prompt is among what was read.
    const { prefixes, prefixLength } = virtualTokens({ prefix: hooks.prefix }, layers);
    const own = position.add(tf.scalar(prefixLength, "int32"));
    const words = tf.gather(weights[wordEmbeddings], token);
    const embedded = names.positions ? words.add(tf.gather(weights[positionEmbeddings], own)) : words;
    let penalty = maskPenalty(tf.concat([mask, tf.ones([batch, 1])], 1), prefixLength);
    if (window !== undefined) {
      const row = position.cast("float32").reshape([batch, 1]);
      const read = tf.concat([places, row], 1);
      const ofPrefix = tf.range(-prefixLength, 0, 1, "float32").add(tf.zeros([batch, 1]));
      const distance = row.sub(prefixLength === 0 ? read : tf.concat([ofPrefix, read], 1));
      penalty = penalty.add(withinWindow(distance, window).reshape(penalty.shape));
    }
    const { states, read } = run(weights, {
      embedded: embedded.reshape([batch, 1, hidden]),
      positions: own.cast("float32").reshape([batch, 1]),
      penalty,
      prefixes,
      past,
    }, hooks);
    return { state: states.at(-1)!, layers: read };
  };

  const forward: Backbone["forward"] = (weights, inputs, hooks) => readLast(weights, inputs, hooks).state;

  return {
    prefix,
    weights,
    biases: Object.keys(weights).filter((name) => name.endsWith(".bias")),
    linears,
    loraTargets: options.loraTargets,
    ia3Targets: options.ia3Targets,
    sublayerOutputs: {
      attention: roles.get(options.outputs.attention)!,
      feedForward: roles.get(options.outputs.feedForward)!,
    },
    norms: everyNorm,
    keyValueWidths: Array(layers).fill(keyValueHeads * sizes.head),
    attentionHeads: keyValueHeads,
    ...heads > keyValueHeads && { queryHeads: heads },
    embeddingWidth: hidden,
    featureWidth: hidden,
    maxLength: sizes.positions,
    positions: sizes.positions,
    kinds: ["classification", "generation"],
    vocabularySize: sizes.vocabulary,
    embeddingWeight: wordEmbeddings,
    inputs: {
      ids: { shape: ["batch", "length"], dtype: "int32", below: sizes.vocabulary },
      mask: { shape: ["batch", "length"], dtype: "float32" },
    },
    collate: (encoded) => ({ ids: padded(encoded, options.padding), mask: paddingMask(encoded) }),
    forward,
    hiddenStates: (weights, inputs, hooks) => {
      const [batch] = inputs.ids.shape;
      return readTexts(weights, inputs, hooks).states.map((x) => x.reshape([batch, x.shape[0] / batch, hidden]));
    },
    languageModel: {
      weights: options.scores ? { [options.scores]: [sizes.vocabulary, hidden] } : {},
      end: options.end,
      scores: (weights, states) => states.matMul(weights[options.scores ?? wordEmbeddings], false, true),
      read: (weights, inputs, hooks) => readLast(weights, inputs, { ...hooks, reading: undefined }),
      stepInputs: {
        token: { shape: ["batch"], dtype: "int32", below: sizes.vocabulary },
        position: { shape: ["batch"], dtype: "int32", below: sizes.positions },
        mask: { shape: ["batch", "length"], dtype: "float32" },
        ...window !== undefined && { places: { shape: ["batch", "length"] as const, dtype: "float32" as const } },
      },
      step,
    },
    head: linearHead("score", hidden, false),
  };
}
