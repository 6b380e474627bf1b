/**
 * A BERT classifier (Devlin et al., 2019, https://arxiv.org/abs/1810.04805), under the names that Hugging Face's
 * `BertForSequenceClassification` has for its weights: what the measurements train.
 *
 * Virtual tokens are read as PEFT reads them: n of a prompt take the positions 0 … n − 1 and stand before [CLS], and
 * index 0, the first of them, is pooled; after n of a prefix the text starts at position n.
 * @module
 */
import { type Tensor, type Tensors, tf } from "../engine/tensor.ts";
import type { StoredTensor } from "../engine/types.ts";
import type { Backbone, BackboneShape, Hooks, LinearSite } from "../models/types.ts";

/** Sizes, under the names of Hugging Face's config.json. */
export interface BertConfig {
  /** Rows of the word embeddings. */
  vocab_size: number;
  /** Most tokens of a text, virtual ones included. */
  max_position_embeddings: number;
  /** Rows of the segment embeddings. */
  type_vocab_size: number;
  /** Width of a token. */
  hidden_size: number;
  /** Layers. */
  num_hidden_layers: number;
  /** Heads of a layer. */
  num_attention_heads: number;
  /** Inner width of the feed-forward network. */
  intermediate_size: number;
  /** Classes. */
  num_labels: number;
  /** Nothing is dropped, so that both sides compute the same. */
  hidden_dropout_prob: 0;
  /** Nothing is dropped, so that both sides compute the same. */
  attention_probs_dropout_prob: 0;
}

/** MiniLM-L6. */
export const MINILM_L6: BertConfig = {
  vocab_size: 30522,
  max_position_embeddings: 512,
  type_vocab_size: 2,
  hidden_size: 384,
  num_hidden_layers: 6,
  num_attention_heads: 12,
  intermediate_size: 1536,
  num_labels: 2,
  hidden_dropout_prob: 0,
  attention_probs_dropout_prob: 0,
};

const EPSILON = 1e-12;
const MASKED = 1e9;

const EMBEDDINGS = "bert.embeddings";
const layerName = (layer: number) => `bert.encoder.layer.${layer}`;

function linearSites(config: BertConfig): LinearSite[] {
  const { hidden_size: hidden, intermediate_size: feedForward, num_hidden_layers: layers } = config;
  const site = (prefix: string, role: string, layer: number, from: number, to: number) => ({
    name: `${prefix}.${role}`,
    role,
    layer,
    in: from,
    out: to,
  });
  return [
    ...Array.from({ length: layers }, (_, layer) => [
      site(layerName(layer), "attention.self.query", layer, hidden, hidden),
      site(layerName(layer), "attention.self.key", layer, hidden, hidden),
      site(layerName(layer), "attention.self.value", layer, hidden, hidden),
      site(layerName(layer), "attention.output.dense", layer, hidden, hidden),
      site(layerName(layer), "intermediate.dense", layer, hidden, feedForward),
      site(layerName(layer), "output.dense", layer, feedForward, hidden),
    ]).flat(),
    site("bert", "pooler.dense", layers, hidden, hidden),
  ];
}

function weightShapes(config: BertConfig, linears: readonly LinearSite[]): Record<string, readonly number[]> {
  const { hidden_size: hidden, num_hidden_layers: layers } = config;
  const norms = [
    EMBEDDINGS,
    ...Array.from({ length: layers }, (_, layer) => [
      `${layerName(layer)}.attention.output`,
      `${layerName(layer)}.output`,
    ]).flat(),
  ];
  return {
    [`${EMBEDDINGS}.word_embeddings.weight`]: [config.vocab_size, hidden],
    [`${EMBEDDINGS}.position_embeddings.weight`]: [config.max_position_embeddings, hidden],
    [`${EMBEDDINGS}.token_type_embeddings.weight`]: [config.type_vocab_size, hidden],
    ...Object.fromEntries(norms.flatMap((name) => [
      [`${name}.LayerNorm.weight`, [hidden]],
      [`${name}.LayerNorm.bias`, [hidden]],
    ])),
    // PyTorch keeps a linear map's weight as [out, in].
    ...Object.fromEntries(linears.flatMap((site) => [
      [`${site.name}.weight`, [site.out, site.in]],
      [`${site.name}.bias`, [site.out]],
    ])),
  };
}

/** What methods need to know of the backbone. */
export function bertShape(config: BertConfig): BackboneShape {
  const { hidden_size: hidden } = config;
  const linears = linearSites(config);
  const weights = weightShapes(config, linears);
  return {
    weights,
    biases: Object.keys(weights).filter((name) => name.endsWith(".bias")),
    linears,
    loraTargets: ["attention.self.query", "attention.self.value"],
    keyValueWidths: Array(config.num_hidden_layers).fill(hidden),
    attentionHeads: config.num_attention_heads,
    embeddingWidth: hidden,
    featureWidth: hidden,
    maxLength: config.max_position_embeddings,
  };
}

/** [n, width] once for each of a batch: [batch · n, width]. */
function repeat(rows: Tensor, batch: number): Tensor {
  const [n, width] = rows.shape;
  return rows.reshape([1, n, width]).add(tf.zeros([batch, n, width])).reshape([batch * n, width]);
}

/** [batch · n, width] → [batch, heads, n, width ÷ heads]. */
function splitHeads(x: Tensor, batch: number, heads: number): Tensor {
  const [rows, width] = x.shape;
  return x.reshape([batch, rows / batch, heads, width / heads]).transpose([0, 2, 1, 3]);
}

/** The first row of each text: [batch · n, width] → [batch, width]. */
function firstRows(x: Tensor, batch: number): Tensor {
  const [rows, width] = x.shape;
  return x.reshape([batch, rows / batch, width]).slice([0, 0, 0], [batch, 1, width]).reshape([batch, width]);
}

