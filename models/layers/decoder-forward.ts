/**
 * The forward pass of a decoder: over whole texts, or over one more token of each.
 * @module
 */
import { type Tensor, type Tensors, tf } from "../../engine/tensor.ts";
import type { BranchToken, Hooks, KeysAndValues, ReadTokens } from "../types.ts";
import {
  attend,
  branchOrder,
  causalPenalty,
  fullPenalty,
  maskPenalty,
  stepWindowPenalty,
  treePenalty,
  type VirtualTokens,
  virtualTokens,
  windowPenalty,
  withPrompt,
} from "./attention.ts";
import { lastTokens, perText, perToken } from "./batch.ts";
import type { DecoderLayout, LayerMaps } from "./decoder-layout.ts";
import { type LinearMaps, linearMaps } from "./linear-maps.ts";
import { type Angles, rotate } from "./rotary.ts";

/** Tokens that are read together. */
interface Tokens {
  /** Their embeddings [batch, n, hidden]. */
  embedded: Tensor;
  /** Their positions [batch or 1, n]. */
  positions: Tensor;
  /** Added to their scores: [batch, 1, n, keys]. */
  penalty: Tensor;
}

/** Tokens, and what they read besides each other: earlier tokens of the same texts may have been read before. */
interface Sequence extends Tokens {
  /** Keys and values of a prefix, layer by layer. */
  prefixes: readonly (KeysAndValues | undefined)[];
  /** Keys and values of the tokens read before, layer by layer. */
  past?: readonly KeysAndValues[];
  /** The tokens whose output the last layer computes: [batch, n, width] → [batch, m, width]; absent: all. */
  select?(x: Tensor): Tensor;
}

/** What the layers of one forward pass share. */
interface Pass {
  layout: DecoderLayout;
  weights: Tensors;
  sequence: Sequence;
  maps: LinearMaps;
  /** Angles that queries and keys are rotated by; absent: they are not rotated. */
  angles?: Angles;
}

/** Outputs of the embeddings and of the layers, the last one normalised, and the tokens' keys and values. */
interface Outputs {
  states: Tensor[];
  layers: KeysAndValues[];
}

/** The linear maps of a layer by their names within it. */
function mapsOf({ layout, maps }: Pass, layer: number): LayerMaps {
  return (name, x) => maps(layout.nameOf(layer, name), x);
}

/** x [rows, hidden] plus its attention, and the keys and values [batch, n, d_kv] of the tokens. */
function selfAttention(pass: Pass, layer: number, x: Tensor): { x: Tensor; made: KeysAndValues } {
  const { layout: { options, nameOf }, weights, sequence, angles } = pass;
  const { sizes: { layers, heads, keyValueHeads }, names: { norms }, outputs } = options;
  const { prefixes, penalty } = sequence;
  const [batch] = sequence.embedded.shape;
  const linear = mapsOf(pass, layer);
  const select = layer === layers - 1 && sequence.select ? sequence.select : (all: Tensor) => all;
  const rotated = (x: Tensor, heads: number) => angles ? rotate(x, angles, batch, heads) : x;
  const { queries, keys, values } = options.project(
    linear,
    options.normalise(x, weights, nameOf(layer, norms.attention)),
  );
  const current = { keys: rotated(keys, keyValueHeads), values };
  const past = sequence.past?.[layer];
  const mixed = attend({
    queries: perToken(select(perText(rotated(queries, heads), batch))),
    ...current,
    prefix: prefixes[layer],
    past: past && { keys: perToken(past.keys), values: perToken(past.values) },
    penalty: select(penalty.squeeze([1])).expandDims(1),
    batch,
    heads,
    keyValueHeads,
  });
  const made = { keys: perText(current.keys, batch), values: perText(values, batch) };
  return { x: linear(outputs.attention, mixed).add(perToken(select(perText(x, batch)))), made };
}

/** x [rows, hidden] plus what the feed-forward network makes of it. */
function feedForward(pass: Pass, layer: number, x: Tensor): Tensor {
  const { layout: { options, nameOf }, weights } = pass;
  const normalised = options.normalise(x, weights, nameOf(layer, options.names.norms.feedForward));
  return options.feedForward(mapsOf(pass, layer), normalised).add(x);
}

/** Applies all layers to a sequence. */
function runLayers(layout: DecoderLayout, weights: Tensors, sequence: Sequence, hooks: Hooks): Outputs {
  const { sizes, rotation, normalise } = layout.options;
  const maps = linearMaps(weights, layout.sites, hooks);
  const pass: Pass = { layout, weights, sequence, maps, angles: rotation?.(sequence.positions) };
  let x = perToken(sequence.embedded);
  const states = [x];
  const keysAndValues: KeysAndValues[] = [];
  for (let layer = 0; layer < sizes.layers; layer++) {
    const attended = selfAttention(pass, layer, x);
    keysAndValues.push(attended.made);
    x = feedForward(pass, layer, attended.x);
    if (hooks.layer) x = hooks.layer(layer, x);
    states.push(x);
  }
  return { states: [...states.slice(0, -1), normalise(x, weights, layout.norms.last)], layers: keysAndValues };
}

