/**
 * A BERT classifier (Devlin et al., 2019, https://arxiv.org/abs/1810.04805) at MiniLM-L6 shape, under the names that
 * Hugging Face's `BertForSequenceClassification` has for its weights: what the measurements train.
 *
 * Virtual tokens are read as PEFT reads them: n of a prompt take the positions 0 … n − 1 and stand before [CLS], and
 * index 0, the first of them, is pooled; after n of a prefix the text starts at position n.
 * @module
 */
import { type Tensor, type Tensors, tf } from "../engine/tensor.ts";
import type { StoredTensor } from "../engine/types.ts";
import type { Backbone, BackboneShape, Hooks, LinearSite } from "../models/types.ts";

/** MiniLM-L6. */
export const SIZES = {
  vocabulary: 30522,
  positions: 512,
  tokenTypes: 2,
  hidden: 384,
  layers: 6,
  heads: 12,
  feedForward: 1536,
  classes: 2,
} as const;

const EPSILON = 1e-12;
const MASKED = 1e9;

const EMBEDDINGS = "bert.embeddings";
const layerName = (layer: number) => `bert.encoder.layer.${layer}`;

function linearSites(): LinearSite[] {
  const { hidden, feedForward, layers } = SIZES;
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

function weightShapes(linears: readonly LinearSite[]): Record<string, readonly number[]> {
  const { hidden, layers } = SIZES;
  const norms = [
    EMBEDDINGS,
    ...Array.from({ length: layers }, (_, layer) => [
      `${layerName(layer)}.attention.output`,
      `${layerName(layer)}.output`,
    ]).flat(),
  ];
  return {
    [`${EMBEDDINGS}.word_embeddings.weight`]: [SIZES.vocabulary, hidden],
    [`${EMBEDDINGS}.position_embeddings.weight`]: [SIZES.positions, hidden],
    [`${EMBEDDINGS}.token_type_embeddings.weight`]: [SIZES.tokenTypes, hidden],
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

const linears = linearSites();
const weights = weightShapes(linears);
const sites = new Map(linears.map((site) => [site.name, site]));

/** What methods need to know of the backbone. */
export const bertShape: BackboneShape = {
  weights,
  biases: Object.keys(weights).filter((name) => name.endsWith(".bias")),
  linears,
  loraTargets: ["attention.self.query", "attention.self.value"],
  keyValueWidths: Array(SIZES.layers).fill(SIZES.hidden),
  attentionHeads: SIZES.heads,
  embeddingWidth: SIZES.hidden,
  featureWidth: SIZES.hidden,
  maxLength: SIZES.positions,
};

/** [n, width] once for each of a batch: [batch · n, width]. */
function repeat(rows: Tensor, batch: number): Tensor {
  const [n, width] = rows.shape;
  return rows.reshape([1, n, width]).add(tf.zeros([batch, n, width])).reshape([batch * n, width]);
}

/** [batch · n, hidden] → [batch, heads, n, hidden ÷ heads]. */
function splitHeads(x: Tensor, batch: number): Tensor {
  const { heads, hidden } = SIZES;
  return x.reshape([batch, x.shape[0] / batch, heads, hidden / heads]).transpose([0, 2, 1, 3]);
}

/** The first row of each text: [batch · n, hidden] → [batch, hidden]. */
function firstRows(x: Tensor, batch: number): Tensor {
  const { hidden } = SIZES;
  return x.reshape([batch, x.shape[0] / batch, hidden]).slice([0, 0, 0], [batch, 1, hidden]).reshape([batch, hidden]);
}

function gelu(x: Tensor): Tensor {
  return x.mul(0.5).mul(x.mul(Math.SQRT1_2).erf().add(1));
}

/** Features: the pooler's output, of the first position. */
function forward(weights: Tensors, inputs: Tensors, hooks: Hooks): Tensor {
  const { hidden, layers, heads } = SIZES;
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
    const own = splitHeads(x, batch);
    return before ? tf.concat([splitHeads(repeat(before, batch), batch), own], 2) : own;
  };
  const attend = (queries: Tensor, keys: Tensor, values: Tensor, layer: number) => {
    const prefix = prefixes[layer];
    const scaled = splitHeads(queries, batch).mul((hidden / heads) ** -0.5);
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
export function bertBackbone(stored: Record<string, StoredTensor>): Backbone {
  return {
    ...bertShape,
    stored: Object.fromEntries(Object.keys(weights).map((name) => [name, stored[name]])),
    sha256: "",
    vocabularySize: SIZES.vocabulary,
    embeddingWeight: `${EMBEDDINGS}.word_embeddings.weight`,
    encode: () => [],
    inputs: {
      ids: { shape: ["batch", "length"], dtype: "int32", below: SIZES.vocabulary },
      mask: { shape: ["batch", "length"], dtype: "float32" },
    },
    collate,
    forward,
  };
}
