/**
 * The contract of a method of adaptation.
 * @module
 */
import type { Random } from "../base/random.ts";
import type { Axis } from "../base/search-space.ts";
import type { Tensors } from "../engine/tensor.ts";
import type { ProgramArguments } from "../engine/types.ts";
import type { BackboneShape, Hooks } from "../models/types.ts";

/** What a parameter's start values may be computed from. */
export interface StartContext {
  /** The random stream of this parameter alone. */
  random: Random;
  /** Rows of the input embedding. */
  vocabularySize: number;
  /** Token ids of a text. */
  encode(text: string): Promise<readonly number[]>;
  /** Rows of the input embedding, concatenated: [ids.length · d_emb]. */
  embeddings(ids: readonly number[]): Promise<Float32Array>;
  /** A weight of the backbone, row by row. */
  weight(name: string): Promise<Float32Array>;
  /** Names of the task's classes. */
  labels: readonly string[];
  /** Token ids of the template's own words, where the language model answers by words. */
  template?: readonly number[];
}

/** A trainable tensor that a method adds. */
export interface MethodParameter {
  /** Unique within the method. */
  name: string;
  /** Sizes of its axes. */
  shape: readonly number[];
  /** Its values before the first step, row by row. */
  start(context: StartContext): Float32Array | Promise<Float32Array>;
}

/** A tensor that a method adds and never trains: a random projection. */
export interface FrozenTensor {
  /** Unique within the method. */
  name: string;
  /** Sizes of its axes. */
  shape: readonly number[];
  /** Its values, row by row; the same seed gives the same values. */
  draw(seed: number): Float32Array;
}

/** How parameters are laid out in a file: two functions of tensors, each the inverse of the other. */
export interface TensorLayout {
  /** Shapes of the stored tensors by their keys in the file. */
  shapes: Record<string, readonly number[]>;
  /** From parameters, under the method's names, to stored tensors, under their keys. */
  tensors(parameters: Tensors): Tensors;
  /** From stored tensors to parameters. */
  parameters(stored: Tensors): Tensors;
}

/** An adapter_config.json. */
export interface PeftConfig {
  /** Where it was read, for messages. */
  path: string;
  /** Its fields. */
  values: Record<string, unknown>;
}

/** How Hugging Face PEFT stores a method: options and parameters to its files, and back. */
export interface PeftForm<O extends CommonOptions> {
  /** The `peft_type` of adapter_config.json. */
  type: string;
  /** The fields of adapter_config.json, or null where PEFT does not load these options on this backbone. */
  config(shape: BackboneShape, options: O): Record<string, unknown> | null;
  /**
   * The options that say what an adapter_config.json says.
   * @throws {Error} if a field is out of range, or asks for what this method does not do
   */
  options(config: PeftConfig, shape: BackboneShape): Record<string, unknown>;
  /**
   * How adapter_model.safetensors holds the parameters, or null where PEFT has no keys for them. Where the method has a
   * `plain` form, the layout of the plain method is used instead.
   */
  layout(shape: BackboneShape, options: O): TensorLayout | null;
  /** By a frozen tensor's name, the key under which PEFT may store it, too. TuneBench does not store it. */
  frozenKeys?: Record<string, string>;
}

/** The method without an encoder that has the same effect as a trained method with one: the encoder's output is its parameters. */
export interface PlainMethod {
  /** Name of that method. */
  name: string;
  /** Its options; those left out have their defaults. */
  options: Record<string, unknown>;
  /** Its parameters, computed from those of the method with the encoder. */
  parameters(parameters: Tensors): Tensors;
}

/** A zod schema of options. */
export interface OptionsSchema<O> {
  /** The options with defaults filled in. @throws {ZodError} if a rule is broken or a key unknown */
  parse(value: unknown): O;
}

/** Options that every method has which is trained. */
export interface CommonOptions {
  /** AdamW step size of the method's parameters; of the classifier where the method trains nothing else. */
  learningRate?: number;
  /** Passes over the training examples. */
  epochs?: number;
  /** Of methods with frozen tensors: the seed that these are drawn from; null: the run's. */
  projectionSeed?: number | null;
}

/** A method of adaptation with options `O`. */
export interface Method<O extends CommonOptions = CommonOptions> {
  /** As users write it. */
  name: string;
  /** Grows with every change of what the method computes. Absent: 1. From 2 on it is part of the run's id. */
  version?: number;
  /** The checksum of the plug-in that it comes from, set when that is loaded. Absent: it is built in. Part of the run's id. */
  plugin?: string;
  /** One line about what is trained. */
  description: string;
  /** Citation of the paper it comes from. */
  paper: string;
  /** Schema of the options with their defaults; unknown keys are errors. */
  options: OptionsSchema<O>;
  /**
   * What tuning searches: values by option. The default lies inside, so that it is a choice like others. Absent: only a study that
   * gives a space can tune the method.
   */
  space?: { readonly [K in keyof O]?: Axis };
  /** It trains nothing, no classifier either: a run is a pass over the test examples. Absent: it is trained. */
  untrained?: true;
  /** Number of training examples that stand with their answers before each text; only of what is untrained. Absent: none. */
  examples?(options: O): number;
  /** Trainable tensors it adds, in a fixed order. */
  parameters(shape: BackboneShape, options: O): MethodParameter[];
  /** Names of the backbone's weights that it trains in place. */
  trains(shape: BackboneShape, options: O): string[];
  /** Tensors it adds and does not train, drawn from `options.projectionSeed`. They are never stored. Absent: none. */
  frozen?(shape: BackboneShape, options: O): FrozenTensor[];
  /** Closed form of the number of trained values, classifier excluded; independent of `parameters` and `trains`. */
  count(shape: BackboneShape, options: O): number;
  /**
   * Makes sure that options make sense on a backbone: called for studies, before anything is trained. Adapters that exist are
   * read without it. Absent: all do.
   * @throws {Error} one sentence with the bound
   */
  requireBounds?(shape: BackboneShape, options: O): void;
  /** Number of positions that its virtual tokens take before a text; absent: none. */
  virtualTokens?(options: O): number;
  /** Whether the adapted model equals the backbone before the first step. */
  identityAtStart: boolean;
  /**
   * Where its tensors enter the forward pass.
   * @param parameters its parameters, frozen tensors and weights trained in place, by name
   * @param dropout drops entries of a tensor while training
   */
  hooks(parameters: Tensors, shape: BackboneShape, options: O, dropout: ProgramArguments["dropout"]): Hooks;
  /** The method that is stored in its place if an encoder computes what it adds to the model; undefined: it is stored itself. */
  plain?(shape: BackboneShape, options: O): PlainMethod | undefined;
  /** How PEFT stores it. Without it or its layout, tensors are stored as they are, under their own names. */
  peft?: PeftForm<O>;
  /** The weights of the backbone with the trained method folded into them: those that change. Absent: it cannot be folded. */
  merged?(parameters: Tensors, weights: Tensors, shape: BackboneShape, options: O): Tensors;
}
