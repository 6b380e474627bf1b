/**
 * The forward pass of an encoder-decoder: of the encoder over the texts that are read, and of the decoder over the texts
 * that are generated, whole or token by token.
 * @module
 */
import { type Tensor, type Tensors, tf } from "../../engine/tensor.ts";
import type { BranchToken, Hooks, KeysAndValues, ReadTokens } from "../types.ts";
import {
  attend,
  type AttentionInputs,
  branchOrder,
  causalPenalty,
  maskPenalty,
  virtualTokens,
  withPrompt,
} from "./attention.ts";
import { perText } from "./batch.ts";
import {
  biasTable,
  type EncoderDecoderLayout,
  type EncoderDecoderOptions,
  FEED_FORWARD,
  finalNorm,
  layerIndex,
  partName,
  type Stack,
  WORDS,
} from "./encoder-decoder-layout.ts";
import { activations, gatedLinearUnit, type LinearMaps, linearMaps, rmsNorm } from "./linear-maps.ts";
import { relativeBias } from "./relative.ts";

/** What the layers of one forward pass share. */
interface Pass {
  options: EncoderDecoderOptions;
  weights: Tensors;
  hooks: Hooks;
  linear: LinearMaps;
  /** Number of texts. */
  batch: number;
}

function startPass({ options, sites }: EncoderDecoderLayout, weights: Tensors, hooks: Hooks, batch: number): Pass {
  return { options, weights, hooks, linear: linearMaps(weights, sites, hooks), batch };
}

/** Which keys and values an attention reads. */
interface KeySource extends Partial<Pick<AttentionInputs, "prefix" | "past">> {
  /** Added to the scores. */
  penalty: Tensor;
  /** Rows [batch · m, hidden] that keys and values are computed from; absent: the attention's own input. */
  source?: Tensor;
  /** Keys and values that were computed before, instead of those of `source`. */
  made?: KeysAndValues;
}

/** [start, limit) as one row of float32. */
function range(start: number, limit: number): Tensor {
  return tf.range(start, limit, 1, "float32").reshape([1, limit - start]);
}

/** Embeddings of token ids of any shape: [number of ids, hidden]. */
function wordEmbeddings(weights: Tensors, ids: Tensor): Tensor {
  return tf.gather(weights[WORDS], ids.reshape([ids.size]));
}

/** Position biases of keys at these distances [n, m] from queries: [n, m, heads]. */
function positionBiases(options: EncoderDecoderOptions, weights: Tensors, stack: Stack, distances: Tensor): Tensor {
  return relativeBias(weights[biasTable(stack)], distances, { ...options.buckets, bothWays: stack === "encoder" });
}

function normalise({ options, weights }: Pass, x: Tensor, name: string): Tensor {
  return rmsNorm(x, weights, name, options.epsilon);
}

/** x [batch · n, hidden] plus its attention, and the keys and values [batch · m, heads · head] that were read. */
function attention(
  pass: Pass,
  name: string,
  kind: "SelfAttention" | "EncDecAttention",
  x: Tensor,
  keySource: KeySource,
): { x: Tensor } & KeysAndValues {
  const { options: { sizes: { heads } }, linear, batch } = pass;
  const normalised = normalise(pass, x, `${name}.layer_norm`);
  const map = (role: string, x: Tensor) => linear(`${name}.${kind}.${role}`, x);
  const queries = map("q", normalised);
  const { source = normalised, made = { keys: map("k", source), values: map("v", source) }, ...rest } = keySource;
  const mixed = attend({ queries, ...made, ...rest, batch, heads, scale: 1 });
  return { x: map("o", mixed).add(x), ...made };
}

/** x plus what the feed-forward network makes of it, changed by the hook for layers: the end of a layer. */
function feedForward(pass: Pass, stack: Stack, layer: number, x: Tensor): Tensor {
  const { options: { sizes, gated, activation }, linear, hooks } = pass;
  const name = partName(stack, layer, FEED_FORWARD[stack]);
  const normalised = normalise(pass, x, `${name}.layer_norm`);
  const map = (role: string, x: Tensor) => linear(`${name}.DenseReluDense.${role}`, x);
  const wide = gated
    ? gatedLinearUnit(activation, map("wi_0", normalised), map("wi_1", normalised))
    : activations[activation](map("wi", normalised));
  const y = map("wo", wide).add(x);
  return hooks.layer ? hooks.layer(layerIndex(sizes, stack, layer), y) : y;
}

