/**
 * What a backbone offers: its weights, its tokenizer, a forward pass, and the sites a method may touch.
 * @module
 */
import type { ArrayValue, InputSpec, StoredTensor } from "../engine/types.ts";
import type { Tensor, Tensors } from "../engine/tensor.ts";

/** A linear map of the backbone: y = x·W + b. */
export interface LinearSite {
  /** Unique path, "layers.0.attention.qkv": its weights are "<name>.weight" and, where it has one, "<name>.bias" [out]. */
  name: string;
  /** What it is, the same in every layer: "attention.qkv". Methods choose their targets by it. */
  role: string;
  /** From 0; the number of layers for a linear that comes after them. */
  layer: number;
  /** Width of x. */
  in: number;
  /** Width of y. */
  out: number;
  /** The weight is stored as [out, in], as PyTorch keeps it, instead of [in, out]. */
  outputFirst?: true;
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
  /** Roles that IA³ scales when nothing else is asked for: of some the output, of others the input. */
  ia3Targets: { outputs: readonly string[]; inputs: readonly string[] };
  /**
   * Roles of the linear maps that end a layer's attention and its feed-forward network, before the residual is added;
   * absent where there are no such layers.
   */
  sublayerOutputs?: { attention: string; feedForward: string };
  /** Names of the normalisations: their weights are "<name>.weight" and, where they have one, "<name>.bias" [width]. */
  norms: readonly string[];
  /** Width of each layer's keys and values, d_kv. */
  keyValueWidths: readonly number[];
  /** Heads that a layer's keys and values divide into. */
  attentionHeads: number;
  /** Heads that its queries divide into, where these are more. */
  queryHeads?: number;
  /** Width of an input embedding, d_emb. */
  embeddingWidth: number;
  /** Width of the features the classifier reads. */
  featureWidth: number;
  /** Most tokens a text may have, virtual tokens not counted. */
  maxLength: number;
  /** Most tokens of text and virtual tokens together; absent where there is no limit. */
  positions?: number;
  /** The classifier; absent: one linear map, "head.weight" [d, classes] and "head.bias". */
  head?: Head;
  /** How it tells the next token; its weights are stored where the files have them. Absent: it does not. */
  languageModel?: LanguageModel;
  /** Kinds of task that it can be adapted to; absent: classification. */
  kinds?: readonly ("classification" | "generation")[];
  /** Its model in transformers keeps no keys and values of tokens read before, so PEFT has no prefixes for it. */
  withoutCache?: true;
  /** It reads a text with one stack of layers, and with a second writes another. */
  encoderDecoder?: true;
}

/**
 * Where a method enters the forward pass. Several methods' hooks compose: prompts and prefixes are concatenated,
 * the others are applied one after the other.
 */
export interface Hooks {
  /** Virtual tokens [n, d_emb], put before the input embeddings; or each text's own, [batch, n, d_emb]. */
  prompt?(): Tensor;
  /**
   * Keys and values [n, d_kv] that stand before those of a layer; of an encoder-decoder, a layer of the decoder. Or each
   * text's own, [batch, n, d_kv].
   */
  prefix?(layer: number): KeysAndValues;
  /** Changes a linear's input: x [rows, in] → [rows, in]. */
  input?(site: LinearSite, x: Tensor): Tensor;
  /** Changes a linear's output: x [rows, in] and y [rows, out] → [rows, out]; the weights are the backbone's. */
  linear?(site: LinearSite, x: Tensor, y: Tensor, weights: Tensors): Tensor;
  /** Changes a layer's output: x [rows, d] → [rows, d]. */
  layer?(layer: number, x: Tensor): Tensor;
  /**
   * "peft": where Hugging Face PEFT reads virtual tokens in a doubtful way, so does the forward pass: the pooler of an
   * encoder reads the first virtual token of a prompt instead of the text's first.
   */
  reading?: "peft";
}

/** A text's token ids. */
export interface Encoding extends ReadonlyArray<number> {
  /** Segment of each token, where the text is a pair and the backbone tells its parts apart. */
  readonly types?: readonly number[];
}

/** A trained tensor of a classifier. */
export interface HeadParameter {
  /** Its name, "classifier.weight". */
  name: string;
  /** Sizes of its axes. */
  shape: readonly number[];
  /** It starts from the normal distribution with this standard deviation; 0: from zeros. */
  deviation: number;
}

/** The classifier on the features, trained by every method. */
export interface Head {
  /** Its tensors for a number of classes. */
  parameters(classes: number): HeadParameter[];
  /** Features [batch, d] → logits [batch, classes]. */
  classify(features: Tensor, parameters: Tensors): Tensor;
}

/** Keys and values of tokens, one row each. */
export interface KeysAndValues {
  /** Keys, turned to their positions. */
  keys: Tensor;
  /** Values. */
  values: Tensor;
}

