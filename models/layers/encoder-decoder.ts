/**
 * Encoder-decoders as T5 (Raffel et al., 2020, https://arxiv.org/abs/1910.10683) has them, under its names: layers that
 * are normalised by the root of the mean square before they read, without biases, with relative positions in each
 * stack's attention to itself. The encoder reads a text; the decoder writes another and attends to what was read.
 *
 * Virtual tokens: n of a prompt stand before the encoder's text; n of a prefix before what the decoder has written, in
 * its attention to itself. While writing, a layer's keys and values of what the encoder read and of what was written are
 * kept as one, and masked in turn.
 * @module
 */
import { type Tensor, type Tensors, tf } from "../../engine/tensor.ts";
import { attend, type AttentionInputs, causalPenalty, maskPenalty, virtualTokens, withPrompt } from "./attention.ts";
import { padded, paddingMask } from "./batch.ts";
import { type Activation, activations, linearMaps, rmsNorm } from "./linear-maps.ts";
import { type DistanceBuckets, relativeBias } from "./relative.ts";
import type { Backbone, Design, Hooks, KeysAndValues, LanguageModel, LinearSite, ReadTokens } from "../types.ts";

/** Sizes of an encoder-decoder. */
export interface EncoderDecoderSizes {
  /** Rows of the word embeddings. */
  vocabulary: number;
  /** Width of every layer's output. */
  hidden: number;
  /** Layers of each stack. */
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

/** An encoder-decoder. */
export interface EncoderDecoderOptions {
  /** Its sizes. */
  sizes: EncoderDecoderSizes;
  /** How distances share biases. */
  buckets: Omit<DistanceBuckets, "bothWays">;
  /** Inside the feed-forward networks. */
  activation: Activation;
  /** Whether what is activated is multiplied by another linear map of the same input. */
  gated: boolean;
  /** Added to the mean square in normalisations. */
  epsilon: number;
  /** Whether the last states are divided by √hidden before they tell a token. */
  scaledScores: boolean;
  /** Id that fills up short texts. */
  padding: number;
  /** Id that what it writes starts with. */
  start: number;
  /** Id that ends a text, if one does. */
  end?: number;
}

/** One of the two halves. */
export type Stack = "encoder" | "decoder";

/** How a part of a layer reads others. */
interface Reading extends Partial<Pick<AttentionInputs, "prefix" | "past">> {
  /** Added to the scores. */
  penalty: Tensor;
  /** What is read, rows [batch · m, hidden]; absent: the part's own input. */
  source?: Tensor;
  /** Keys and values that were made of it before. */
  made?: KeysAndValues;
}

const WORDS = "shared.weight";
const SCORES = "lm_head.weight";

/** A part of a layer: "decoder.block.0.layer.1". */
function place(stack: Stack, layer: number, part: number): string {
  return `${stack}.block.${layer}.layer.${part}`;
}

/** The part of a layer that is its feed-forward network. */
const FEED_FORWARD: Record<Stack, number> = { encoder: 1, decoder: 2 };

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
      const index = stack === "encoder" ? layer : layers.encoder + layer;
      const attentions = ["SelfAttention", ...stack === "decoder" ? ["EncDecAttention"] : []];
      for (const [part, attention] of attentions.entries()) {
        const name = `${place(stack, layer, part)}.${attention}`;
        add(name, ["q", "k", "v"], index, hidden, inner);
        add(name, ["o"], index, inner, hidden);
      }
      const name = `${place(stack, layer, FEED_FORWARD[stack])}.DenseReluDense`;
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
        Array.from({ length: FEED_FORWARD[stack] + 1 }, (_, part) => `${place(stack, layer, part)}.layer_norm`),
    ).flat(),
    `${stack}.final_layer_norm`,
  ]);
}

function biasTable(stack: Stack): string {
  return `${place(stack, 0, 0)}.SelfAttention.relative_attention_bias.weight`;
}

/** [start, limit) as a row of float32. */
function range(start: number, limit: number): Tensor {
  return tf.range(start, limit, 1, "float32").reshape([1, limit - start]);
}