/** Runs the encoder. Returns outputs [batch · (prompt + length), hidden] of the embeddings and of each layer. */
function encode(layout: EncoderDecoderLayout, weights: Tensors, inputs: Tensors, hooks: Hooks): Tensor[] {
  const { sizes: { hidden, layers } } = layout.options;
  const [batch, length] = inputs.ids.shape;
  const { prompt, promptLength } = virtualTokens({ prompt: hooks.prompt }, 0);
  const total = promptLength + length!;
  const pass = startPass(layout, weights, hooks, batch);
  const distances = range(0, total).sub(range(0, total).reshape([total, 1]));
  const penalty = positionBiases(layout.options, weights, "encoder", distances).transpose([2, 0, 1])
    .add(maskPenalty(inputs.mask, promptLength));
  let x = withPrompt(wordEmbeddings(weights, inputs.ids), prompt, batch).reshape([batch * total, hidden]);
  const states = [x];
  for (let layer = 0; layer < layers.encoder; layer++) {
    ({ x } = attention(pass, partName("encoder", layer, 0), "SelfAttention", x, { penalty }));
    x = feedForward(pass, "encoder", layer, x);
    states.push(x);
  }
  return [...states.slice(0, -1), normalise(pass, x, finalNorm("encoder"))];
}

/** The order of tokens that the decoder reads. */
interface Order {
  /** Their places [1, n]. */
  places: Tensor;
  /** Added to the scores of their keys: [n, n]. */
  penalty: Tensor;
}

/** The order of n tokens that follow one another. */
function inTurn(n: number): Order {
  return { places: range(0, n), penalty: causalPenalty(n, 0) };
}

/**
 * Runs the decoder over the first n tokens of each generated text.
 * @param embedded embeddings [batch · n, hidden] of these tokens
 * @param source the encoder's last output [batch · m, hidden]
 * @param order absent: the tokens follow one another
 * @returns outputs [batch · n, hidden] of the embeddings and of each layer; and of each layer, the keys and values
 * [batch, m + n, heads · head] of `source` and of the tokens, one after the other
 */
function decode(
  layout: EncoderDecoderLayout,
  weights: Tensors,
  embedded: Tensor,
  inputs: Tensors,
  source: Tensor,
  hooks: Hooks,
  order = inTurn(embedded.shape[0] / inputs.ids.shape[0]),
): { states: Tensor[]; layers: KeysAndValues[] } {
  const { layers: { decoder: layerCount } } = layout.options.sizes;
  const [batch] = inputs.ids.shape;
  const n = embedded.shape[0] / batch;
  const { prefixes, prefixLength } = virtualTokens({ prefix: hooks.prefix }, layerCount);
  const pass = startPass(layout, weights, hooks, batch);
  const places = prefixLength === 0 ? order.places : tf.concat([range(-prefixLength, 0), order.places], 1);
  const distances = places.sub(order.places.reshape([n, 1]));
  const reads = prefixLength === 0 ? order.penalty : tf.concat([tf.zeros([n, prefixLength]), order.penalty], 1);
  const penalty = positionBiases(layout.options, weights, "decoder", distances).transpose([2, 0, 1]).add(reads);
  const sourcePenalty = maskPenalty(inputs.mask, source.shape[0] / batch - inputs.mask.shape[1]!);
  let x = embedded;
  const states = [x];
  const layers: KeysAndValues[] = [];
  for (let layer = 0; layer < layerCount; layer++) {
    const part = (index: number) => partName("decoder", layer, index);
    const selfOut = attention(pass, part(0), "SelfAttention", x, { penalty, prefix: prefixes[layer] });
    const crossOut = attention(pass, part(1), "EncDecAttention", selfOut.x, { penalty: sourcePenalty, source });
    const both = (kind: keyof KeysAndValues) =>
      tf.concat([perText(crossOut[kind], batch), perText(selfOut[kind], batch)], 1);
    layers.push({ keys: both("keys"), values: both("values") });
    x = feedForward(pass, "decoder", layer, crossOut.x);
    states.push(x);
  }
  return { states: [...states.slice(0, -1), normalise(pass, x, finalNorm("decoder"))], layers };
}

/** Reads texts, and the start token of what is generated: the beginning of the language model. */
export function readAndStart(
  layout: EncoderDecoderLayout,
  weights: Tensors,
  inputs: Tensors,
  hooks: Hooks,
): ReadTokens {
  const { sizes: { hidden }, start } = layout.options;
  const [batch] = inputs.ids.shape;
  const first = weights[WORDS].slice([start, 0], [1, hidden]).add(tf.zeros([batch, hidden]));
  const source = encode(layout, weights, inputs, hooks).at(-1)!;
  const { states, layers } = decode(layout, weights, first, inputs, source, hooks);
  return { state: states.at(-1)!, layers };
}