/**
 * Reads whole texts with the virtual tokens before them.
 * @param select the tokens whose output the last layer computes, given the number of virtual tokens of a prompt
 * @param branches tokens that branch off each text, behind the padding
 * @returns outputs [batch · (prompt + length + branches), hidden] of the embeddings and of each layer
 */
function readTexts(
  layout: DecoderLayout,
  weights: Tensors,
  inputs: Tensors,
  hooks: Hooks,
  select?: (x: Tensor, promptLength: number) => Tensor,
  branches: readonly BranchToken[] = [],
): Outputs {
  const { sizes: { hidden, layers }, window } = layout.options;
  const [batch, length] = inputs.ids.shape;
  const { prompt, promptLength, prefixes, prefixLength } = virtualTokens(hooks, layers);
  const total = promptLength + length!;
  const words = tf.gather(weights[layout.wordEmbeddings], inputs.ids.reshape([batch * length!]));
  const embedded = withPrompt(words, prompt, batch);
  const table = layout.positionEmbeddings &&
    weights[layout.positionEmbeddings].slice([prefixLength, 0], [total, hidden]);
  const texts = inputs.until ? treeSequence(layout, weights, inputs, embedded, { promptLength, prefixLength }) : {
    embedded: table ? embedded.add(table) : embedded,
    positions: tf.range(prefixLength, prefixLength + total, 1, "float32").reshape([1, total]),
    penalty: maskPenalty(inputs.mask, promptLength + prefixLength).add(causalPenalty(total, prefixLength, window)),
  };
  const all = branches.length === 0
    ? texts
    : joined(texts, branchSequence(layout, weights, inputs, branches, { promptLength, prefixLength }));
  return runLayers(layout, weights, {
    ...all,
    prefixes,
    select: select && ((x) => select(x, promptLength)),
  }, hooks);
}

/** Texts and, behind them, the tokens that branch off, which the texts do not read. */
function joined(texts: Tokens, branches: Tokens): Tokens {
  const [batch, n] = branches.embedded.shape;
  const total = texts.embedded.shape[1]!;
  return {
    embedded: tf.concat([texts.embedded, branches.embedded], 1),
    positions: tf.concat([texts.positions.add(tf.zeros([batch, total])), branches.positions], 1),
    penalty: tf.concat([tf.concat([texts.penalty, fullPenalty([batch, 1, total, n!])], 3), branches.penalty], 2),
  };
}

/** Outputs [batch, prompt + length, hidden] of the embeddings and of each layer. */
export function decoderStates(layout: DecoderLayout, weights: Tensors, inputs: Tensors, hooks: Hooks): Tensor[] {
  const [batch] = inputs.ids.shape;
  return readTexts(layout, weights, inputs, hooks).states.map((x) => perText(x, batch));
}

/** Reads whole texts; the last layer computes each text's last token alone, as nothing else of its output is used. */
export function readLastTokens(layout: DecoderLayout, weights: Tensors, inputs: Tensors, hooks: Hooks): ReadTokens {
  const last = lastTokens(inputs.mask);
  const { states, layers } = readTexts(layout, weights, inputs, hooks, (x, promptLength) => {
    const [batch, total, width] = x.shape;
    if (hooks.reading === "peft" && promptLength > 0) return x.slice([0, total! - 1, 0], [batch, 1, width!]);
    return last(x, promptLength);
  });
  return { state: states.at(-1)!, layers };
}

/** The tokens that branch off each text: their embeddings [batch, n, hidden], positions [batch, n], and penalty [batch, 1, n, keys + n]. */
function branchSequence(
  layout: DecoderLayout,
  weights: Tensors,
  { mask }: Tensors,
  branches: readonly BranchToken[],
  virtual: Pick<VirtualTokens, "promptLength" | "prefixLength">,
): Tokens {
  const { sizes: { hidden, positions: most }, window } = layout.options;
  const [batch, length] = mask.shape;
  const n = branches.length;
  const { depths, penalty: ofBranches } = branchOrder(branches, window);
  const before = virtual.promptLength + virtual.prefixLength;
  // Texts are padded behind their last token, so that positions differ from text to text.
  const positions = mask.sum(1, true).add(tf.tensor2d([depths]).add(before - 1));
  const words = tf.gather(weights[layout.wordEmbeddings], tf.tensor1d(branches.map(({ token }) => token), "int32"));
  const embedded = words.reshape([1, n, hidden]).add(tf.zeros([batch, n, hidden]));
  const placed = layout.positionEmbeddings &&
    tf.gather(weights[layout.positionEmbeddings], positions.minimum(most - 1).cast("int32"));
  let ofText = maskPenalty(mask, before).add(tf.zeros([batch, 1, n, before + length!]));
  if (window !== undefined) {
    const keys = tf.range(0, before + length!, 1, "float32");
    ofText = ofText.add(windowPenalty(positions.expandDims(2).sub(keys), window).expandDims(1));
  }
  return {
    embedded: placed ? embedded.add(placed) : embedded,
    positions,
    penalty: tf.concat([ofText, ofBranches.reshape([1, 1, n, n]).add(tf.zeros([batch, 1, n, n]))], 3),
  };
}

