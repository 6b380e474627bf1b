/**
 * What a method of adaptation is.
 * @module
 */
import type { ProgramArguments } from "../engine/types.ts";
import type { Random } from "../base/random.ts";
import type { Tensors } from "../engine/tensor.ts";
import type { BackboneShape, Hooks } from "../models/types.ts";

/** What a parameter's start value may be made from. */
export interface StartContext {
  /** The stream of this parameter alone. */
  random: Random;
  /** Rows of the input embedding. */
  vocabularySize: number;
  /** Token ids of a text. */
  encode(text: string): readonly number[];
  /** Rows of the input embedding, concatenated: [ids.length · d_emb]. */
  embeddings(ids: readonly number[]): Promise<Float32Array>;
  /** A weight of the backbone, row by row. */
  weight(name: string): Promise<Float32Array>;
  /** Names of the task's classes. */
  labels: readonly string[];
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

/** What a method leaves on disk, computed from its trained parameters. */
export interface StoredForm {
  /** PEFT's adapter_config.json, or null where PEFT has no form for it. */
  config: Record<string, unknown> | null;
  /** Shapes of the stored tensors by their keys on disk. */
  shapes: Record<string, readonly number[]>;
  /** A pure function of tensors: stored tensors under their keys on disk. */
  tensors(parameters: Tensors): Tensors;
  /** Its inverse; absent where what is stored does not determine the parameters. */
  parameters?(stored: Tensors): Tensors;
  /** Where it is absent: the method, of the same effect, that is stored in this way and whose parameters are determined. */
  plain?: { name: string; options: Record<string, unknown> };
}

/** An adapter_config.json. */
export interface PeftConfig {
  /** Where it was read, for messages. */
  path: string;
  /** Its fields. */
  values: Record<string, unknown>;
}

/** A method as PEFT's adapter_config.json describes it. */
export interface PeftForm {
  /** Its `peft_type`. */
  type: string;
  /**
   * Options of ours that say what the config says.
   * @throws {Error} if a field is out of range, or asks for what is not there
   */
  options(config: PeftConfig, shape: BackboneShape): Record<string, unknown>;
}

/** A zod schema of options. */
export interface OptionsSchema<O> {
  /** The options with defaults filled in. @throws {ZodError} if a rule is broken or a key unknown */
  parse(value: unknown): O;
}

/** Options every method has. */
export interface CommonOptions {
  /** AdamW step size of the method's parameters; of the classifier where the method trains nothing else. */
  learningRate: number;
  /** Passes over the training examples. */
  epochs: number;
}

/** A method of adaptation with options `O`. */
export interface Method<O extends CommonOptions = CommonOptions> {
  /** As users write it. */
  name: string;
  /** One line about what is trained. */
  description: string;
  /** Citation of the paper it comes from. */
  paper: string;
  /** Schema of the options with their defaults; unknown keys are errors. */
  options: OptionsSchema<O>;
  /** TrainableClassifier tensors it adds, in a fixed order. */
  parameters(shape: BackboneShape, options: O): MethodParameter[];
  /** Names of the backbone's weights that it trains in place. */
  trains(shape: BackboneShape, options: O): string[];
  /** Closed form of the number of trained values, classifier excluded; independent of `parameters` and `trains`. */
  count(shape: BackboneShape, options: O): number;
  /** Number of positions that its virtual tokens take before a text; absent: none. */
  virtualTokens?(options: O): number;
  /** Closed form of the number of values stored to be used (an encoder is not), classifier excluded. */
  storedCount(shape: BackboneShape, options: O): number;
  /** Whether the adapted model equals the backbone before the first step. */
  identityAtStart: boolean;
  /** Where its parameters (under the names of `parameters`) enter the forward pass. */
  hooks(parameters: Tensors, shape: BackboneShape, options: O, dropout: ProgramArguments["dropout"]): Hooks;
  /** Its tensors are computed from the parameters and the weights trained in place, under their names. */
  stored(shape: BackboneShape, options: O): StoredForm;
  /** How PEFT knows the method, where it does. */
  peft?: PeftForm;
  /** The backbone's weights that change when the method is folded into them, where it has such a form. */
  merged?(parameters: Tensors, weights: Tensors, shape: BackboneShape, options: O): Tensors;
}