function gelu(x: Tensor): Tensor {
  return x.mul(0.5).mul(x.mul(Math.SQRT1_2).erf().add(1));
}

/** Features: the pooler's output, of the first position. */
function forward(
  config: BertConfig,
  sites: ReadonlyMap<string, LinearSite>,
  weights: Tensors,
  inputs: Tensors,
  hooks: Hooks,
): Tensor {
  const { hidden_size: hidden, num_hidden_layers: layers, num_attention_heads: heads } = config;
  const [batch, length] = inputs.ids.shape;

  const linear = (name: string, x: Tensor) => {
    const y = tf.matMul(x, weights[`${name}.weight`], false, true).add(weights[`${name}.bias`]);
    return hooks.linear ? hooks.linear(sites.get(name)!, x, y) : y;
  };
  const normalise = (name: string, x: Tensor) => {
    const centred = x.sub(x.mean(-1, true));
    const scale = centred.square().mean(-1, true).add(EPSILON).rsqrt();
    return centred.mul(scale).mul(weights[`${name}.LayerNorm.weight`]).add(weights[`${name}.LayerNorm.bias`]);
  };

  const prompt = hooks.prompt?.();
  const prefixes = Array.from({ length: layers }, (_, layer) => hooks.prefix?.(layer));
  const prefixLength = prefixes[0]?.keys.shape[0] ?? 0;
  const promptLength = prompt?.shape[0] ?? 0;
  const virtual = prefixLength + promptLength;
  const total = promptLength + length;
  const allowed = virtual === 0 ? inputs.mask : tf.concat([tf.ones([batch, virtual]), inputs.mask], 1);
  const penalty = allowed.sub(1).mul(MASKED).reshape([batch, 1, 1, virtual + length]);

  const withPrefix = (x: Tensor, before: Tensor | undefined) => {
    const own = splitHeads(x, batch, heads);
    return before ? tf.concat([splitHeads(repeat(before, batch), batch, heads), own], 2) : own;
  };
  const attend = (queries: Tensor, keys: Tensor, values: Tensor, layer: number) => {
    const prefix = prefixes[layer];
    const scaled = splitHeads(queries, batch, heads).mul((hidden / heads) ** -0.5);
    const scores = tf.matMul(scaled, withPrefix(keys, prefix?.keys), false, true);
    const mixed = tf.matMul(tf.softmax(scores.add(penalty)), withPrefix(values, prefix?.values));
    return mixed.transpose([0, 2, 1, 3]).reshape(queries.shape);
  };

  const words = tf.gather(weights[`${EMBEDDINGS}.word_embeddings.weight`], inputs.ids.reshape([batch * length]));
  const tokens = prompt
    ? tf.concat(
      [repeat(prompt, batch).reshape([batch, promptLength, hidden]), words.reshape([batch, length, hidden])],
      1,
    )
    : words.reshape([batch, length, hidden]);
  const positions = weights[`${EMBEDDINGS}.position_embeddings.weight`].slice([prefixLength, 0], [total, hidden]);
  const type = weights[`${EMBEDDINGS}.token_type_embeddings.weight`].slice([0, 0], [1, hidden]);
  let x = normalise(EMBEDDINGS, tokens.add(positions.add(type)).reshape([batch * total, hidden]));
  for (let layer = 0; layer < layers; layer++) {
    const name = layerName(layer);
    // The pooler reads one row of a text, so nothing else of the last layer's output is computed.
    const read = layer === layers - 1 ? (all: Tensor) => firstRows(all, batch) : (all: Tensor) => all;
    const mixed = attend(
      linear(`${name}.attention.self.query`, read(x)),
      linear(`${name}.attention.self.key`, x),
      linear(`${name}.attention.self.value`, x),
      layer,
    );
    const y = normalise(`${name}.attention.output`, linear(`${name}.attention.output.dense`, mixed).add(read(x)));
    const wide = gelu(linear(`${name}.intermediate.dense`, y));
    x = normalise(`${name}.output`, linear(`${name}.output.dense`, wide).add(y));
  }
  return linear("bert.pooler.dense", x).tanh();
}

/** Batches of token ids, padded to the longest. */
function collate(encoded: readonly (readonly number[])[]): ReturnType<Backbone["collate"]> {
  const shape = [encoded.length, Math.max(...encoded.map((ids) => ids.length))];
  const ids = new Int32Array(shape[0] * shape[1]);
  const mask = new Float32Array(shape[0] * shape[1]);
  for (const [row, tokens] of encoded.entries()) {
    ids.set(tokens, row * shape[1]);
    mask.fill(1, row * shape[1], row * shape[1] + tokens.length);
  }
  return { ids: { data: ids, shape }, mask: { data: mask, shape } };
}

/** The backbone with weights that lie in a file. It has no tokenizer: the measurements bring ids. */
export function bertBackbone(config: BertConfig, stored: Record<string, StoredTensor>): Backbone {
  const shape = bertShape(config);
  const sites = new Map(shape.linears.map((site) => [site.name, site]));
  return {
    ...shape,
    stored: Object.fromEntries(Object.keys(shape.weights).map((name) => [name, stored[name]])),
    sha256: "",
    vocabularySize: config.vocab_size,
    embeddingWeight: `${EMBEDDINGS}.word_embeddings.weight`,
    encode: () => [],
    inputs: {
      ids: { shape: ["batch", "length"], dtype: "int32", below: config.vocab_size },
      mask: { shape: ["batch", "length"], dtype: "float32" },
    },
    collate,
    forward: (weights, inputs, hooks) => forward(config, sites, weights, inputs, hooks),
  };
}