/** An encoder-decoder of given sizes. */
export function encoderDecoder(options: EncoderDecoderOptions): Design {
  const { sizes, gated, epsilon, start } = options;
  const { hidden, layers, heads, vocabulary } = sizes;
  const inner = heads * sizes.head;
  const activate = activations[options.activation];
  const linears = linearSites(options);
  const sites = new Map(linears.map((site) => [site.name, site]));
  const norms = normNames(sizes);
  const weights: Record<string, readonly number[]> = {
    [WORDS]: [vocabulary, hidden],
    [biasTable("encoder")]: [options.buckets.count, heads],
    [biasTable("decoder")]: [options.buckets.count, heads],
    ...Object.fromEntries(linears.map((site) => [`${site.name}.weight`, [site.out, site.in]])),
    ...Object.fromEntries(norms.map((norm) => [`${norm}.weight`, [hidden]])),
  };

  /** Parts of layers over texts of one batch. */
  function parts(weights: Tensors, hooks: Hooks, batch: number) {
    const linear = linearMaps(weights, sites, hooks);
    const normalise = (x: Tensor, name: string) => rmsNorm(x, weights, name, epsilon);
    return {
      /** The sum of x [batch · n, hidden] and its attention, and the keys and values [batch · m, width] it made. */
      attention(name: string, kind: "SelfAttention" | "EncDecAttention", x: Tensor, reading: Reading) {
        const own = normalise(x, `${name}.layer_norm`);
        const map = (role: string, of: Tensor) => linear(`${name}.${kind}.${role}`, of);
        const queries = map("q", own);
        const { source = own, made = { keys: map("k", source), values: map("v", source) }, ...rest } = reading;
        const mixed = attend({ queries, ...made, ...rest, batch, heads, scale: 1 });
        return { x: map("o", mixed).add(x), ...made };
      },
      /** The sum of x and what the feed-forward network of a layer makes of it; the end of the layer. */
      finish(stack: Stack, layer: number, x: Tensor) {
        const name = place(stack, layer, FEED_FORWARD[stack]);
        const own = normalise(x, `${name}.layer_norm`);
        const map = (role: string, of: Tensor) => linear(`${name}.DenseReluDense.${role}`, of);
        const wide = gated ? activate(map("wi_0", own)).mul(map("wi_1", own)) : activate(map("wi", own));
        const y = map("wo", wide).add(x);
        return hooks.layer ? hooks.layer(stack === "encoder" ? layer : layers.encoder + layer, y) : y;
      },
      normalise,
    };
  }

  const words = (weights: Tensors, ids: Tensor) => tf.gather(weights[WORDS], ids.reshape([ids.size]));
  /** Added to the scores of keys at these distances [n, m] from queries: [n, m, heads]. */
  const biases = (weights: Tensors, stack: Stack, distances: Tensor) =>
    relativeBias(weights[biasTable(stack)], distances, { ...options.buckets, bothWays: stack === "encoder" });

  /** What the encoder reads: rows [batch · (prompt + length), hidden] of the embeddings and of each layer. */
  function encode(weights: Tensors, inputs: Tensors, hooks: Hooks): Tensor[] {
    const [batch, length] = inputs.ids.shape;
    const { prompt, promptLength } = virtualTokens({ prompt: hooks.prompt }, 0);
    const total = promptLength + length!;
    const { attention, finish, normalise } = parts(weights, hooks, batch);
    const distances = range(0, total).sub(range(0, total).reshape([total, 1]));
    const penalty = biases(weights, "encoder", distances).transpose([2, 0, 1])
      .add(maskPenalty(inputs.mask, promptLength));
    let x = withPrompt(words(weights, inputs.ids), prompt, batch).reshape([batch * total, hidden]);
    const states = [x];
    for (let layer = 0; layer < layers.encoder; layer++) {
      ({ x } = attention(place("encoder", layer, 0), "SelfAttention", x, { penalty }));
      x = finish("encoder", layer, x);
      states.push(x);
    }
    return [...states.slice(0, -1), normalise(x, "encoder.final_layer_norm")];
  }

  /** The same of the decoder over n tokens of each text, and its keys and values of what was read and of these tokens. */
  function decode(weights: Tensors, embedded: Tensor, inputs: Tensors, source: Tensor, hooks: Hooks) {
    const [batch] = inputs.ids.shape;
    const n = embedded.shape[0] / batch;
    const read = source.shape[0] / batch;
    const { prefixes, prefixLength } = virtualTokens({ prefix: hooks.prefix }, layers.decoder);
    const { attention, finish, normalise } = parts(weights, hooks, batch);
    const distances = range(-prefixLength, n).sub(range(0, n).reshape([n, 1]));
    const penalty = biases(weights, "decoder", distances).transpose([2, 0, 1]).add(causalPenalty(n, prefixLength));
    const ofSource = maskPenalty(inputs.mask, read - inputs.mask.shape[1]!);
    let x = embedded;
    const states = [x];
    const kept: KeysAndValues[] = [];
    for (let layer = 0; layer < layers.decoder; layer++) {
      const name = (part: number) => place("decoder", layer, part);
      const own = attention(name(0), "SelfAttention", x, { penalty, prefix: prefixes[layer] });
      const other = attention(name(1), "EncDecAttention", own.x, { penalty: ofSource, source });
      const both = (kind: keyof KeysAndValues) =>
        tf.concat([other[kind].reshape([batch, read, inner]), own[kind].reshape([batch, n, inner])], 1);
      kept.push({ keys: both("keys"), values: both("values") });
      x = finish("decoder", layer, other.x);
      states.push(x);
    }
    return { states: [...states.slice(0, -1), normalise(x, "decoder.final_layer_norm")], kept };
  }

  const read: LanguageModel["read"] = (weights, inputs, hooks): ReadTokens => {
    const [batch] = inputs.ids.shape;
    const first = weights[WORDS].slice([start, 0], [1, hidden]).add(tf.zeros([batch, hidden]));
    const { states, kept } = decode(weights, first, inputs, encode(weights, inputs, hooks).at(-1)!, hooks);
    return { state: states.at(-1)!, layers: kept };
  };

  const step: LanguageModel["step"] = (weights, { token, position, mask, places }, past, hooks): ReadTokens => {
    const [batch, length] = mask.shape;
    const { prefixes, prefixLength } = virtualTokens({ prefix: hooks.prefix }, layers.decoder);
    const { attention, finish, normalise } = parts(weights, hooks, batch);
    const written = places.greaterEqual(0).cast("float32").mul(mask);
    const row = position.cast("float32").reshape([batch, 1]);
    const ofPrefix = prefixLength === 0 ? [] : [range(-prefixLength, 0).add(tf.zeros([batch, prefixLength]))];
    const distances = tf.concat([...ofPrefix, places, row], 1).sub(row);
    const penalty = biases(weights, "decoder", distances).transpose([0, 2, 1]).expandDims(2)
      .add(maskPenalty(tf.concat([written, tf.ones([batch, 1])], 1), prefixLength));
    const ofSource = maskPenalty(mask.sub(written), 0);
    let x = words(weights, token);
    const kept: KeysAndValues[] = [];
    for (let layer = 0; layer < layers.decoder; layer++) {
      const rows = (of: Tensor) => of.reshape([batch * length!, inner]);
      const before = { keys: rows(past[layer].keys), values: rows(past[layer].values) };
      const name = (part: number) => place("decoder", layer, part);
      const own = attention(name(0), "SelfAttention", x, { penalty, prefix: prefixes[layer], past: before });
      kept.push({ keys: own.keys.reshape([batch, 1, inner]), values: own.values.reshape([batch, 1, inner]) });
      const other = attention(name(1), "EncDecAttention", own.x, { penalty: ofSource, made: before });
      x = finish("decoder", layer, other.x);
    }
    return { state: normalise(x, "decoder.final_layer_norm"), layers: kept };
  };

  const hiddenStates: Backbone["hiddenStates"] = (weights, inputs, hooks) => {
    const [batch] = inputs.ids.shape;
    const encoded = encode(weights, inputs, hooks);
    const { states } = decode(weights, words(weights, inputs.target), inputs, encoded.at(-1)!, hooks);
    return [...encoded, ...states].map((x) => x.reshape([batch, x.shape[0] / batch, hidden]));
  };

  return {
    prefix: "",
    weights,
    biases: [],
    linears,
    loraTargets: ["q", "v"],
    ia3Targets: { outputs: ["k", "v"], inputs: ["wo"] },
    sublayerOutputs: { attention: "o", feedForward: "wo" },
    norms,
    keyValueWidths: Array(layers.decoder).fill(inner),
    attentionHeads: heads,
    embeddingWidth: hidden,
    featureWidth: hidden,
    maxLength: sizes.length,
    kinds: ["generation"],
    encoderDecoder: true,
    vocabularySize: vocabulary,
    embeddingWeight: WORDS,
    inputs: {
      ids: { shape: ["batch", "length"], dtype: "int32", below: vocabulary },
      mask: { shape: ["batch", "length"], dtype: "float32" },
    },
    collate: (encoded) => ({ ids: padded(encoded, options.padding), mask: paddingMask(encoded) }),
    forward() {
      throw new Error("Cannot classify: the model must have features for a classifier, an encoder-decoder has none");
    },
    hiddenStates,
    languageModel: {
      weights: { [SCORES]: [vocabulary, hidden] },
      mayLackWeights: true,
      end: options.end,
      target: { start, inputs: { target: { shape: ["batch", "length"], dtype: "int32", below: vocabulary } } },
      scores(weights, states) {
        const scaled = options.scaledScores ? states.mul(hidden ** -0.5) : states;
        return scaled.matMul(weights[SCORES] ?? weights[WORDS], false, true);
      },
      read,
      stepInputs: {
        token: { shape: ["batch"], dtype: "int32", below: vocabulary },
        position: { shape: ["batch"], dtype: "int32" },
        mask: { shape: ["batch", "length"], dtype: "float32" },
        places: { shape: ["batch", "length"], dtype: "float32" },
      },
      step,
    },
  };
}
