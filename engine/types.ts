/**
 * Programs, and the devices that run them.
 * @module
 */
import type { AdamWOptions, TrainableParameter } from "./adamw.ts";
import type { Tensor, Tensors } from "./tensor.ts";

/** Sizes that differ from call to call. */
export interface CallSizes {
  /** The batch size. */
  batch: number;
  /** The length. */
  length: number;
  /** How many of the batch·length positions have a label, where these are listed. */
  labels: number;
}

/** A size of an axis of an input: fixed, or one that differs from call to call. */
export type Size = number | keyof CallSizes;

/** An input of a program. */
export interface InputSpec {
  /** Sizes of its axes. */
  shape: readonly Size[];
  /** Type of its entries. */
  dtype: "float32" | "int32";
  /**
   * For ids: every value must be at least 0 and less than this. Out of this range, a gather would read other memory.
   */
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

/** What a program takes: frozen weights, trainable parameters and inputs. */
export interface Signature {
  /** Frozen weights by name. */
  weights: Record<string, StoredTensor>;
  /** Shapes of the trainable float32 parameters by name. */
  parameters: Record<string, readonly number[]>;
  /** Inputs by name; every call brings values of its own for them. */
  inputs: Record<string, InputSpec>;
}

/** The tensors that a program computes with, under the names of its signature. */
export interface ProgramArguments {
  /** Frozen weights. */
  weights: Tensors;
  /** Trainable parameters. */
  parameters: Tensors;
  /** Inputs of the call. */
  inputs: Tensors;
  /**
   * Dropout: each entry of `x` is 0 with probability `rate`, and is divided by 1 − rate otherwise. Without gradients it
   * is `x` itself.
   * @param name of the mask; another one for each use
   */
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
  /** With `gradients` of {@linkcode CompileOptions}: the arrays that gradients are added to, by parameter name. */
  gradients?: Record<string, Float32Array>;
}

/** The bytes that a step needs, by what they hold. */
export interface MemoryPlan {
  /** Frozen weights that the program reads. */
  weights: number;
  /** Trainable parameters. */
  parameters: number;
  /** Their gradients, where these are computed. */
  gradients: number;
  /** AdamW's two moments, where gradients are computed. */
  optimiser: number;
  /** The most that intermediate values hold at once. */
  activations: number;
  /** The compiled program itself, and the runtime's copies of gradients. */
  runtime: number;
  /** Sum of the others. */
  total: number;
}

/** A number that depends on a length n: coefficients of 1, n and n². */
export type Quadratic = readonly [constant: number, linear: number, square: number];

/** A random mask that the program asks for with `dropout`: 0 with probability `rate`, otherwise 1 ÷ (1 − rate). */
export interface MaskSpec {
  /** Name of the input, "mask/…". */
  name: string;
  /** Probability of 0. */
  rate: number;
  /** Its shape in a call with these sizes. */
  shape(batch: number, length: number): number[];
}

/** A program made ready on a device. */
export interface Executable {
  /** Masks that each call brings as inputs, besides the inputs of the signature. */
  readonly masks: readonly MaskSpec[];
  /** Computes the outputs. If compiled with gradients, it adds those of `loss` to `feed.gradients`. */
  run(feed: Feed): Promise<Record<string, Float32Array>>;
  /** Planned memory of one call with these sizes, and a label at every position. */
  planMemory(batch: number, length: number): MemoryPlan;
  /** Frees what the device holds; the program can no longer be run. */
  release(): Promise<void>;
}

/** What a training keeps between two steps: its parameters, and AdamW's first and second moments. */
export type StatePart = "parameters" | "first" | "second";

/** The parts in the order in which they are saved. */
export const STATE_PARTS: readonly StatePart[] = ["parameters", "first", "second"];

/** Training with AdamW. The device keeps the parameters, their gradients and moments where it likes. */
export interface Training {
  /** Masks that each call brings as inputs, besides the inputs of the signature. */
  readonly masks: readonly MaskSpec[];
  /** Sets the parameters. @throws {Error} if one is missing or has another size */
  write(parameters: Record<string, Float32Array>): Promise<void>;
  /**
   * The current values of the parameters, or of another part of the state, by parameter. The next step may change the arrays
   * that are returned.
   */
  read(part?: StatePart): Promise<Record<string, Float32Array>>;
  /**
   * Goes on from a state that was read after so many steps, as if these had been taken here.
   * @param load gives the array of a part and a parameter; it is asked for one after the other
   */
  restore(steps: number, load: (part: StatePart, name: string) => Promise<Float32Array>): Promise<void>;
  /** Computes the program's outputs, and adds the gradients of `loss` to those accumulated since the last step. */
  accumulate(inputs: Record<string, ArrayValue>): Promise<Record<string, Float32Array>>;
  /**
   * One step of AdamW with the accumulated gradients, clipped to a global norm. `factor` multiplies every step size.
   */
  step(factor: number, settings: AdamWOptions): Promise<void>;
  /** Planned memory of a step with micro-batches of these sizes, and a label at every position. */
  planMemory(batch: number, length: number): MemoryPlan;
  /** Frees what the device holds. */
  release(): Promise<void>;
}

/** A fact that a platform may not reveal, then with the reason. */
export type Known<T extends string | number> = { value: T } | { value: null; reason: string };

/** What is known of a device on this machine. */
export interface DeviceReport {
  /** Why it cannot be used and what would help, in one sentence; null where it can be used. */
  unusable: string | null;
  /** What computes: a library, and the part of it. */
  provider: string;
  /** The hardware's name. */
  hardware: Known<string>;
  /** Size of the memory that it computes in. */
  memoryBytes: Known<number>;
  /** Driver and its version. */
  driver: Known<string>;
  /** Number formats of its arithmetic. */
  precision: Known<string>;
  /** Versions of the libraries it uses, by name. */
  versions: Record<string, string>;
  /** What a user should know of its limits, in sentences. */
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
  /**
   * For devices that can: less memory at less speed. Matrices stay as they are stored, not laid out for the processor.
   */
  small?: boolean;
  /** float32 by default; int8 only on devices that have it. */
  precision?: Precision;
}

/** A machine that runs programs. */
export interface Device {
  /** As on the command line. */
  name: string;
  /** What it is, in a few words. */
  description: string;
  /** Whether it can compute products with frozen matrices in int8. */
  int8?: true;
  /** Whether it computes in memory of its own; how much of it is free is not known. */
  ownMemory?: true;
  /** Whether it has the option `small`. */
  small?: true;
  /** Loads the device's libraries and looks at this machine. Never throws: the report says what is wrong. */
  inspect(): Promise<DeviceReport>;
  /**
   * Makes a program ready to run.
   * @throws {Error} if it cannot be traced: unknown kernel, random numbers, values read, tensors from outside
   */
  compile(program: Program, signature: Signature, options: CompileOptions): Promise<Executable>;
  /**
   * Makes a program whose output `loss` is a scalar ready to be trained.
   * @param parameters those of the signature, with their step sizes
   * @throws {Error} as `compile`, or if the state does not fit into memory
   */
  train(
    program: Program,
    signature: Signature,
    parameters: readonly TrainableParameter[],
    options: Omit<CompileOptions, "gradients">,
  ): Promise<Training>;
}
