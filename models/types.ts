/**
 * What a backbone offers: its weights, its tokenizer, a forward pass, and the sites that a method may change.
 * @module
 */
import type { ArrayValue, InputSpec, StoredTensor } from "../engine/types.ts";
import type { Tensor, Tensors } from "../engine/tensor.ts";

/** A linear map of the backbone: y = x·W + b. */
export interface LinearSite {
  /** Unique name, "layers.0.attention.qkv". The weights are "<name>.weight" and, if there is a bias, "<name>.bias" [out]. */
  name: string;
  /** Its name within any layer, by which methods choose their targets: "attention.qkv". */
  role: string;
  /** Index of its layer, from 0; for a linear map after all layers, the number of layers. */
  layer: number;
  /** Width of x. */
  in: number;
  /** Width of y. */
  out: number;
  /** The weight is stored as [out, in], as in PyTorch; absent: as [in, out]. */
  outputFirst?: true;
}

/** What is known of a backbone without reading its weights: their shapes, and what methods need to attach to them. */
export interface BackboneShape {
  /** Every weight, in a fixed order: name → shape. */
  weights: Record<string, readonly number[]>;
  /** Names of the weights that are biases, those of normalisations included. */
  biases: readonly string[];
  /** Every linear map, in the order of the forward pass. */
  linears: readonly LinearSite[];
  /** Roles that LoRA adapts by default. */
  loraTargets: readonly string[];
  /** Roles that IA³ scales by default: those whose output it scales, and those whose input. */
  ia3Targets: { outputs: readonly string[]; inputs: readonly string[] };
  /**
   * Roles of the last linear maps of a layer's attention and of its feed-forward network, whose outputs the residual is
   * added to; absent: the backbone has no such layers.
   */
  sublayerOutputs?: { attention: string; feedForward: string };
  /** Names of the normalisations. Their weights are "<name>.weight" and, if there is a bias, "<name>.bias" [width]. */
  norms: readonly string[];
  /** Width of each layer's keys and values, d_kv: all heads together. */
  keyValueWidths: readonly number[];
  /** Heads of a layer's keys and values. */
  attentionHeads: number;
  /** Heads of a layer's queries; absent: as many as of keys and values. */
  queryHeads?: number;
  /** Width of an input embedding, d_emb. */
  embeddingWidth: number;
  /** Width of the features that the classifier reads. */
  featureWidth: number;
  /** Most tokens of a text, without virtual tokens. */
  maxLength: number;
  /** Most tokens of text and virtual tokens together; absent: no limit. */
  positions?: number;
  /** The classifier; absent: one linear map, "head.weight" [d, classes] and "head.bias" [classes]. */
  head?: Head;
  /** How it scores the next token. Its weights are in `stored` if the files have them. Absent: no language model. */
  languageModel?: LanguageModel;
  /** How it scores the token that a mask stands for. Its weights are in `stored` if the files have them. Absent: it does not. */
  maskedLanguageModel?: MaskedLanguageModel;
  /** Kinds of task that it can be adapted to; absent: classification alone. */
  kinds?: readonly ("classification" | "generation")[];
  /** Its class in transformers takes no keys and values of earlier tokens, so PEFT cannot give it a prefix. */
  withoutCache?: true;
  /** It reads a text with one stack of layers, the encoder, and generates another with a second one, the decoder. */
  encoderDecoder?: true;
}

/**
 * Where a method enters the forward pass. Hooks of several methods are combined: prompts and prefixes are concatenated, the
 * other hooks are applied in turn.
 */
export interface Hooks {
  /** Virtual tokens [n, d_emb] before the input embeddings; or one set for each text, [batch, n, d_emb]. */
  prompt?(): Tensor;
  /**
   * Keys and values [n, d_kv] before those of a layer (in an encoder-decoder, a layer of the decoder); or one set for each
   * text, [batch, n, d_kv].
   */
  prefix?(layer: number): KeysAndValues;
  /** Changes the input of a linear map: x [rows, in] → [rows, in]. */
  input?(site: LinearSite, x: Tensor): Tensor;
  /** Changes the output of a linear map: input x [rows, in] and output y [rows, out] → [rows, out]. `weights`: the backbone's. */
  linear?(site: LinearSite, x: Tensor, y: Tensor, weights: Tensors): Tensor;
  /** Changes a layer's output: x [rows, d] → [rows, d]. */
  layer?(layer: number, x: Tensor): Tensor;
  /**
   * "peft": the forward pass treats virtual tokens as Hugging Face PEFT does, even where that is doubtful. The features of
   * an encoder are the output for the first virtual token of a prompt instead of the text's first token, for instance.
   */
  reading?: "peft";
}

/** A text's token ids. */
export interface Encoding extends ReadonlyArray<number> {
  /** Segment of each token (0 or 1), if the text is a pair and the backbone has segments. */
  readonly types?: readonly number[];
  /** Index of the mask that stands for the answer, if the text has one. */
  readonly answer?: number;
}

