/**
 * ONNX Runtime: a program is recorded, written as an ONNX graph and run as one native call by one of its execution
 * providers.
 * @module
 */
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { evaluateShape } from "./dim.ts";
import { addRows, checkFeed } from "./feed.ts";
import { lower, type LoweredProgram } from "./lower.ts";
import { encodeOnnx } from "./onnx.ts";
import { planMemory } from "./plan.ts";
import { quantise } from "./quantise.ts";
import { type Schedule, schedule } from "./schedule.ts";
import type { ArrayValue, CompileOptions, Device, Feed, Program, Signature } from "./types.ts";

let runtime: typeof import("onnxruntime-node") | undefined;

/** The library, loaded on first use: it is 45 MB, and commands that compute nothing do without it. */
export function loadRuntime(): typeof import("onnxruntime-node") {
  if (!runtime) {
    // The runtime's builds for Linux send usage data to its makers unless told not to.
    Deno.env.set("ORT_DISABLE_TELEMETRY", "1");
    runtime = createRequire(import.meta.url)("onnxruntime-node") as typeof import("onnxruntime-node");
  }
  return runtime;
}

/** A model made ready to run. */
export type Session = Awaited<ReturnType<ReturnType<typeof loadRuntime>["InferenceSession"]["create"]>>;
/** A tensor in host memory or on a device. */
export type RuntimeTensor = InstanceType<ReturnType<typeof loadRuntime>["Tensor"]>;

/** Folder of all weights: the runtime resolves external data in one folder. */
function weightsFolder(signature: Signature): string | undefined {
  const folders = new Set(Object.values(signature.weights).map(({ path }) => dirname(path)));
  if (folders.size > 1) {
    throw new Error(`Cannot compile the program: its weights must lie in one folder, they lie in ${[...folders]}`);
  }
  return folders.values().next().value;
}

/** Where the runtime computes. */
export interface Provider {
  /** Name of its execution provider. */
  name: string;
  /** Settings of its sessions, as texts: the runtime ignores others, and unknown ones, without a word. */
  settings?: Record<string, string>;
  /** Outputs that stay on the device, by name. */
  outputs?: Record<string, "gpu-buffer">;
}

/**
 * A model made ready to run.
 * @param folder where the files of its weights lie
 */
export async function createSession(
  model: Uint8Array,
  { name, settings, outputs }: Provider,
  { threads, small }: CompileOptions,
  folder?: string,
): Promise<Session> {
  const session = {
    ...settings,
    ...small && { disable_prepacking: "1" },
    ...folder !== undefined && { model_external_initializers_file_folder_path: folder },
    // Long enough to meet the next operator; the default burns a core that another process may need.
    intra_op: { spin_duration_us: "50" },
  };
  return await loadRuntime().InferenceSession.create(model, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    // Planned reuse by pattern keeps one arena per shape seen; without it a third of the memory is saved.
    enableMemPattern: false,
    logSeverityLevel: 3,
    executionProviders: [name],
    ...outputs && { preferredOutputLocation: outputs },
    extra: { session },
  });
}

/** A recorded program with its session. */
export interface ProgramSession {
  /** The recorded program. */
  lowered: LoweredProgram;
  /** What is computed, in order. */
  graph: Schedule;
  /** Takes the inputs of `graph` and gives its outputs, these under "output/…". */
  session: Session;
}

/** Records a program and makes it ready to run. */
export async function createProgram(
  program: Program,
  signature: Signature,
  options: CompileOptions,
  provider: Provider,
): Promise<ProgramSession> {
  const lowered = lower(program, signature, options.gradients === true);
  const graph = schedule(options.precision === "int8" ? quantise(lowered.outputs) : lowered.outputs);
  const model = encodeOnnx(graph, signature.weights);
  return { lowered, graph, session: await createSession(model, provider, options, weightsFolder(signature)) };
}

/** A call's input as the runtime takes it. */
export function inputTensor({ data, shape }: ArrayValue): RuntimeTensor {
  const { Tensor } = loadRuntime();
  return data instanceof Float32Array ? new Tensor("float32", data, shape) : new Tensor("int32", data, shape);
}

/** The `compile` of a device: parameters, gradients and outputs are in host memory at every call. */
export function hostCompile(provider: Provider): Device["compile"] {
  return async (program, signature, options) => {
    const gradients = options.gradients === true;
    const { lowered, graph, session } = await createProgram(program, signature, options, provider);
    const { Tensor } = loadRuntime();
    const taken = new Set(session.inputNames);
    const packed = provider.name === "cpu" && !options.small;
    const rowParameters = new Set(lowered.rows.map(({ parameter }) => parameter));
    // Views of long-lived buffers are wrapped once, not at every step.
    const wrapped = new WeakMap<Float32Array, RuntimeTensor>();

    function wrap(data: Float32Array, shape: readonly number[]): RuntimeTensor {
      let tensor = wrapped.get(data);
      if (!tensor) wrapped.set(data, tensor = new Tensor("float32", data, shape));
      return tensor;
    }

    async function run(feed: Feed): Promise<Record<string, Float32Array>> {
      const { batch, length } = checkFeed(signature, feed);
      const feeds: Record<string, RuntimeTensor> = {};
      for (const [name, value] of Object.entries(feed.inputs)) if (taken.has(name)) feeds[name] = inputTensor(value);
      const fetches: Record<string, RuntimeTensor> = {};
      const results: Record<string, Float32Array> = {};
      for (const [name, shape] of Object.entries(signature.parameters)) {
        if (taken.has(`parameter/${name}`)) feeds[`parameter/${name}`] = wrap(feed.parameters[name], shape);
        if (gradients && !rowParameters.has(name)) {
          const accumulator = wrap(feed.gradients![name], shape);
          feeds[`accumulator/${name}`] = accumulator;
          fetches[`output/gradient/${name}`] = accumulator;
        }
      }
      for (const [name, node] of Object.entries(graph.outputs)) {
        if (`output/${name}` in fetches) continue;
        const shape = evaluateShape(node.shape, batch, length);
        results[name] = new Float32Array(shape.reduce((product, size) => product * size, 1));
        fetches[`output/${name}`] = new Tensor("float32", results[name], shape);
      }
      await session.run(feeds, fetches);
      for (const { parameter, ids } of lowered.rows) {
        addRows(feed.gradients![parameter], feed.inputs[ids].data, results[`gradient/${parameter}`]);
        delete results[`gradient/${parameter}`];
      }
      return results;
    }

    return {
      masks: lowered.masks,
      run,
      plan: (batch, length) => planMemory(graph, signature, { gradients, packed }, batch, length),
      release: () => session.release(),
    };
  };
}
