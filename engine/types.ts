/**
 * What a program is, and what a device makes of it.
 * @module
 */
import type { AdamWOptions, TrainableParameter } from "./adamw.ts";
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
  /** TrainableClassifier parameters. */
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
  /** TrainableClassifier parameters. */
  parameters: number;
  /** Their gradients, where asked for. */
  gradients: number;
  /** AdamW's two moments, where gradients are asked for. */
  optimiser: number;
  /** The most that intermediate values hold at once. */
  activations: number;
  /** The recorded program itself, and the runtime's copies of gradients. */
  runtime: number;
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
  planMemory(batch: number, length: number): MemoryPlan;
  /** Frees what the device holds; the program can no longer be run. */
  release(): Promise<void>;
}

/** Training with AdamW: the parameters, their gradients and moments, wherever the device keeps them. */
export interface Training {
  /** Inputs that the caller fills besides those of the signature. */
  readonly masks: readonly MaskSpec[];
  /** Sets the parameters. @throws {Error} if one is missing or has another size */
  write(parameters: Record<string, Float32Array>): Promise<void>;
  /** The parameters' values now; what is returned may change with the next step. */
  read(): Promise<Record<string, Float32Array>>;
  /** Computes the program's outputs, and adds the gradients of `loss` to those since the last step. */
  accumulate(inputs: Record<string, ArrayValue>): Promise<Record<string, Float32Array>>;
  /** One step of AdamW with the added gradients, clipped to a global norm. `factor` multiplies every step size. */
  step(factor: number, settings: AdamWOptions): Promise<void>;
  /** Planned memory of a step with micro-batches of these sizes. */
  planMemory(batch: number, length: number): MemoryPlan;
  /** Frees what the device holds. */
  release(): Promise<void>;
}

/** Something a platform may not tell. */
export type Known<T extends string | number> = { value: T } | { value: null; reason: string };

/** What is known of a device on this machine. */
export interface DeviceReport {
  /** Why it cannot be used and what would help, in one sentence; null where it can be used. */
  unusable: string | null;
  /** What computes: a library and its part. */
  provider: string;
  /** The hardware's name. */
  hardware: Known<string>;
  /** Memory it computes in. */
  memoryBytes: Known<number>;
  /** Driver and its version. */
  driver: Known<string>;
  /** Number formats of its arithmetic. */
  precision: Known<string>;
  /** Versions of the libraries it uses, by name. */
  versions: Record<string, string>;
  /** What it does not do well, in sentences. */
  limits: readonly string[];
}

/** Number formats of products with frozen matrices; everything else is computed in float32. */
export type Precision = "float32" | "int8";

/** How a program is compiled. */
export interface CompileOptions {
  /** Also compute the gradient of the scalar output `loss` with respect to every parameter. */
  gradients?: boolean;
  /** Processor threads. */
  threads: number;
  /** Less memory at less speed, for devices that have it: matrices stay as they are stored, not laid out for the processor. */
  small?: boolean;
  /** By default float32. int8 is for devices that have it. */
  precision?: Precision;
}

/** A machine that runs programs. */
export interface Device {
  /** As on the command line. */
  name: string;
  /** What it is, in a few words. */
  description: string;
  /** Whether products with frozen matrices may be in int8. */
  int8?: true;
  /** Whether it computes in memory of its own; no platform tells how much of that is free. */
  ownMemory?: true;
  /** Whether it computes in less memory on request. */
  small?: true;
  /** Looks at this machine; loads the device's libraries. Never throws: what is wrong is in the report. */
  inspect(): Promise<DeviceReport>;
  /**
   * Makes a program ready to run.
   * @throws {Error} if it cannot be recorded: unknown kernel, random numbers, values read, tensors from outside
   */
  compile(program: Program, signature: Signature, options: CompileOptions): Promise<Executable>;
  /**
   * Makes ready to train a program whose output `loss` is a scalar.
   * @param parameters those of the signature, with their step sizes
   * @throws {Error} as `compile`, or if the state does not fit
   */
  train(
    program: Program,
    signature: Signature,
    parameters: readonly TrainableParameter[],
    options: Omit<CompileOptions, "gradients">,
  ): Promise<Training>;
}
