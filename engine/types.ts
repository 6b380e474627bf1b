/**
 * What a program is, and what a device makes of it.
 * @module
 */
import type { Tensor, Tensors } from "./tensor.ts";

/** A size of an input: fixed, or one of the two that differ from call to call. */
export type Size = number | "batch" | "length";

/** An input of a program. */
export interface InputSpec {
  /** Sizes of its axes. */
  shape: readonly Size[];
  /** Type of its entries. */
  dtype: "float32" | "int32";
  /** For ids: every value must be at least 0 and less than this (out of range, a gather reads foreign memory). */
  below?: number;
}

/** Where a float32 tensor lies in a file: little-endian, contiguous, row-major. */
export interface StoredTensor {
  /** The file. */
  path: string;
  /** In bytes from the start of the file. */
  offset: number;
  /** Sizes of its axes. */
  shape: readonly number[];
}

/** Everything a program takes: frozen weights, trainable parameters, inputs. */
export interface Signature {
  /** Frozen weights by name. */
  weights: Record<string, StoredTensor>;
  /** Shapes of the trainable float32 parameters by name. */
  parameters: Record<string, readonly number[]>;
  /** What each call brings, by name. */
  inputs: Record<string, InputSpec>;
}

/** The tensors a program computes with, under the names of its signature. */
export interface ProgramArguments {
  /** Frozen weights. */
  weights: Tensors;
  /** Trainable parameters. */
  parameters: Tensors;
  /** The call's inputs. */
  inputs: Tensors;
  /** `x` with each entry kept with probability 1 − rate and scaled by its inverse; without gradients, `x` itself. */
  dropout(name: string, x: Tensor, rate: number): Tensor;
}

/**
 * A pure function of tensors in tfjs operations. It is run several times on tensors without values, so it must not
 * read values, draw random numbers or use tensors from outside.
 */
export type Program = (args: ProgramArguments) => Tensors;

/** An array with its shape. */
export interface ArrayValue {
  /** Entries, row-major. */
  data: Float32Array | Int32Array;
  /** Sizes of its axes. */
  shape: readonly number[];
}

/** The values of one call. */
export interface Feed {
  /** Values of the parameters, read in place. */
  parameters: Record<string, Float32Array>;
  /** The inputs and the masks. */
  inputs: Record<string, ArrayValue>;
  /** With `gradients` of {@linkcode CompileOptions}: where the gradients are added, under the parameters' names. */
  gradients?: Record<string, Float32Array>;
}

/** The bytes a step needs, by what they hold. */
export interface MemoryPlan {
  /** Frozen weights that the program reads. */
  weights: number;
  /** Trainable parameters. */
  parameters: number;
  /** Their gradients, where asked for. */
  gradients: number;
  /** AdamW's two moments, where gradients are asked for. */
  optimiser: number;
  /** The most that intermediate values hold at once. */
  activations: number;
  /** Sum of the others. */
  total: number;
}

/** A random mask the program asks for (see `dropout`): 0 with probability `rate`, else 1 ÷ (1 − rate). */
export interface MaskSpec {
  /** Name of the input, "mask/…". */
  name: string;
  /** Probability of 0. */
  rate: number;
  /** Its shape in a call of these sizes. */
  shape(batch: number, length: number): number[];
}

/** A program made ready on a device. */
export interface Executable {
  /** Inputs that the caller fills besides those of the signature. */
  readonly masks: readonly MaskSpec[];
  /** Computes the outputs and, where asked for, adds the gradients of `loss` to `feed.gradients`. */
  run(feed: Feed): Promise<Record<string, Float32Array>>;
  /** Planned memory of one call at these sizes. */
  plan(batch: number, length: number): MemoryPlan;
  /** Frees what the device holds; the program can no longer be run. */
  release(): Promise<void>;
}

/** How a program is compiled. */
export interface CompileOptions {
  /** Also compute the gradient of the scalar output `loss` with respect to every parameter. */
  gradients?: boolean;
  /** Processor threads. */
  threads: number;
}

/** A machine that runs programs. */
export interface Device {
  /** As on the command line. */
  name: string;
  /** What it is, in a few words. */
  description: string;
  /**
   * Makes a program ready to run.
   * @throws {Error} if it cannot be recorded: unknown kernel, random numbers, values read, tensors from outside
   */
  compile(program: Program, signature: Signature, options: CompileOptions): Promise<Executable>;
}
