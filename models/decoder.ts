/**
 * Decoders as GPT-2 (Radford et al., 2019) and Llama (Touvron et al., 2023, https://arxiv.org/abs/2302.13971) have them:
 * layers of causal attention and a feed-forward network, each normalised before it is read, under whatever names.
 *
 * Virtual tokens: n of a prompt stand before the text and take the first n positions; after n of a prefix, whose keys
 * are not rotated, the text starts at position n. Texts are filled up on the right. Features are those of the last
 * token of a text; of a text behind a prompt, PEFT's reading takes the last place of the batch, filled up or not.
 * @module
 */
import { type Tensor, type Tensors, tf } from "../engine/tensor.ts";
import { attend, causalPenalty, maskPenalty, virtualTokens, withPrompt } from "./attention.ts";
import { padded, paddingMask } from "./batch.ts";
import { linearHead } from "./head.ts";
import { linearMaps } from "./layers.ts";
import { rotate, type Rotation } from "./rotary.ts";
import type { Backbone, Design, Hooks, LinearSite } from "./types.ts";

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

  /**
   * Outputs of the embeddings and of the layers, the last of these normalised.
   * @param select what is read of the last layer: rows [batch, n, width] → [batch, m, width]
   */
  function run(
    weights: Tensors,
    inputs: Tensors,
    hooks: Hooks,
    select: (x: Tensor, promptLength: number) => Tensor = (x) => x,
  ): Tensor[] {
    const [batch, length] = inputs.ids.shape;
    const { prompt, promptLength, prefixes, prefixLength } = virtualTokens(hooks, layers);
    const total = promptLength + length!;
    const maps = linearMaps(weights, sites, hooks);
    const words = tf.gather(weights[wordEmbeddings], inputs.ids.reshape([batch * length!]));
    const embedded = withPrompt(words, prompt, batch);
    const table = names.positions && weights[positionEmbeddings].slice([prefixLength, 0], [total, hidden]);
    let x = (table ? embedded.add(table) : embedded).reshape([batch * total, hidden]);
    const angles = rotation?.(prefixLength, total);
    const penalty = maskPenalty(inputs.mask, promptLength + prefixLength)
      .add(causalPenalty(total, prefixLength, window));
    const states = [x];
    for (const layer of everyLayer) {
      const read = (rows: Tensor) => {
        if (layer < layers - 1) return rows;
        const width = rows.shape.at(-1)!;
        return select(rows.reshape([batch, total, width]), promptLength).reshape([-1, width]);
      };
      const linear: LayerMaps = (name, x) => maps(place(layer, name), x);
      const { queries, keys, values } = options.project(
        linear,
        normalise(x, weights, place(layer, norms.attention)),
      );
      const turned = (of: Tensor, heads: number) => angles ? rotate(of, angles, batch, heads) : of;
      const mixed = attend({
        queries: read(turned(queries, heads)),
        keys: turned(keys, keyValueHeads),
        values,
        prefix: prefixes[layer],
        penalty: read(penalty).reshape([batch, 1, -1, prefixLength + total]),
        batch,
        heads,
        keyValueHeads,
      });
      x = linear(options.outputs.attention, mixed).add(read(x));
      x = options.feedForward(linear, normalise(x, weights, place(layer, norms.feedForward))).add(x);
      if (hooks.layer) x = hooks.layer(layer, x);
      states.push(x);
    }
    return [...states.slice(0, -1), normalise(x, weights, prefix + norms.last)];
  }

  const forward: Backbone["forward"] = (weights, inputs, hooks) => {
    const [batch, length] = inputs.ids.shape;
    // Features read one row of a text, so nothing else of the last layer's output is computed.
    const chosen = lastTokens(inputs.mask).reshape([batch, 1, length!]);
    const states = run(weights, inputs, hooks, (x, promptLength) => {
      const [, total, width] = x.shape;
      if (hooks.reading === "peft" && promptLength > 0) return x.slice([0, total! - 1, 0], [batch, 1, width!]);
      return chosen.matMul(x.slice([0, promptLength, 0], [batch, length!, width!]));
    });
    return states.at(-1)!;
  };

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
    embeddingWidth: hidden,
    featureWidth: hidden,
    maxLength: sizes.positions,
    positions: sizes.positions,
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
      return run(weights, inputs, hooks).map((x) => x.reshape([batch, x.shape[0] / batch, hidden]));
    },
    languageModel: {
      weights: options.scores ? { [options.scores]: [sizes.vocabulary, hidden] } : {},
      scores: (weights, states) => states.matMul(weights[options.scores ?? wordEmbeddings], false, true),
    },
    head: linearHead("score", hidden, false),
  };
}