/** A trained tensor of a classifier. */
export interface HeadParameter {
  /** Its name: "classifier.weight". */
  name: string;
  /** Sizes of its axes. */
  shape: readonly number[];
  /** Standard deviation of the normal distribution that it is initially drawn from; 0: it is initially zero. */
  deviation: number;
}

/** The classifier that reads the features; every method trains it. */
export interface Head {
  /** Its tensors for a number of classes. */
  parameters(classes: number): HeadParameter[];
  /** Features [batch, d] → logits [batch, classes]. */
  classify(features: Tensor, parameters: Tensors): Tensor;
}

/** Keys and values of tokens. The second last axis counts tokens, the last is d_kv wide. */
export interface KeysAndValues {
  /** Keys, rotated by their positions where the backbone rotates them. */
  keys: Tensor;
  /** Values. */
  values: Tensor;
}

/** The result of reading tokens: what the next step needs. */
export interface ReadTokens {
  /** Hidden state [batch, d] of each text's last token after the last layer. */
  state: Tensor;
  /** Each layer's keys and values [batch, tokens, d_kv] of the tokens that were read, those of a prompt included. */
  layers: KeysAndValues[];
}

/** How the tokens of the vocabulary are scored by a hidden state: the head of a language model. */
export interface WordScores {
  /** Weights that it alone uses: name → shape. */
  weights: Record<string, readonly number[]>;
  /** Those of them that files may lack: the weights that they are tied to stand for them. */
  mayLack?: readonly string[];
  /**
   * Weights that the config ties, by the name of the weight that they are tied to: if the files hold an equal copy of it, they
   * are that weight. Others in their place are used as they are, as transformers does from 5.8 on.
   */
  tied?: Record<string, string>;
  /** Last hidden states [n, d] → scores [n, vocabulary], logits of the softmax over the vocabulary. */
  scores(weights: Tensors, states: Tensor): Tensor;
  /** The scores of some tokens alone: states [n, d] and token ids int32 [k] → [n, k]. No other token is multiplied with. */
  scoresOf(weights: Tensors, states: Tensor, tokens: Tensor): Tensor;
  /** The score of one token by each state: states [n, d] and token ids int32 [n] → [n]. */
  scoreOfEach(weights: Tensors, states: Tensor, tokens: Tensor): Tensor;
  /**
   * What the scores of all tokens are normalised by: states [n, d] → [n], the log of the summed exponentials of the scores.
   * Log-probabilities are scores less this.
   */
  logSumExp(weights: Tensors, states: Tensor): Tensor;
}

/** The masked language model of an encoder: how it scores the token that a mask stands for. */
export interface MaskedLanguageModel extends WordScores {
  /**
   * Last hidden states [batch, d] of one token of each text, which the last layer computes alone.
   * @param places float32 [batch, length], 1 at that token, 0 elsewhere
   */
  read(weights: Tensors, inputs: Tensors, places: Tensor, hooks: Hooks): Tensor;
}

/** A token that follows a text, or another token that follows it, so that several continuations branch off a text. */
export interface BranchToken {
  /** Its id. */
  token: number;
  /** Index of the branch token before it, which stands earlier in the list; -1: the text itself. */
  parent: number;
}

/** The language model of a backbone: how it reads texts token by token and scores the next token. */
export interface LanguageModel extends WordScores {
  /**
   * In an encoder-decoder: the token that every generated text starts with, and the input of `hiddenStates` that holds
   * these texts, `target` [batch, length], starting with that token. Absent: the generated text continues the one read.
   */
  target?: { start: number; inputs: Record<string, InputSpec> };
  /** The token that ends a text; absent: texts have no end token. */
  end?: number;
  /** Reads whole texts. */
  read(weights: Tensors, inputs: Tensors, hooks: Hooks): ReadTokens;
  /**
   * Reads whole texts once, and tokens that branch off each of them: a token sees the text and those that lead to it alone.
   * In an encoder-decoder they follow the start token.
   * @returns last hidden states [batch, 1 + branches, d]: of the last token of each text, and of each token of a branch
   */
  readBranches(weights: Tensors, inputs: Tensors, branches: readonly BranchToken[], hooks: Hooks): Tensor;
  /**
   * Reads tokens that are the nodes of a tree, one tree for each text: a token sees itself and those that lead to it alone. They stand in the
   * order of a walk that takes each branch to its end. Absent: it reads texts alone.
   * @param inputs those of `forward`, with `until` [batch, length], the place of the last token that is behind each, and `position`
   * [batch, length], the number of tokens that lead to it; both are float32
   * @returns last hidden states [batch, length, d]
   */
  readTree?(weights: Tensors, inputs: Tensors, hooks: Hooks): Tensor;
  /**
   * Inputs of `step`: the next `token` of each text and its `position`, both [batch]; and for the tokens read before, the
   * `mask` [batch, length], 0 for padding, and, if the step needs them, their positions, `places` [batch, length].
   * Positions count the virtual tokens of a prompt, but not those of a prefix. In an encoder-decoder they count generated
   * tokens; the tokens that the encoder read have places below 0.
   */
  stepInputs: Record<string, InputSpec>;
  /** Reads one more token of each text. `past`: each layer's keys and values [batch, length, d_kv] of the tokens before. */
  step(weights: Tensors, inputs: Tensors, past: readonly KeysAndValues[], hooks: Hooks): ReadTokens;
}

