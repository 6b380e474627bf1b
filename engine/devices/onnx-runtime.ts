/**
 * ONNX Runtime: a program is recorded, written as an ONNX graph and run as one native call by one of its execution
 * providers.
 * @module
 */
import { createRequire } from "node:module";
import { dirname, relative, resolve } from "node:path";
import { sizeOf } from "../../base/shapes.ts";
import { evaluateShape } from "../graph/dim.ts";
import { collectGarbage } from "../garbage.ts";
import { addRows, checkFeed } from "../feed.ts";
import { Graph, type Node } from "../graph/graph.ts";
import { lower } from "../graph/lower.ts";
import { encodeOnnx } from "../graph/onnx.ts";
import { planMemory } from "../graph/memory-plan.ts";
import { quantise } from "../graph/quantise.ts";
import { type Schedule, schedule } from "../graph/fuse.ts";
import { type SizeInput, sizesAsInputs } from "../graph/sizes.ts";
import type { ArrayValue, CompileOptions, Device, Feed, Signature } from "../types.ts";

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

/**
 * The innermost folder that all weights lie under: the runtime finds external data from one folder on.
 * @throws {Error} if there is none, as on two drives
 */
function weightsFolder({ weights }: Signature): string | undefined {
  const folders = [...new Set(Object.values(weights).map(({ path }) => dirname(resolve(path))))];
  const isOutside = (common: string) => folders.some((folder) => /^\.\.|^[A-Z]:/i.test(relative(common, folder)));
  let common = folders[0];
  while (common !== undefined && isOutside(common)) {
    if (dirname(common) === common) {
      throw new Error(
        `Cannot compile the program: its weights must lie on one drive, they lie in ${folders.join(", ")}`,
      );
    }
    common = dirname(common);
  }
  return common;
}

/** Where the runtime computes. */
export interface Provider {
  /** Name of its execution provider. */
  name: "cpu" | "webgpu" | "cuda";
  /** Where outputs are left, for all or by name; by default in host memory. */
  outputs?: "gpu-buffer" | Record<string, "gpu-buffer">;
}

/**
 * A model made ready to run. Of a provider that is not the processor, every node must run there.
 * @param folder where the files of its weights lie
 */
export async function createSession(
  model: Uint8Array,
  { name, outputs }: Provider,
  { threads, small }: CompileOptions,
  folder?: string,
): Promise<Session> {
  // As texts: the runtime refuses others, and ignores settings that it does not know.
  const session = {
    ...name !== "cpu" && { disable_cpu_ep_fallback: "1" },
    ...small && { disable_prepacking: "1" },
    ...folder !== undefined && { model_external_initializers_file_folder_path: folder },
    // Long enough to meet the next operator; the default burns a core that another process may need.
    intra_op: { spin_duration_us: "50" },
  };
  try {
    return await loadRuntime().InferenceSession.create(model, {
      executionProviders: [name],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      // Planned reuse by pattern keeps one arena per shape seen; without it a third of the memory is saved.
      enableMemPattern: false,
      // Errors are thrown: they need not be printed, too.
      logSeverityLevel: 4,
      ...outputs && { preferredOutputLocation: outputs },
      extra: { session },
    });
  } catch (error) {
    if (!(error as Error).message.includes("fallback to CPU EP has been explicitly disabled")) throw error;
    throw new Error(
      `Cannot compile the program: every operation must run on ${name}, but for one of them ONNX Runtime has no kernel there`,
    );
  }
}

/** Whether this build of the runtime has a provider. */
export function isBuiltWith({ name }: Provider): boolean {
  return loadRuntime().listSupportedBackends().some((backend) => backend.name === name);
}

/** Sessions that stay open. */
const kept: Session[] = [];

/**
 * Computes a number on a provider. The session stays open: when the last one is closed, WebGPU's provider forgets the
 * shaders that it has compiled.
 * @throws {Error} what the runtime says
 */
export async function tryProvider(provider: Provider): Promise<void> {
  const graph = new Graph();
  const negative = graph.unary("Neg", graph.input("x", [], "float32"));
  const session = await createSession(encodeOnnx(schedule({ negative }), {}), provider, { threads: 1 });
  await session.run({ x: inputTensor({ data: Float32Array.of(1), shape: [] }) });
  kept.push(session);
}

/** A graph with its session. */
export interface ProgramSession {
  /** What is computed, in order. */
  graph: Schedule;
  /** Takes the inputs of `graph` and gives its outputs, these under "output/…". */
  session: Session;
  /** Those of a call's inputs that the session takes, and what follows from the call's sizes. */
  feeds(inputs: Record<string, ArrayValue>, batch: number, length: number): Record<string, RuntimeTensor>;
}