/** The tokens of a tree, whose embeddings are given. Virtual tokens lead to all of them. */
function treeSequence(
  layout: DecoderLayout,
  weights: Tensors,
  { mask, until, position }: Tensors,
  embedded: Tensor,
  { promptLength, prefixLength }: Pick<VirtualTokens, "promptLength" | "prefixLength">,
): Tokens {
  const { sizes: { positions: most }, window } = layout.options;
  const [batch, total] = embedded.shape;
  const before = promptLength + prefixLength;
  const behind = (virtual: Tensor, x: Tensor) =>
    before === 0 ? x : tf.concat([virtual.add(tf.zeros([batch, before])), x.add(before)], 1);
  const keys = behind(tf.range(0, before, 1, "float32"), position);
  const positions = keys.slice([0, prefixLength], [batch, total!]);
  let penalty = treePenalty(behind(tf.fill([1, before], before + total!), until), total!);
  const distances = positions.expandDims(2).sub(keys.expandDims(1));
  if (window !== undefined) penalty = penalty.add(windowPenalty(distances, window));
  const table = layout.positionEmbeddings && weights[layout.positionEmbeddings];
  return {
    embedded: table ? embedded.add(tf.gather(table, positions.minimum(most - 1).cast("int32"))) : embedded,
    positions,
    penalty: penalty.expandDims(1).add(maskPenalty(mask, before)),
  };
}

/** Reads trees: last outputs [batch, length, hidden] of their tokens. */
export function readTree(layout: DecoderLayout, weights: Tensors, inputs: Tensors, hooks: Hooks): Tensor {
  const [batch, length] = inputs.ids.shape;
  const states = decoderStates(layout, weights, inputs, hooks).at(-1)!;
  return states.slice([0, states.shape[1]! - length!, 0], [batch, length!, states.shape[2]!]);
}

/**
 * Reads whole texts, and the tokens that branch off each of them.
 * @returns last outputs [batch, 1 + branches, hidden]: of each text's last token, and of the tokens that branch off
 */
export function readBranches(
  layout: DecoderLayout,
  weights: Tensors,
  inputs: Tensors,
  branches: readonly BranchToken[],
  hooks: Hooks,
): Tensor {
  const n = branches.length;
  const last = lastTokens(inputs.mask);
  const { states } = readTexts(layout, weights, inputs, hooks, (x, promptLength) => {
    const [batch, total, width] = x.shape;
    const ofText = last(x, promptLength);
    return n === 0 ? ofText : tf.concat([ofText, x.slice([0, total! - n, 0], [batch, n, width!])], 1);
  }, branches);
  return perText(states.at(-1)!, inputs.ids.shape[0]);
}

/** Reads one more token of each text: the step of the language model. */
export function readNextTokens(
  layout: DecoderLayout,
  weights: Tensors,
  { token, position, mask, places }: Tensors,
  past: readonly KeysAndValues[],
  hooks: Hooks,
): ReadTokens {
  const { sizes: { hidden, layers: layerCount }, window } = layout.options;
  const [batch] = mask.shape;
  // The virtual tokens of a prompt are in the past already.
  const { prefixes, prefixLength } = virtualTokens({ prefix: hooks.prefix }, layerCount);
  const shifted = position.add(tf.scalar(prefixLength, "int32"));
  const words = tf.gather(weights[layout.wordEmbeddings], token);
  const embedded = layout.positionEmbeddings
    ? words.add(tf.gather(weights[layout.positionEmbeddings], shifted))
    : words;
  let penalty = maskPenalty(tf.concat([mask, tf.ones([batch, 1])], 1), prefixLength);
  if (window !== undefined) {
    const row = position.cast("float32").reshape([batch, 1]);
    penalty = penalty.add(stepWindowPenalty(row, places, prefixLength, window).reshape(penalty.shape));
  }
  const { states, layers } = runLayers(layout, weights, {
    embedded: embedded.reshape([batch, 1, hidden]),
    positions: shifted.cast("float32").reshape([batch, 1]),
    penalty,
    prefixes,
    past,
  }, hooks);
  return { state: states.at(-1)!, layers };
}