/**
 * Reads texts with the encoder, and with the decoder the start token and the tokens that branch off it.
 * @returns last outputs [batch, 1 + branches, hidden] of the decoder
 */
export function readBranches(
  layout: EncoderDecoderLayout,
  weights: Tensors,
  inputs: Tensors,
  branches: readonly BranchToken[],
  hooks: Hooks,
): Tensor {
  const { sizes: { hidden }, start } = layout.options;
  const [batch] = inputs.ids.shape;
  const source = encode(layout, weights, inputs, hooks).at(-1)!;
  // The start token is the first of all branches.
  const tokens = [
    { token: start, parent: -1 },
    ...branches.map(({ token, parent }) => ({ token, parent: parent + 1 })),
  ];
  const n = tokens.length;
  const ids = tf.tensor1d(tokens.map(({ token }) => token), "int32");
  const embedded = wordEmbeddings(weights, ids).reshape([1, n, hidden]).add(tf.zeros([batch, n, hidden]));
  const { depths, penalty } = branchOrder(tokens);
  const order = { places: tf.tensor2d([depths]).sub(1), penalty };
  const { states } = decode(layout, weights, embedded.reshape([batch * n, hidden]), inputs, source, hooks, order);
  return perText(states.at(-1)!, batch);
}

/** Penalties of a step for what the encoder read and for what was generated, both in the keys of the past. */
function stepPenalties(
  { options, weights, batch }: Pass,
  { position, mask, places }: Tensors,
  prefixLength: number,
): { penalty: Tensor; sourcePenalty: Tensor } {
  const generated = places.greaterEqual(0).cast("float32").mul(mask);
  const row = position.cast("float32").reshape([batch, 1]);
  const prefix = prefixLength === 0 ? [] : [range(-prefixLength, 0).add(tf.zeros([batch, prefixLength]))];
  const distances = tf.concat([...prefix, places, row], 1).sub(row);
  const penalty = positionBiases(options, weights, "decoder", distances).transpose([0, 2, 1]).expandDims(2)
    .add(maskPenalty(tf.concat([generated, tf.ones([batch, 1])], 1), prefixLength));
  return { penalty, sourcePenalty: maskPenalty(mask.sub(generated), 0) };
}

/** Reads one more generated token of each text: the step of the language model. */
export function readNextTokens(
  layout: EncoderDecoderLayout,
  weights: Tensors,
  inputs: Tensors,
  past: readonly KeysAndValues[],
  hooks: Hooks,
): ReadTokens {
  const { sizes: { heads, head, layers: { decoder: layerCount } } } = layout.options;
  const [batch, length] = inputs.mask.shape;
  const { prefixes, prefixLength } = virtualTokens({ prefix: hooks.prefix }, layerCount);
  const pass = startPass(layout, weights, hooks, batch);
  const { penalty, sourcePenalty } = stepPenalties(pass, inputs, prefixLength);
  const rows = (x: Tensor) => x.reshape([batch * length!, heads * head]);
  let x = wordEmbeddings(weights, inputs.token);
  const layers: KeysAndValues[] = [];
  for (let layer = 0; layer < layerCount; layer++) {
    const before = { keys: rows(past[layer].keys), values: rows(past[layer].values) };
    const part = (index: number) => partName("decoder", layer, index);
    const selfOut = attention(pass, part(0), "SelfAttention", x, { penalty, prefix: prefixes[layer], past: before });
    layers.push({ keys: perText(selfOut.keys, batch), values: perText(selfOut.values, batch) });
    const crossOut = attention(pass, part(1), "EncDecAttention", selfOut.x, { penalty: sourcePenalty, made: before });
    x = feedForward(pass, "decoder", layer, crossOut.x);
  }
  return { state: normalise(pass, x, finalNorm("decoder")), layers };
}

/**
 * Reads texts and whole generated texts, `target` of the inputs. Returns outputs of the embeddings and of each layer: the
 * encoder's [batch, prompt + length, hidden], then the decoder's [batch, length, hidden].
 */
export function readBoth(layout: EncoderDecoderLayout, weights: Tensors, inputs: Tensors, hooks: Hooks): Tensor[] {
  const [batch] = inputs.ids.shape;
  const encoded = encode(layout, weights, inputs, hooks);
  const target = wordEmbeddings(weights, inputs.target);
  const { states } = decode(layout, weights, target, inputs, encoded.at(-1)!, hooks);
  return [...encoded, ...states].map((x) => perText(x, batch));
}
