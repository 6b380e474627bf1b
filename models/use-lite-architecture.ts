/**
 * The transformer of Universal Sentence Encoder Lite (Cer et al., 2018, https://arxiv.org/abs/1803.11175), for any sizes.
 *
 * Activations are written [batch · length, width]: a matrix product of rank 3 with rank 2 has a wrong gradient in
 * TensorFlow.js. Virtual tokens come first: n of a prompt and prefix together take the positions 0 … n − 1.
 * @module
 */
import type { NamedArray } from "../engine/safetensors.ts";
import { type Tensor, tf } from "../engine/tensor.ts";
import type { StoredTensor } from "../engine/types.ts";
import type { Backbone, BackboneShape, LinearSite } from "./types.ts";

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
  /** A text's token ids, at most `limit`. */
  encode(text: string, limit: number): number[];
}

const EPSILON = 1e-6;
const MASKED = 1e9;
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
    keyValueWidths,
    attentionHeads: sizes.heads,
    embeddingWidth: embedding,
    featureWidth: sizes.features,
    maxLength: sizes.maxLength,
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

function collate(encoded: readonly (readonly number[])[]): ReturnType<Backbone["collate"]> {
  const length = Math.max(1, ...encoded.map((ids) => ids.length));
  const shape = [encoded.length, length];
  const ids = new Int32Array(encoded.length * length);
  const mask = new Float32Array(encoded.length * length);
  for (const [row, tokens] of encoded.entries()) {
    ids.set(tokens, row * length);
    mask.fill(1, row * length, row * length + tokens.length);
  }
  return { ids: { data: ids, shape }, mask: { data: mask, shape } };
}

/** A table [n, width] once for each of a batch: [batch, n, width]. */
function repeat(table: Tensor, batch: number): Tensor {
  const [n, width] = table.shape;
  return table.reshape([1, n, width]).add(tf.zeros([batch, n, width]));
}

/** [batch · length, width] → [batch, heads, length, width ÷ heads]. */
function splitHeads(x: Tensor, batch: number, heads: number): Tensor {
  const [rows, width] = x.shape;
  return x.reshape([batch, rows / batch, heads, width / heads]).transpose([0, 2, 1, 3]);
}

/** The backbone of given sizes and weights. */
export function useLiteBackbone(sizes: UseLiteSizes, source: UseLiteSource): Backbone {
  const shape = useLiteShape(sizes);
  const sites = new Map(shape.linears.map((site) => [site.name, site]));

  const forward: Backbone["forward"] = (weights, inputs, hooks) => {
    const [batch, length] = inputs.ids.shape;
    const prompt = hooks.prompt?.();
    const prefixes = shape.keyValueWidths.map((_, layer) => hooks.prefix?.(layer));
    const prefixLength = prefixes[0]?.keys.shape[0] ?? 0;
    const promptLength = prompt?.shape[0] ?? 0;
    const virtual = prefixLength + promptLength;
    if (virtual > sizes.positions - sizes.maxLength) {
      throw new Error(
        `Cannot insert virtual tokens: there must be at most ${sizes.positions - sizes.maxLength}, ` +
          `current value is ${virtual}`,
      );
    }
    const total = promptLength + length;

    const linear = (name: string, x: Tensor): Tensor => {
      const y = x.matMul(weights[`${name}.weight`]).add(weights[`${name}.bias`]);
      return hooks.linear ? hooks.linear(sites.get(name)!, x, y) : y;
    };
    const normalise = (name: string, x: Tensor): Tensor => {
      const centred = x.sub(x.mean(-1, true));
      const scale = centred.square().mean(-1, true).add(EPSILON).rsqrt();
      return centred.mul(scale).mul(weights[`${name}.norm.weight`]).add(weights[`${name}.norm.bias`]);
    };
    // Features pool the text's positions only, so the last layer asks nothing at those of the prompt.
    const textRows = (x: Tensor): Tensor => {
      const width = x.shape[1]!;
      return promptLength === 0
        ? x
        : x.reshape([batch, total, width]).slice([0, promptLength, 0], [batch, length, width])
          .reshape([batch * length, width]);
    };

    const allowed = virtual === 0 ? inputs.mask : tf.concat([tf.ones([batch, virtual]), inputs.mask], 1);
    const penalty = allowed.sub(1).mul(MASKED).reshape([batch, 1, 1, virtual + length]);
    const attend = (name: string, queries: Tensor, keys: Tensor, values: Tensor, layer: number): Tensor => {
      const prefix = prefixes[layer];
      const [rows, width] = queries.shape;
      const heads = (x: Tensor, before?: Tensor): Tensor => {
        const own = splitHeads(x, batch, sizes.heads);
        if (!before) return own;
        const repeated = repeat(before, batch).reshape([batch * prefixLength, width]);
        return tf.concat([splitHeads(repeated, batch, sizes.heads), own], 2);
      };
      const scores = tf.matMul(
        heads(queries).mul((width / sizes.heads) ** -0.5),
        heads(keys, prefix?.keys),
        false,
        true,
      );
      const mixed = tf.matMul(tf.softmax(scores.add(penalty)), heads(values, prefix?.values));
      return linear(`${name}.attention.output`, mixed.transpose([0, 2, 1, 3]).reshape([rows, width]));
    };

    const words = tf.gather(weights[WORD_EMBEDDINGS], inputs.ids.reshape([batch * length]))
      .reshape([batch, length, sizes.embedding]);
    const tokens = prompt ? tf.concat([repeat(prompt, batch), words], 1) : words;
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
      const y = residual.add(attend(name, read(queries), keys, values, layer));
      x = y.add(linear(`${name}.ffn.out`, linear(`${name}.ffn.in`, normalise(`${name}.ffn`, y)).relu()));
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
    collate,
    forward,
  };
}
