/**
 * What a backbone offers: its weights, its tokenizer, a forward pass, and the sites a method may touch.
 * @module
 */
import type { ArrayValue, InputSpec, StoredTensor } from "../engine/types.ts";
import type { Tensor, Tensors } from "../engine/tensor.ts";

/** A linear map of the backbone: y = x·W + b. */
export interface LinearSite {
  /** Unique path, "layers.0.attention.qkv": its weights are "<name>.weight" [in, out] and "<name>.bias" [out]. */
  name: string;
  /** What it is, the same in every layer: "attention.qkv". Methods choose their targets by it. */
  role: string;
  /** From 0; the number of layers for a linear that comes after them. */
  layer: number;
  /** Width of x. */
  in: number;
  /** Width of y. */
  out: number;
}

/** What is known of a backbone without reading its weights. */
export interface BackboneShape {
  /** Every weight, in a fixed order: name → shape. */
  weights: Record<string, readonly number[]>;
  /** Names of the weights that are biases (LayerNorm biases included). */
  biases: readonly string[];
  /** Every linear map, in the order of the forward pass. */
  linears: readonly LinearSite[];
  /** Roles that LoRA adapts when nothing else is asked for. */
  loraTargets: readonly string[];
  /** Width of each layer's keys and values, d_kv. */
  keyValueWidths: readonly number[];
  /** Heads that a layer's keys and values divide into. */
  attentionHeads: number;
  /** Width of an input embedding, d_emb. */
  embeddingWidth: number;
  /** Width of the features the classifier reads. */
  featureWidth: number;
  /** Most tokens a text may have, virtual tokens not counted. */
  maxLength: number;
}

/**
 * Where a method enters the forward pass. Several methods' hooks compose: prompts and prefixes are concatenated,
 * linear hooks are applied one after the other.
 */
export interface Hooks {
  /** Virtual tokens [n, d_emb], put before the input embeddings. */
  prompt?(): Tensor;
  /** Keys and values [n, d_kv] that stand before those of a layer. */
  prefix?(layer: number): { keys: Tensor; values: Tensor };
  /** Changes a linear's output: x [rows, in] and y [rows, out] → [rows, out]. */
  linear?(site: LinearSite, x: Tensor, y: Tensor): Tensor;
}

/** A backbone ready for use. */
export interface Backbone extends BackboneShape {
  /** Where each of the weights lies on disk, and what else the forward pass reads but nobody trains. */
  stored: Record<string, StoredTensor>;
  /** SHA-256 of the weights and the vocabulary. */
  sha256: string;
  /** Rows of the input embedding. */
  vocabularySize: number;
  /** Name of the weight [vocabulary, d_emb] that holds the input embeddings. */
  embeddingWeight: string;
  /** A text's token ids, at most `limit`. */
  encode(text: string, limit: number): number[];
  /** Inputs of the forward pass besides the weights. */
  inputs: Record<string, InputSpec>;
  /** Encoded texts as one batch, padded to the longest. */
  collate(encoded: readonly (readonly number[])[]): Record<string, ArrayValue>;
  /** Features [batch, d] for the classifier. */
  forward(weights: Tensors, inputs: Tensors, hooks: Hooks): Tensor;
}

/** An entry of the table of models. */
export interface Model {
  /** As users write it. */
  name: string;
  /** One line about what it is. */
  description: string;
  /** Version of weights and tokenizer. */
  revision: string;
  /** Licence of the weights, as SPDX names it. */
  licence: string;
  /** Paper it comes from. */
  citation: string;
  /** Sizes and names. */
  shape: BackboneShape;
  /** Reads tokenizer and weight locations, checking the files' checksums. */
  open(): Promise<Backbone>;
}
