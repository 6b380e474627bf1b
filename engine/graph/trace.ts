/**
 * Tracing a program: it is run on a tfjs backend whose tensors have shapes but no values, and that notes each kernel
 * which tfjs dispatches, those of the gradient included.
 * @module
 */
import type * as tfjs from "@tensorflow/tfjs-core";
import { checkConstant } from "../constants.ts";
import { type Tensor, type Tensors, tf } from "../tensor.ts";
import { kernels } from "./kernels/mod.ts";
import type { Attributes, TensorSpec } from "./kernels/types.ts";
import type { CallSizes, Program, ProgramArguments, Signature, Size } from "../types.ts";

/** A step of a trace. */
export interface TraceStep {
  /** A tfjs kernel, or "input", "weight", "parameter", "mask", "values". */
  kernel: string;
  /** Numbers of the input tensors, by the kernel's names for them. */
  inputs: Record<string, number>;
  /** The kernel's attributes; `name` of inputs and the like, `values` of constants. */
  attributes: Record<string, unknown>;
  /** Shapes and types of its outputs. */
  outputs: TensorSpec[];
  /** Number of its first output; the others have the numbers that follow. */
  first: number;
}

/** What a program did with tensors of one batch size and length. */
export interface Trace {
  /** In the order in which they were dispatched. */
  steps: TraceStep[];
  /** Output name → tensor number. */
  outputs: Record<string, number>;
  /** Parameter name → number of its gradient. */
  gradients: Record<string, number>;
  /** The masks that the program asked for: name → rate. */
  masks: Map<string, number>;
}

/** The trace in progress. Kernels are registered once in a process, and write here. */
let current: { steps: TraceStep[]; numbers: WeakMap<object, number>; count: number } | undefined;

/** Appends a step, and makes tfjs' handles of its outputs. */
function append(
  kernel: string,
  inputs: Record<string, number>,
  attributes: Record<string, unknown>,
  outputs: TensorSpec[],
): tfjs.TensorInfo[] {
  if (!current) throw new Error("Cannot trace: no trace is in progress");
  const { steps, numbers } = current;
  steps.push({ kernel, inputs, attributes, outputs, first: current.count });
  return outputs.map(({ shape, dtype }) => {
    const dataId = {};
    numbers.set(dataId, current!.count++);
    return { dataId, shape, dtype };
  });
}

/** @throws {Error} if the tensor was not made in the trace in progress */
function numberOf(dataId: object): number {
  const number = current?.numbers.get(dataId);
  if (number === undefined) {
    throw new Error(
      "Cannot trace the program: it uses a tensor from outside; pass it as an input, a weight or a parameter",
    );
  }
  return number;
}

function refuseToRead(): never {
  throw new Error("Cannot trace the program: it reads a tensor's values, which are not known while it is traced");
}

/** A backend without values. It never frees a tensor: a trace needs all of them. */
function createBackend(): tfjs.KernelBackend {
  class TracingBackend extends tf.KernelBackend {
    override write(values: tfjs.backend_util.BackendValues, shape: number[], dtype: tfjs.DataType): object {
      checkConstant(values ?? [], shape);
      return append("values", {}, { values: values ?? new Float32Array(0) }, [{ shape, dtype }])[0].dataId;
    }
    override move(): void {
      numberOf({});
    }
    override read(): Promise<tfjs.backend_util.BackendValues> {
      return refuseToRead();
    }
    override readSync(): tfjs.backend_util.BackendValues {
      return refuseToRead();
    }
    override numDataIds(): number {
      return current?.count ?? 0;
    }
    override disposeData(): boolean {
      return true;
    }
    override incRef(): void {}
    override refCount(): number {
      return 1;
    }
    override floatPrecision(): 16 | 32 {
      return 32;
    }
    override dispose(): void {}
  }
  return new TracingBackend();
}

const BACKEND = "tunebench-trace";

/** Registers the backend, with a kernel for each rule. */
function registerOnce(): void {
  if (tf.findBackend(BACKEND)) return;
  tf.registerBackend(BACKEND, createBackend);
  for (const kernelName of Object.keys(kernels)) {
    tf.registerKernel({
      kernelName,
      backendName: BACKEND,
      kernelFunc: ({ inputs, attrs }) => {
        const tensors = Object.entries(inputs).filter(([, info]) => info) as [string, tfjs.TensorInfo][];
        const numbers = Object.fromEntries(tensors.map(([name, info]) => [name, numberOf(info.dataId)]));
        // The same data under another tensor: tfjs clones every tensor that it saves for the gradient.
        if (kernelName === "Identity") return { ...tensors[0][1] };
        const attributes: Attributes = { ...attrs };
        // tfjs also takes a single number, which could not be told from a list once it has become a `Dim`.
        if (kernelName === "Slice") attributes.begin = [attributes.begin].flat();
        const specs = kernels[kernelName].infer(Object.fromEntries(tensors), attributes);
        const outputs = append(kernelName, numbers, attributes, specs);
        return outputs.length === 1 && kernelName !== "SplitV" && kernelName !== "Unpack" ? outputs[0] : outputs;
      },
    });
  }
}

