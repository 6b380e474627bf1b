/**
 * The processor through ONNX Runtime: a program is recorded, written as an ONNX graph and run as one native call.
 * @module
 */
import { createRequire } from "node:module";
import { dirname } from "node:path";
import type { InferenceSession, Tensor as RuntimeTensor } from "onnxruntime-node";
import { evaluateShape } from "./dim.ts";
import { addRows, checkFeed } from "./feed.ts";
import { hostTraining } from "./host-training.ts";
import { inspectProcessor } from "./inspect-processor.ts";
import { lower } from "./lower.ts";
import { encodeOnnx } from "./onnx.ts";
import { planMemory } from "./plan.ts";
import { schedule } from "./schedule.ts";
import type { ArrayValue, CompileOptions, Device, Executable, Feed, Program, Signature } from "./types.ts";

// Loaded on first use: the runtime's library is 45 MB, and commands that compute nothing do without it.
let runtime: typeof import("onnxruntime-node") | undefined;
function loadRuntime() {
  if (!runtime) {
    // The runtime's builds for Linux send usage data to its makers unless told not to.
    Deno.env.set("ORT_DISABLE_TELEMETRY", "1");
    runtime = createRequire(import.meta.url)("onnxruntime-node") as typeof import("onnxruntime-node");
  }
  return runtime;
}

/** Folder of all weights: the runtime resolves external data in one folder. */
function weightsFolder(signature: Signature): string | undefined {
  const folders = new Set(Object.values(signature.weights).map(({ path }) => dirname(path)));
  if (folders.size > 1) {
    throw new Error(`Cannot compile the program: its weights must lie in one folder, they lie in ${[...folders]}`);
  }
  return folders.values().next().value;
}

async function createSession(model: Uint8Array, folder: string | undefined, { threads, small }: CompileOptions) {
  const session = {
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
    extra: { session },
  } as InferenceSession.SessionOptions);
}

async function compile(program: Program, signature: Signature, options: CompileOptions): Promise<Executable> {
  const gradients = options.gradients === true;
  const lowered = lower(program, signature, gradients);
  const plan = schedule(lowered.outputs);
  const model = encodeOnnx(plan, signature.weights);
  const session = await createSession(model, weightsFolder(signature), options);
  const { Tensor } = loadRuntime();
  const taken = new Set(session.inputNames);
  const rowParameters = new Set(lowered.rows.map(({ parameter }) => parameter));
  // Views of long-lived buffers are wrapped once, not at every step.
  const wrapped = new WeakMap<Float32Array, RuntimeTensor>();

  function wrap(data: Float32Array, shape: readonly number[]): RuntimeTensor {
    let tensor = wrapped.get(data);
    if (!tensor) wrapped.set(data, tensor = new Tensor("float32", data, shape));
    return tensor;
  }

  function fresh({ data, shape }: ArrayValue): RuntimeTensor {
    return data instanceof Float32Array ? new Tensor("float32", data, shape) : new Tensor("int32", data, shape);
  }

  async function run(feed: Feed): Promise<Record<string, Float32Array>> {
    const { batch, length } = checkFeed(signature, feed);
    const feeds: Record<string, RuntimeTensor> = {};
    for (const [name, value] of Object.entries(feed.inputs)) if (taken.has(name)) feeds[name] = fresh(value);
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
    for (const [name, node] of Object.entries(plan.outputs)) {
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
    plan: (batch, length) => planMemory(plan, signature, gradients, batch, length),
    release: () => session.release(),
  };
}

/** The processor through ONNX Runtime. */
export const cpu: Device = {
  name: "cpu",
  description: "processor, ONNX Runtime",
  inspect: () => inspectProcessor("onnxruntime-node, CPUExecutionProvider", ["onnxruntime-node"], []),
  compile,
  train: hostTraining(compile),
};
