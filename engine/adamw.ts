/**
 * The training state: parameters, gradients and AdamW's two moments in one WebAssembly memory, updated in place by a
 * SIMD kernel. A device reads parameters from it and adds gradients to it without a copy.
 * @module
 */
import { sizeOf } from "../base/shapes.ts";

/** Settings of AdamW (Loshchilov and Hutter, 2019). */
export interface AdamWOptions {
  /** Decay of the first moment. */
  beta1: number;
  /** Decay of the second moment. */
  beta2: number;
  /** Added to the root of the second moment. */
  epsilon: number;
  /** Decoupled weight decay λ. */
  weightDecay: number;
  /** Greatest norm of the gradient over all parameters; a larger gradient is scaled down. */
  clip: number;
}

/** A parameter with its step size. */
export interface TrainableParameter {
  /** Its name. */
  name: string;
  /** Sizes of its axes. */
  shape: readonly number[];
  /** Step size; the schedule's factor multiplies it. */
  learningRate: number;
}

/** Checks a value for a parameter. @throws {Error} if it is missing or does not have `length` entries */
export function requireLength(name: string, length: number, value: Float32Array | undefined): void {
  if (value?.length === length) return;
  throw new Error(
    `Cannot set parameter ${name}: it must have ${length} values, current value has ${value?.length ?? "none"}`,
  );
}

/** Parameters with the same step size, which lie next to each other: `bytes` bytes from `offset`. */
interface Group {
  learningRate: number;
  offset: number;
  bytes: number;
}

/** The functions of adamw.wat, where their arguments are described. */
interface Kernels {
  squaredNorm(offset: number, bytes: number): number;
  // deno-fmt-ignore
  adamw(
    p: number, g: number, m: number, v: number, bytes: number, scale: number, beta1: number, rest1: number,
    beta2: number, rest2: number, decay: number, rate: number, root: number, epsilon: number,
  ): void;
}

/** Arrays start at multiples of 64 bytes, which suits the vector instructions of the runtime. */
const ALIGNMENT = 64;
/** Bytes of a page of WebAssembly memory. */
const PAGE = 65536;
/** As many pages as 32-bit WebAssembly can address. */
const MOST_PAGES = 65536;

let compiled: WebAssembly.Module | undefined;

/** `deno task docs` assembles them from adamw.wat: that would cost every cell a tenth of a second of processor time. */
async function compileKernels(): Promise<WebAssembly.Module> {
  return compiled ??= await WebAssembly.compile(await Deno.readFile(new URL("./adamw.wasm", import.meta.url)));
}

/** Parameters, gradients and optimiser state of one training run. */
export class TrainingState {
  /** Values by parameter name. The arrays are views of the state's memory. */
  readonly parameters: Record<string, Float32Array> = {};
  /** Gradients by parameter name. A device adds to them, and `step` sets them to zero. */
  readonly gradients: Record<string, Float32Array> = {};
  /** First moments by parameter name. */
  readonly first: Record<string, Float32Array> = {};
  /** Second moments by parameter name. */
  readonly second: Record<string, Float32Array> = {};
  /** Steps taken. */
  steps = 0;
  readonly #groups: Group[];
  /** Bytes of the parameters, as of each of the three regions that follow: gradients, first and second moments. */
  readonly #regionBytes: number;
  readonly #kernels: Kernels;

  private constructor(
    memory: WebAssembly.Memory,
    kernels: Kernels,
    regionBytes: number,
    groups: Group[],
    offsets: Map<TrainableParameter, number>,
  ) {
    this.#kernels = kernels;
    this.#regionBytes = regionBytes;
    this.#groups = groups;
    for (const [parameter, offset] of offsets) {
      const size = sizeOf(parameter.shape);
      [this.parameters, this.gradients, this.first, this.second].forEach((region, at) =>
        region[parameter.name] = new Float32Array(memory.buffer, at * regionBytes + offset, size)
      );
    }
  }

  /**
   * Makes a state with all values zero.
   * @throws {Error} if it does not fit into the 4 GiB that WebAssembly can address
   */
  static async create(parameters: readonly TrainableParameter[]): Promise<TrainingState> {
    const groups: Group[] = [];
    const offsets = new Map<TrainableParameter, number>();
    let end = 0;
    for (const learningRate of new Set(parameters.map((parameter) => parameter.learningRate))) {
      const start = end;
      for (const parameter of parameters.filter((each) => each.learningRate === learningRate)) {
        offsets.set(parameter, end);
        const bytes = 4 * sizeOf(parameter.shape);
        end += Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
      }
      groups.push({ learningRate, offset: start, bytes: end - start });
    }
    const pages = Math.max(1, Math.ceil(4 * end / PAGE));
    if (pages > MOST_PAGES) {
      throw new Error(
        `Cannot train ${end / 4} parameters: with gradients and AdamW's moments they must fit into 4 GiB, ` +
          `current value is ${(4 * end / 2 ** 30).toFixed(1)} GiB`,
      );
    }
    const memory = new WebAssembly.Memory({ initial: pages, maximum: MOST_PAGES });
    const instance = await WebAssembly.instantiate(await compileKernels(), { state: { memory } });
    return new TrainingState(memory, instance.exports as unknown as Kernels, end, groups, offsets);
  }

  /** Sets the parameters. @throws {Error} if one is missing or has another size */
  write(values: Record<string, Float32Array>): void {
    for (const [name, parameter] of Object.entries(this.parameters)) {
      requireLength(name, parameter.length, values[name]);
      parameter.set(values[name]);
    }
  }

  /**
   * One step of AdamW with the gradients accumulated since the last one, clipped to a global norm as PyTorch does it:
   * they are multiplied by min(1, clip ÷ (norm + 1e-6)).
   * @param factor what every parameter's step size is multiplied by: the schedule's value
   * @returns the gradient's global norm before clipping
   */
  step(factor: number, settings: AdamWOptions): number {
    const { beta1, beta2, epsilon, weightDecay, clip } = settings;
    this.steps++;
    const region = this.#regionBytes;
    const norm = Math.sqrt(this.#kernels.squaredNorm(region, region));
    const scale = Math.min(1, clip / (norm + 1e-6));
    for (const { learningRate, offset, bytes } of this.#groups) {
      const rate = factor * learningRate;
      this.#kernels.adamw(
        offset,
        region + offset,
        2 * region + offset,
        3 * region + offset,
        bytes,
        scale,
        beta1,
        1 - beta1,
        beta2,
        1 - beta2,
        1 - rate * weightDecay,
        rate / (1 - beta1 ** this.steps),
        1 / Math.sqrt(1 - beta2 ** this.steps),
        epsilon,
      );
    }
    return norm;
  }
}