/** A backbone ready for use. */
export interface Backbone extends BackboneShape {
  /** Where each weight lies on disk, and any other tensor that the forward pass needs but no method trains. */
  stored: Record<string, StoredTensor>;
  /** SHA-256 of the weights and the vocabulary. */
  sha256: string;
  /** Rows of the input embedding. */
  vocabularySize: number;
  /** Name of the weight [vocabulary, d_emb] that holds the input embeddings. */
  embeddingWeight: string;
  /** Token id of the mask, which stands for a word that is asked for; absent: the tokenizer has none. */
  maskToken?: number;
  /** Token ids of a text, or of a pair of texts, with the special tokens around them: at most `limit`. */
  encode(text: string, limit: number, pair?: string): Promise<Encoding>;
  /** Token ids of a text without special tokens; absent: `encode` adds none. */
  tokenize?(text: string): Promise<number[]>;
  /** The chat template applied to a user's message, up to where the answer begins; absent: no chat template. */
  chat?(message: string): string;
  /** The text of token ids, without special tokens; absent: the backbone generates no text. */
  decode?(ids: readonly number[]): Promise<string>;
  /** The tokens of ids as one text, special tokens as the vocabulary writes them; absent: they cannot be shown. */
  show?(ids: readonly number[]): Promise<string>;
  /** Ends the process of the tokenizer; absent: there is none. */
  release?(): Promise<void>;
  /** Inputs of the forward pass, besides the weights. */
  inputs: Record<string, InputSpec>;
  /** Encoded texts as one batch, padded to the longest. */
  collate(encoded: readonly Encoding[]): Record<string, ArrayValue>;
  /** Features [batch, d] of each text, for the classifier. */
  forward(weights: Tensors, inputs: Tensors, hooks: Hooks): Tensor;
  /**
   * Outputs of the embeddings and of each layer, each [batch, virtual tokens of a prompt + length, d]; in an
   * encoder-decoder the encoder's, then the decoder's, each [batch, length, d].
   */
  hiddenStates?(weights: Tensors, inputs: Tensors, hooks: Hooks): Tensor[];
}

/** A model as far as it reads texts: its shape and its tokenizer. */
export type ReadingModel =
  & BackboneShape
  & Pick<Backbone, "stored" | "encode" | "tokenize" | "decode" | "chat" | "maskToken">;

/** A backbone without its weights and tokenizer: what config.json alone determines. */
export type Design =
  & Omit<Backbone, "stored" | "sha256" | "maskToken" | "encode" | "tokenize" | "chat" | "decode" | "release">
  & {
    /** Prefix of the weights' names, which files of a model without a classifier may omit: "bert.". */
    prefix: string;
  };

/** An architecture: a kind of backbone that a model folder may hold. */
export interface Architecture {
  /** Its paper. */
  citation: string;
  /** Its classes in transformers by kind of task. */
  classes: { classification?: string; generation?: string };
  /**
   * The backbone that config.json describes.
   * @throws {Error} if a value is missing or not supported
   */
  design(config: Config): Design;
}

/** A model folder's config.json, with the keys of transformers 5: `dtype`, `rope_parameters`. */
export interface Config {
  /** Its path, for messages. */
  path: string;
  /** Its values by key. */
  values: Record<string, unknown>;
}

/** How a model is opened. */
export interface OpenOptions {
  /** Texts are encoded in a process of its own, so that a tokenizer that ends its process does not end this one. */
  apart?: boolean;
}

/** A model: an entry of the table, a folder, a GGUF file, or a model on the hub. */
export interface Model {
  /** Its name as users write it; of a folder or file, the last part of its path. */
  name: string;
  /** What it is, in one line. */
  description: string;
  /** Version of weights and tokenizer: the commit on the hub; for a folder, the SHA-256 of config, weights and tokenizer. */
  revision: string;
  /** The checksum of the plug-in that it comes from, set when that is loaded. Absent: it is built in. */
  plugin?: string;
  /** SPDX name of the weights' licence; of a folder, the licence that its model card names, or "unknown". */
  licence: string;
  /** Its paper; of a folder, what its model card asks to be cited, or that it names none, with the architecture's paper. */
  citation: string;
  /** Shapes and names of its weights and sites. */
  shape: BackboneShape;
  /** The folder that it is read from; absent for an entry of the table. */
  folder?: string;
  /** Reads the tokenizer and where the weights lie. */
  open(options?: OpenOptions): Promise<Backbone>;
}
