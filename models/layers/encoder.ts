/**
 * The encoder of BERT (Devlin et al., 2019, https://arxiv.org/abs/1810.04805) and its kin: layers of attention and a
 * feed-forward network, each normalised after its residual, under whatever names.
 *
 * Virtual tokens: n of a prompt stand before the text, take the first n positions and the first segment, and pass
 * through the embeddings' normalisation like words; after n of a prefix the text starts at position n.
 * @module
 */
import { type Tensor, type Tensors, tf } from "../../engine/tensor.ts";
import { attend, maskPenalty, virtualTokens, withPrompt } from "./attention.ts";
import { padded, paddingMask } from "./batch.ts";
import { type Activation, activations, layerNorm, linearMaps } from "./linear-maps.ts";
import type { Backbone, Design, Head, Hooks, LinearSite } from "../types.ts";

/** Sizes of an encoder. */
export interface EncoderSizes {
  /** Rows of the word embeddings. */
  vocabulary: number;
  /** Rows of the position embeddings. */
  positions: number;
  /** Segments that have an embedding; 0: none. */
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

/** Names of an encoder's parts, as transformers has them. Those of a layer follow its own name: "bert.encoder.layer.0.". */
export interface EncoderNames {
  /** Before every name of the model: "bert.". */
  prefix: string;
  /** Word, position and segment embeddings and their normalisation. */
  embeddings: { words: string; positions: string; segments?: string; norm: string };
  /** A layer: "encoder.layer.0". */
  layer(index: number): string;
  /** Linear maps of attention and the normalisation after it. */
  attention: { query: string; key: string; value: string; output: string; norm: string };
  /** Linear maps of the feed-forward network and the normalisation after it. */
  feedForward: { inner: string; outer: string; norm: string };
  /** The linear map between the first token and the features, followed by tanh; absent: features are the token itself. */
  pooler?: string;
}

/** An encoder. */
export interface EncoderOptions {
  /** Its sizes. */
  sizes: EncoderSizes;
  /** Its names. */
  names: EncoderNames;
  /** Inside the feed-forward networks. */
  activation: Activation;
  /** Added to the variance in normalisations. */
  epsilon: number;
  /** Position of the first token. */
  firstPosition: number;
  /** Id that fills up short texts. */
  padding: number;
  /** As in the backbone's shape. */
  withoutCache?: true;
  /** The classifier. */
  head: Head;
}

/** PEFT knows queries, keys and values by the last part of their names. */
function lastPart(name: string): string {
  return name.split(".").at(-1)!;
}

function linearSites({ sizes, names }: EncoderOptions): LinearSite[] {
  const { hidden, feedForward: wide, layers } = sizes;
  const sites: LinearSite[] = [];
  const add = (name: string, role: string, layer: number, from: number, to: number) =>
    sites.push({ name: names.prefix + name, role, layer, in: from, out: to, outputFirst: true });
  for (let layer = 0; layer < layers; layer++) {
    const { attention, feedForward } = names;
    const place = names.layer(layer);
    for (const name of [attention.query, attention.key, attention.value]) {
      add(`${place}.${name}`, lastPart(name), layer, hidden, hidden);
    }
    add(`${place}.${attention.output}`, attention.output, layer, hidden, hidden);
    add(`${place}.${feedForward.inner}`, feedForward.inner, layer, hidden, wide);
    add(`${place}.${feedForward.outer}`, feedForward.outer, layer, wide, hidden);
  }
  if (names.pooler) add(names.pooler, names.pooler, layers, hidden, hidden);
  return sites;
}

function normNames({ sizes, names }: EncoderOptions): string[] {
  const { embeddings, attention, feedForward } = names;
  const ofLayers = Array.from(
    { length: sizes.layers },
    (_, layer) => [attention.norm, feedForward.norm].map((norm) => `${names.layer(layer)}.${norm}`),
  );
  return [embeddings.norm, ...ofLayers.flat()].map((norm) => names.prefix + norm);
}

function weightShapes({ sizes, names }: EncoderOptions, sites: readonly LinearSite[], norms: readonly string[]) {
  const { hidden } = sizes;
  const { prefix, embeddings } = names;
  const shapes: Record<string, readonly number[]> = {
    [`${prefix}${embeddings.words}.weight`]: [sizes.vocabulary, hidden],
    [`${prefix}${embeddings.positions}.weight`]: [sizes.positions, hidden],
  };
  if (sizes.segments > 0) shapes[`${prefix}${embeddings.segments}.weight`] = [sizes.segments, hidden];
  for (const norm of norms) {
    shapes[`${norm}.weight`] = [hidden];
    shapes[`${norm}.bias`] = [hidden];
  }
  for (const site of sites) {
    shapes[`${site.name}.weight`] = [site.out, site.in];
    shapes[`${site.name}.bias`] = [site.out];
  }
  return shapes;
}

/** An encoder of given sizes and names. Its features are those of the first token of a text. */
export function encoder(options: EncoderOptions): Design {
  const { sizes, names, epsilon, firstPosition, padding } = options;
  const { hidden, layers, heads } = sizes;
  if (hidden % heads !== 0) {
    throw new Error(`Cannot split the width into heads: ${hidden} must be a multiple of ${heads}`);
  }
  if (padding >= sizes.vocabulary) {
    throw new Error(
      `Cannot pad texts: the padding's id must be below the ${sizes.vocabulary} rows of the word embeddings, ` +
        `current value is ${padding}`,
    );
  }
  const usable = sizes.positions - firstPosition;
  if (usable < 1) {
    throw new Error(
      `Cannot place a text: there must be more than ${firstPosition} positions, current value is ${sizes.positions}`,
    );
  }
  const { prefix, embeddings } = names;
  const activate = activations[options.activation];
  const linears = linearSites(options);
  const sites = new Map(linears.map((site) => [site.name, site]));
  const norms = normNames(options);
  const weights = weightShapes(options, linears, norms);
  const wordEmbeddings = `${prefix}${embeddings.words}.weight`;
  const named = (layer: number, name: string) => `${prefix}${names.layer(layer)}.${name}`;

  /** Embeddings [batch · (prompt + length), hidden]. */
  function embed(weights: Tensors, inputs: Tensors, prompt: Tensor | undefined, prefixLength: number): Tensor {
    const [batch, length] = inputs.ids.shape;
    const promptLength = prompt?.shape.at(-2) ?? 0;
    const total = promptLength + length;
    const words = tf.gather(weights[wordEmbeddings], inputs.ids.reshape([batch * length]));
    const positions = weights[`${prefix}${embeddings.positions}.weight`]
      .slice([firstPosition + prefixLength, 0], [total, hidden]);
    let sum = withPrompt(words, prompt, batch).add(positions);
    if (sizes.segments > 0) {
      const table = weights[`${prefix}${embeddings.segments}.weight`];
      const first = table.slice([0, 0], [1, hidden]);
      if (sizes.segments === 1) sum = sum.add(first);
      else {
        // As a product, the lookup has a gradient that is one, too: scattering into so small a table is slow.
        const chosen = tf.oneHot(inputs.types.reshape([batch * length]), sizes.segments).matMul(table);
        const before = promptLength === 0 ? undefined : first.add(tf.zeros([promptLength, hidden]));
        sum = sum.add(withPrompt(chosen, before, batch));
      }
    }
    return layerNorm(sum.reshape([batch * total, hidden]), weights, prefix + embeddings.norm, epsilon);
  }

  /** Outputs of the embeddings and of the layers, the last of these for the rows `read` alone. */
  function run(weights: Tensors, inputs: Tensors, hooks: Hooks, read: (x: Tensor, promptLength: number) => Tensor) {
    const [batch] = inputs.ids.shape;
    const { prompt, promptLength, prefixes, prefixLength } = virtualTokens(hooks, layers);
    const linear = linearMaps(weights, sites, hooks);
    const penalty = maskPenalty(inputs.mask, promptLength + prefixLength);
    const { attention, feedForward } = names;
    const states = [embed(weights, inputs, prompt, prefixLength)];
    for (let layer = 0; layer < layers; layer++) {
      const name = (part: string) => named(layer, part);
      const [x] = states.slice(-1);
      const own = layer === layers - 1 ? read(x, promptLength) : x;
      const mixed = attend({
        queries: linear(name(attention.query), own),
        keys: linear(name(attention.key), x),
        values: linear(name(attention.value), x),
        prefix: prefixes[layer],
        penalty,
        batch,
        heads,
      });
      const y = layerNorm(linear(name(attention.output), mixed).add(own), weights, name(attention.norm), epsilon);
      const wide = activate(linear(name(feedForward.inner), y));
      const z = layerNorm(linear(name(feedForward.outer), wide).add(y), weights, name(feedForward.norm), epsilon);
      states.push(hooks.layer ? hooks.layer(layer, z) : z);
    }
    return { states, linear };
  }

  const forward: Backbone["forward"] = (weights, inputs, hooks) => {
    const [batch] = inputs.ids.shape;
    // Features read one row of a text, so nothing else of the last layer's output is computed.
    const { states, linear } = run(weights, inputs, hooks, (x, promptLength) => {
      const row = hooks.reading === "peft" ? 0 : promptLength;
      return x.reshape([batch, x.shape[0] / batch, hidden]).slice([0, row, 0], [batch, 1, hidden])
        .reshape([batch, hidden]);
    });
    const [first] = states.slice(-1);
    return names.pooler ? linear(prefix + names.pooler, first).tanh() : first;
  };

  const segmented = sizes.segments > 1;
  return {
    prefix,
    weights,
    biases: Object.keys(weights).filter((name) => name.endsWith(".bias")),
    linears,
    loraTargets: [names.attention.query, names.attention.value].map(lastPart),
    ia3Targets: {
      outputs: [names.attention.key, names.attention.value].map(lastPart),
      // PEFT matches names by their ends: BERT's "output.dense" is also "attention.output.dense".
      inputs: [names.attention.output, names.feedForward.outer]
        .filter((name) => `.${name}`.endsWith(`.${names.feedForward.outer}`)),
    },
    sublayerOutputs: { attention: names.attention.output, feedForward: names.feedForward.outer },
    norms,
    keyValueWidths: Array(layers).fill(hidden),
    attentionHeads: heads,
    embeddingWidth: hidden,
    featureWidth: hidden,
    maxLength: usable,
    positions: usable,
    ...options.withoutCache && { withoutCache: true },
    vocabularySize: sizes.vocabulary,
    embeddingWeight: wordEmbeddings,
    inputs: {
      ids: { shape: ["batch", "length"], dtype: "int32", below: sizes.vocabulary },
      mask: { shape: ["batch", "length"], dtype: "float32" },
      ...segmented && { types: { shape: ["batch", "length"], dtype: "int32", below: sizes.segments } },
    },
    collate: (encoded) => ({
      ids: padded(encoded, padding),
      mask: paddingMask(encoded),
      ...segmented && { types: padded(encoded.map((ids) => ids.types ?? ids.map(() => 0)), 0) },
    }),
    forward,
    hiddenStates: (weights, inputs, hooks) => {
      const [batch] = inputs.ids.shape;
      return run(weights, inputs, hooks, (x) => x).states
        .map((x) => x.reshape([batch, x.shape[0] / batch, hidden]));
    },
    head: options.head,
  };
}
