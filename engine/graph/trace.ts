/**
 * A recording tfjs backend: runs a program on tensors without values and notes each kernel that tfjs dispatches,
 * those of the gradient included.
 * @module
 */
import type * as tfjs from "@tensorflow/tfjs-core";
import { type Tensor, type Tensors, tf } from "../tensor.ts";
import { kernels } from "./kernels/mod.ts";
import type { Attributes, Info } from "./kernels/types.ts";
import type { Program, Signature, Size } from "../types.ts";

/** A step of a recording; its outputs are numbered on from `first`. */
export interface TraceStep {
  /** A tfjs kernel, or "input", "weight", "parameter", "mask", "values". */
  kernel: string;
  /** Numbers of the input tensors by the kernel's names for them. */
  inputs: Record<string, number>;
  /** The kernel's attributes; `name` of inputs and the like, `values` of constants. */
  attributes: Record<string, unknown>;
  /** Shapes and types of its outputs. */
  outputs: Info[];
  /** Number of its first output. */
  first: number;
}

/** What a program did with tensors of one batch size and length. */
export interface Trace {
  /** In the order they were dispatched. */
  steps: TraceStep[];
  /** Output name → tensor number. */
  outputs: Record<string, number>;
  /** Parameter name → number of its gradient. */
  gradients: Record<string, number>;
  /** Masks asked for: name → rate. */
  masks: Map<string, number>;
}

/** The recording in progress; kernels are registered once and write here. */
let current: { steps: TraceStep[]; numbers: WeakMap<object, number>; count: number } | undefined;

function append(kernel: string, inputs: Record<string, number>, attributes: Record<string, unknown>, outputs: Info[]) {
  if (!current) throw new Error("Cannot record: no recording is in progress");
  const { steps, numbers } = current;
  steps.push({ kernel, inputs, attributes, outputs, first: current.count });
  return outputs.map((info) => {
    const dataId = {};
    numbers.set(dataId, current!.count++);
    return { dataId, shape: info.shape, dtype: info.dtype };
  });
}

function numberOf(dataId: object): number {
  const number = current?.numbers.get(dataId);
  if (number === undefined) {
    throw new Error(
      "Cannot record the program: it uses a tensor from outside; pass it as an input, a weight or a parameter",
    );
  }
  return number;
}

function refuse(): never {
  throw new Error("Cannot record the program: it reads a tensor's values, which are not known while it is recorded");
}

/** Number of a tensor's data; tfjs never frees what a recording holds. */
function createBackend(): tfjs.KernelBackend {
  class RecordingBackend extends tf.KernelBackend {
    override write(values: tfjs.backend_util.BackendValues, shape: number[], dtype: tfjs.DataType): object {
      return append("values", {}, { values: values ?? new Float32Array(0) }, [{ shape, dtype }])[0].dataId;
    }
    override move(): void {
      numberOf({});
    }
    override read(): Promise<tfjs.backend_util.BackendValues> {
      return refuse();
    }
    override readSync(): tfjs.backend_util.BackendValues {
      return refuse();
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
  return new RecordingBackend();
}

const BACKEND = "tunebench-recorder";

function registerOnce(): void {
  if (tf.findBackend(BACKEND)) return;
  tf.registerBackend(BACKEND, createBackend);
  for (const kernelName of Object.keys(kernels)) {
    tf.registerKernel({
      kernelName,
      backendName: BACKEND,
      kernelFunc: ({ inputs, attrs }) => {
        const named = Object.entries(inputs).filter(([, info]) => info) as [string, tfjs.TensorInfo][];
        const numbers = Object.fromEntries(named.map(([name, info]) => [name, numberOf(info.dataId)]));
        // The same data under another tensor: tfjs clones every tensor it saves for the gradient.
        if (kernelName === "Identity") return { ...named[0][1] };
        const attributes: Attributes = { ...attrs };
        // tfjs also takes a bare number, which could not be told from a list once it has become a `Dim`.
        if (kernelName === "Slice") attributes.begin = [attributes.begin].flat();
        const infos = kernels[kernelName].infer(Object.fromEntries(named), attributes);
        const outputs = append(kernelName, numbers, attributes, infos);
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

/**
 * Records a program at one batch size and length.
 * @param gradients whether to record the gradient of the output `loss` with respect to every parameter
 * @throws {Error} if the program uses a kernel without a rule, reads values or uses tensors from outside
 */
export function record(
  program: Program,
  signature: Signature,
  gradients: boolean,
  batch: number,
  length: number,
): Trace {
  registerOnce();
  const before = tf.getBackend();
  const variables = new Set(Object.values(tf.engine().registeredVariables));
  const newVariables = () => Object.values(tf.engine().registeredVariables).filter((of) => !variables.has(of));
  current = { steps: [], numbers: new WeakMap(), count: 0 };
  const trace: Trace = { steps: current.steps, outputs: {}, gradients: {}, masks: new Map() };
  const size = (of: Size) => of === "batch" ? batch : of === "length" ? length : of;
  tf.setBackend(BACKEND);
  tf.engine().startScope("record");
  try {
    const parameters = placeholders("parameter", signature.parameters);
    const args = {
      weights: placeholders(
        "weight",
        Object.fromEntries(Object.entries(signature.weights).map(([name, { shape }]) => [name, shape])),
      ),
      parameters,
      inputs: Object.fromEntries(
        Object.entries(signature.inputs).map((
          [name, { shape, dtype }],
        ) => [name, placeholder("input", name, shape.map(size), dtype)]),
      ),
      dropout: (name: string, x: Tensor, rate: number) => {
        if (rate === 0 || !gradients) return x;
        if (trace.masks.has(name)) throw new Error(`Cannot record the program: it asks for the mask ${name} twice`);
        trace.masks.set(name, rate);
        return tf.mul(x, placeholder("mask", name, x.shape, "float32"));
      },
    };
    const run = () => {
      const outputs = program(args);
      for (const [name, tensor] of Object.entries(outputs)) trace.outputs[name] = numberOf(tensor.dataId);
      return outputs;
    };
    if (gradients) {
      const names = Object.keys(parameters);
      const loss = () => {
        const { loss } = run();
        if (loss?.rank === 0) return loss;
        throw new Error(
          `Cannot train the program: its output loss must be a scalar, current value is ${loss && `[${loss.shape}]`}`,
        );
      };
      const { grads } = tf.engine().gradients(loss, Object.values(parameters), undefined, true);
      names.forEach((name, at) => {
        // tfjs types the list as complete, but leaves a gap for a parameter that the loss does not depend on.
        const gradient = grads[at] as Tensor | undefined;
        if (!gradient) throw new Error(`Cannot train parameter ${name}: the loss does not depend on it`);
        trace.gradients[name] = numberOf(gradient.dataId);
      });
    } else run();
    if (newVariables().length > 0) {
      throw new Error("Cannot record the program: it makes a tf.variable; pass it as a parameter");
    }
    return trace;
  } catch (error) {
    const missing = /[Kk]ernel '(\w+)'/.exec((error as Error).message)?.[1];
    if (missing) throw new Error(`Cannot record the program: tfjs kernel ${missing} has no rule`);
    throw error;
  } finally {
    tf.engine().endScope();
    newVariables().forEach((variable) => variable.dispose());
    tf.setBackend(before);
    current = undefined;
  }
}