function placeholder(kernel: string, name: string, shape: number[], dtype: "float32" | "int32"): Tensor {
  const [info] = append(kernel, {}, { name }, [{ shape, dtype }]);
  return tf.engine().makeTensorFromTensorInfo(info);
}

function placeholders(kernel: string, shapes: Record<string, readonly number[]>): Tensors {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, placeholder(kernel, name, [...shape], "float32")]),
  );
}

/** Placeholders for everything that a program takes. The masks that it asks for are noted in the trace. */
function createArguments(
  { weights, parameters, inputs }: Signature,
  gradients: boolean,
  sizes: CallSizes,
  { masks }: Trace,
): ProgramArguments {
  const evaluate = (size: Size) => typeof size === "number" ? size : sizes[size];
  // Evaluated in this order, which decides the tensors' numbers.
  const parameterTensors = placeholders("parameter", parameters);
  const shapes = Object.fromEntries(Object.entries(weights).map(([name, { shape }]) => [name, shape]));
  return {
    weights: placeholders("weight", shapes),
    parameters: parameterTensors,
    inputs: Object.fromEntries(
      Object.entries(inputs).map((
        [name, { shape, dtype }],
      ) => [name, placeholder("input", name, shape.map(evaluate), dtype)]),
    ),
    dropout: (name, x, rate) => {
      if (rate === 0 || !gradients) return x;
      if (masks.has(name)) throw new Error(`Cannot trace the program: it asks for the mask ${name} twice`);
      masks.set(name, rate);
      return tf.mul(x, placeholder("mask", name, x.shape, "float32"));
    },
  };
}

/** Runs the program and, where asked for, tfjs' gradient of its loss. */
function traceOutputs(program: Program, args: ProgramArguments, gradients: boolean, trace: Trace): void {
  const forward = () => {
    const outputs = program(args);
    for (const [name, tensor] of Object.entries(outputs)) trace.outputs[name] = numberOf(tensor.dataId);
    return outputs;
  };
  if (!gradients) {
    forward();
    return;
  }
  const computeLoss = () => {
    const { loss } = forward();
    if (loss?.rank === 0) return loss;
    throw new Error(
      `Cannot train the program: its output loss must be a scalar, current value is ${loss && `[${loss.shape}]`}`,
    );
  };
  const { grads } = tf.engine().gradients(computeLoss, Object.values(args.parameters), undefined, true);
  Object.keys(args.parameters).forEach((name, index) => {
    // tfjs types the list as complete, but leaves a gap for a parameter that the loss does not depend on.
    const gradient = grads[index] as Tensor | undefined;
    if (!gradient) throw new Error(`Cannot train parameter ${name}: the loss does not depend on it`);
    trace.gradients[name] = numberOf(gradient.dataId);
  });
}

/** Traces a program at one batch size, length and number of labels; the current backend of tfjs is the one that traces. */
function traceOnce(
  program: Program,
  signature: Signature,
  gradients: boolean,
  sizes: CallSizes,
): Trace {
  current = { steps: [], numbers: new WeakMap(), count: 0 };
  const trace: Trace = { steps: current.steps, outputs: {}, gradients: {}, masks: new Map() };
  tf.engine().startScope("trace");
  try {
    traceOutputs(program, createArguments(signature, gradients, sizes, trace), gradients, trace);
    return trace;
  } finally {
    tf.engine().endScope();
    current = undefined;
  }
}

/**
 * Traces a program at several sizes, one after the other: tfjs looks through all kernels whenever its backend changes.
 * @param gradients whether to trace the gradient of the output `loss` with respect to every parameter
 * @throws {Error} if the program uses a kernel without a rule, reads values, uses tensors from outside, or makes a constant
 * where it must not
 */
export function traceProgram(
  program: Program,
  signature: Signature,
  gradients: boolean,
  sizes: readonly CallSizes[],
): Trace[] {
  registerOnce();
  const backendBefore = tf.getBackend();
  const variablesBefore = new Set(Object.values(tf.engine().registeredVariables));
  const newVariables = () =>
    Object.values(tf.engine().registeredVariables).filter((variable) => !variablesBefore.has(variable));
  tf.setBackend(BACKEND);
  try {
    return sizes.map((sizes) => {
      const trace = traceOnce(program, signature, gradients, sizes);
      if (newVariables().length > 0) {
        throw new Error("Cannot trace the program: it makes a tf.variable; pass it as a parameter");
      }
      return trace;
    });
  } catch (error) {
    const missing = /[Kk]ernel '(\w+)'/.exec((error as Error).message)?.[1];
    if (missing) throw new Error(`Cannot trace the program: tfjs kernel ${missing} has no rule`);
    throw error;
  } finally {
    newVariables().forEach((variable) => variable.dispose());
    tf.setBackend(backendBefore);
  }
}