/** What reading tokens leaves. */
export interface ReadTokens {
  /** The last hidden state [batch, d] of each text's last token. */
  state: Tensor;
  /** Each layer's keys and values of the tokens read, those of a prompt included: [batch, tokens, d_kv]. */
  layers: KeysAndValues[];
}

/** What makes a language model of a backbone. */
export interface LanguageModel {
  /** Weights that it alone reads: name → shape; none where it reads the word embeddings. */
  weights: Record<string, readonly number[]>;
  /** Where the files lack these weights, it reads the word embeddings. */
  mayLackWeights?: true;
  /**
   * Of an encoder-decoder: the token that every text it writes starts with, and the inputs of `hiddenStates` that hold
   * this text, `target` [batch, length], one token later than what its states tell. Absent: what is read is gone on with.
   */
  target?: { start: number; inputs: Record<string, InputSpec> };
  /** The token that ends a text; absent: texts have no end. */
  end?: number;
  /** Rows [n, d] of the last hidden state → scores [n, vocabulary] of the token that follows. */
  scores(weights: Tensors, states: Tensor): Tensor;
  /** Reads texts. */
  read(weights: Tensors, inputs: Tensors, hooks: Hooks): ReadTokens;
  /**
   * Inputs of `step`: the next `token` of each text and its `position`, both [batch]; of each token read before, the
   * `mask` [batch, length], 0 where a text is filled up, and where that matters its position, `places` [batch, length].
   * Positions count the tokens of a prompt, not of a prefix. In an encoder-decoder they count the tokens written; what
   * the encoder read stands before these, at places below 0.
   */
  stepInputs: Record<string, InputSpec>;
  /** Reads one more token of each text; `past` is what each layer has of those before, [batch, length, d_kv]. */
  step(weights: Tensors, inputs: Tensors, past: readonly KeysAndValues[], hooks: Hooks): ReadTokens;
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
  /** Token ids of a text, or of a pair of texts, with what the backbone puts around them: at most `limit`. */
  encode(text: string, limit: number, pair?: string): Encoding;
  /** Token ids of a text alone; absent where `encode` puts nothing around it. */
  tokenize?(text: string): number[];
  /** A user's message as a model that chats reads it, up to where its answer begins; absent where it does not chat. */
  chat?(message: string): string;
  /** The text of token ids, without special tokens; absent where no text is generated. */
  decode?(ids: readonly number[]): string;
  /** Inputs of the forward pass besides the weights. */
  inputs: Record<string, InputSpec>;
  /** Encoded texts as one batch, padded to the longest. */
  collate(encoded: readonly Encoding[]): Record<string, ArrayValue>;
  /** Features [batch, d] for the classifier. */
  forward(weights: Tensors, inputs: Tensors, hooks: Hooks): Tensor;
  /**
   * Output of the embeddings and of each layer, [batch, virtual tokens of a prompt + length, d] each; of an
   * encoder-decoder, the encoder's, then the decoder's [batch, length, d].
   */
  hiddenStates?(weights: Tensors, inputs: Tensors, hooks: Hooks): Tensor[];
}

/** A backbone without weights and tokenizer. */
export type Design = Omit<Backbone, "stored" | "sha256" | "encode" | "tokenize" | "chat" | "decode"> & {
  /** What stands before the weights' names in files of the model with a head, and may be absent in others: "bert.". */
  prefix: string;
};

/** A kind of backbone that a model folder may hold. */
export interface Architecture {
  /** Paper it comes from. */
  citation: string;
  /** Classes of transformers that hold it, by what they are for. */
  classes: { classification?: string; generation?: string };
  /**
   * The backbone that config.json describes.
   * @throws {Error} if a value is missing, or not supported
   */
  design(config: Config): Design;
}

/** A model folder's config.json, in the spelling of transformers 5: `dtype`, `rope_parameters`. */
export interface Config {
  /** Where it was read, for messages. */
  path: string;
  /** Its values by key. */
  values: Record<string, unknown>;
}

/** A model: an entry of the table, or a folder. */
export interface Model {
  /** As users write it; of a folder, the last part of its path. */
  name: string;
  /** One line about what it is. */
  description: string;
  /** Version of weights and tokenizer; of a folder, the SHA-256 of its config, weights and tokenizer. */
  revision: string;
  /** Licence of the weights, as SPDX names it; of a folder, as its card does, "unknown" where that says nothing. */
  licence: string;
  /** Paper it comes from. */
  citation: string;
  /** Sizes and names. */
  shape: BackboneShape;
  /** Where it lies, if it is a folder. */
  folder?: string;
  /** Reads tokenizer and weight locations, checking the files' checksums. */
  open(): Promise<Backbone>;
}
