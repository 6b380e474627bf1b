/**
 * The forward pass of an encoder.
 * @module
 */
import { type Tensor, type Tensors, tf } from "../../engine/tensor.ts";
import type { Hooks, KeysAndValues } from "../types.ts";
import { attend, maskPenalty, virtualTokens, withPrompt } from "./attention.ts";
import { perText } from "./batch.ts";
import type { EncoderLayout } from "./encoder-layout.ts";
import { activations, layerNorm, type LinearMaps, linearMaps } from "./linear-maps.ts";

/** What the layers of one forward pass share. */
interface Pass {
  layout: EncoderLayout;
  weights: Tensors;
  linear: LinearMaps;
  batch: number;
  /** Added to the scores. */
  penalty: Tensor;
  /** Keys and values of a prefix, layer by layer. */
  prefixes: readonly (KeysAndValues | undefined)[];
}

/** The segment embeddings of prompt and text, broadcast to [batch, prompt + length, hidden]. */
function segmentEmbeddings(layout: EncoderLayout, weights: Tensors, inputs: Tensors, promptLength: number): Tensor {
  const { hidden, segments } = layout.options.sizes;
  const [batch, length] = inputs.ids.shape;
  const table = weights[layout.embeddings.segments];
  const first = table.slice([0, 0], [1, hidden]);
  if (segments === 1) return first;
  // A product instead of a lookup, so that the gradient is a product, too: scattering into so small a table is slow.
  const chosen = tf.oneHot(inputs.types.reshape([batch * length!]), segments).matMul(table);
  const ofPrompt = promptLength === 0 ? undefined : first.add(tf.zeros([promptLength, hidden]));
  return withPrompt(chosen, ofPrompt, batch);
}

/** Normalised embeddings [batch · (prompt + length), hidden]. */
function embed(
  layout: EncoderLayout,
  weights: Tensors,
  inputs: Tensors,
  prompt: Tensor | undefined,
  prefixLength: number,
): Tensor {
  const { sizes: { hidden, segments }, firstPosition, epsilon } = layout.options;
  const [batch, length] = inputs.ids.shape;
  const promptLength = prompt?.shape.at(-2) ?? 0;
  const total = promptLength + length!;
  const words = tf.gather(weights[layout.embeddings.words], inputs.ids.reshape([batch * length!]));
  const positions = weights[layout.embeddings.positions].slice([firstPosition + prefixLength, 0], [total, hidden]);
  let sum = withPrompt(words, prompt, batch).add(positions);
  if (segments > 0) sum = sum.add(segmentEmbeddings(layout, weights, inputs, promptLength));
  return layerNorm(sum.reshape([batch * total, hidden]), weights, layout.norms[0], epsilon);
}

/** A layer over x [batch · n, hidden]; its output is computed for the tokens `select(x)` alone. */
function runLayer(pass: Pass, layer: number, x: Tensor, select: (x: Tensor) => Tensor): Tensor {
  const { layout: { options, nameOf }, weights, linear, batch, penalty, prefixes } = pass;
  const { sizes: { heads }, names: { attention, feedForward }, epsilon } = options;
  const name = (part: string) => nameOf(layer, part);
  const selected = select(x);
  const mixed = attend({
    queries: linear(name(attention.query), selected),
    keys: linear(name(attention.key), x),
    values: linear(name(attention.value), x),
    prefix: prefixes[layer],
    penalty,
    batch,
    heads,
  });
  const y = layerNorm(linear(name(attention.output), mixed).add(selected), weights, name(attention.norm), epsilon);
  const wide = activations[options.activation](linear(name(feedForward.inner), y));
  return layerNorm(linear(name(feedForward.outer), wide).add(y), weights, name(feedForward.norm), epsilon);
}

/**
 * Reads texts with the virtual tokens before them.
 * @param select the tokens whose output the last layer computes, given the number of virtual tokens of a prompt
 * @returns outputs [batch · (prompt + length), hidden] of the embeddings and of each layer, and the linear maps used
 */
function readTexts(
  layout: EncoderLayout,
  weights: Tensors,
  inputs: Tensors,
  hooks: Hooks,
  select: (x: Tensor, promptLength: number) => Tensor,
): { states: Tensor[]; linear: LinearMaps } {
  const { layers } = layout.options.sizes;
  const [batch] = inputs.ids.shape;
  const { prompt, promptLength, prefixes, prefixLength } = virtualTokens(hooks, layers);
  const linear = linearMaps(weights, layout.sites, hooks);
  const penalty = maskPenalty(inputs.mask, promptLength + prefixLength);
  const pass: Pass = { layout, weights, linear, batch, penalty, prefixes };
  let x = embed(layout, weights, inputs, prompt, prefixLength);
  const states = [x];
  for (let layer = 0; layer < layers; layer++) {
    x = runLayer(pass, layer, x, (x) => layer === layers - 1 ? select(x, promptLength) : x);
    if (hooks.layer) x = hooks.layer(layer, x);
    states.push(x);
  }
  return { states, linear };
}

/** Features [batch, hidden]: the output for the first token of each text, through the pooler where there is one. */
export function encoderFeatures(layout: EncoderLayout, weights: Tensors, inputs: Tensors, hooks: Hooks): Tensor {
  const { sizes: { hidden }, names: { prefix, pooler } } = layout.options;
  const [batch] = inputs.ids.shape;
  // The features depend on one token of a text, so the last layer computes nothing else.
  const { states, linear } = readTexts(layout, weights, inputs, hooks, (x, promptLength) => {
    const token = hooks.reading === "peft" ? 0 : promptLength;
    return perText(x, batch).slice([0, token, 0], [batch, 1, hidden]).reshape([batch, hidden]);
  });
  const first = states.at(-1)!;
  return pooler ? linear(prefix + pooler, first).tanh() : first;
}

/** Last outputs [batch, hidden] of one token of each text, that where `places` [batch, length] is 1. */
export function encoderTokens(
  layout: EncoderLayout,
  weights: Tensors,
  inputs: Tensors,
  places: Tensor,
  hooks: Hooks,
): Tensor {
  const { hidden } = layout.options.sizes;
  const [batch, length] = inputs.ids.shape;
  const { states } = readTexts(layout, weights, inputs, hooks, (x, promptLength) => {
    const text = perText(x, batch).slice([0, promptLength, 0], [batch, length!, hidden]);
    return places.reshape([batch, 1, length!]).matMul(text).reshape([batch, hidden]);
  });
  return states.at(-1)!;
}

/** Outputs [batch, prompt + length, hidden] of the embeddings and of each layer. */
export function encoderStates(layout: EncoderLayout, weights: Tensors, inputs: Tensors, hooks: Hooks): Tensor[] {
  const [batch] = inputs.ids.shape;
  return readTexts(layout, weights, inputs, hooks, (x) => x).states.map((x) => perText(x, batch));
}