/** Makes a graph with these outputs ready to run. */
export async function createProgram(
  outputs: Record<string, Node>,
  signature: Signature,
  options: CompileOptions,
  provider: Provider,
): Promise<ProgramSession> {
  const { Tensor } = loadRuntime();
  const quantised = options.precision === "int8" ? quantise(outputs) : outputs;
  const { outputs: final, sizes } = provider.name === "cpu"
    ? { outputs: quantised, sizes: [] }
    : sizesAsInputs(quantised);
  const graph = schedule(final);
  const folder = weightsFolder(signature);
  const model = encodeOnnx(graph, signature.weights, folder);
  const session = await createSession(model, provider, options, folder);
  const taken = new Set(session.inputNames);

  function sizeTensor({ node: { dtype, shape }, values }: SizeInput, batch: number, length: number): RuntimeTensor {
    const entries = values(batch, length);
    const sizes = evaluateShape(shape, batch, length);
    if (dtype === "int64") return new Tensor("int64", BigInt64Array.from(entries, BigInt), sizes);
    return inputTensor({
      data: dtype === "int32" ? Int32Array.from(entries) : Float32Array.from(entries),
      shape: sizes,
    });
  }

  return {
    graph,
    session,
    feeds: (inputs, batch, length) => {
      const feeds: Record<string, RuntimeTensor> = {};
      for (const [name, value] of Object.entries(inputs)) if (taken.has(name)) feeds[name] = inputTensor(value);
      for (const size of sizes) {
        const name = size.node.attributes.name as string;
        if (taken.has(name)) feeds[name] = sizeTensor(size, batch, length);
      }
      return feeds;
    },
  };
}

function inputTensor({ data, shape }: ArrayValue): RuntimeTensor {
  const { Tensor } = loadRuntime();
  return data instanceof Float32Array ? new Tensor("float32", data, shape) : new Tensor("int32", data, shape);
}

/** In bytes; smaller ones cost less than their collection. */
const COPIES_WORTH_FREEING = 4e6;

function parameterBytes({ parameters }: Signature): number {
  return Object.values(parameters).reduce((sum, shape) => sum + 4 * sizeOf(shape), 0);
}

/** The `compile` of a device: parameters, gradients and outputs are in host memory at every call. */
export function hostCompile(provider: Provider): Device["compile"] {
  return async (program, signature, options) => {
    const gradients = options.gradients === true;
    const { outputs, rows, masks } = lower(program, signature, gradients);
    const { graph, session, feeds: feedsOf } = await createProgram(outputs, signature, options, provider);
    const { Tensor } = loadRuntime();
    const taken = new Set(session.inputNames);
    const packed = provider.name === "cpu" && !options.small;
    const rowParameters = new Set(rows.map(({ parameter }) => parameter));
    // The runtime writes into the arrays it is given, and all the same returns a copy of each.
    const copies = gradients && parameterBytes(signature) > COPIES_WORTH_FREEING;
    // Rows are added to a gradient before the call ends: new arrays each time would be garbage of many megabytes.
    const rowBuffers = new Map(rows.map(({ parameter }) => [`gradient/${parameter}`, new ArrayBuffer(0)]));
    // Views of long-lived buffers are wrapped once, not at every step.
    const wrapped = new WeakMap<Float32Array, RuntimeTensor>();

    function wrap(data: Float32Array, shape: readonly number[]): RuntimeTensor {
      let tensor = wrapped.get(data);
      if (!tensor) wrapped.set(data, tensor = new Tensor("float32", data, shape));
      return tensor;
    }

    async function run(feed: Feed): Promise<Record<string, Float32Array>> {
      const { batch, length } = checkFeed(signature, feed);
      const feeds = feedsOf(feed.inputs, batch, length);
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
        const size = sizeOf(shape);
        const buffer = rowBuffers.get(name);
        if (buffer && buffer.byteLength < 4 * size) rowBuffers.set(name, new ArrayBuffer(4 * size));
        results[name] = new Float32Array(rowBuffers.get(name) ?? new ArrayBuffer(4 * size), 0, size);
        fetches[`output/${name}`] = new Tensor("float32", results[name], shape);
      }
      await session.run(feeds, fetches);
      if (copies) collectGarbage("minor");
      for (const { parameter, ids } of rows) {
        addRows(feed.gradients![parameter], feed.inputs[ids].data, results[`gradient/${parameter}`]);
        delete results[`gradient/${parameter}`];
      }
      return results;
    }

    return {
      masks,
      run,
      planMemory: (batch, length) =>
        planMemory(graph, signature, { gradients, packed, hostSession: true }, batch, length),
      release: () => session.release(),
    };
  };
}
