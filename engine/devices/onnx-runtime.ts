/**
 * ONNX Runtime: sessions that run a model as one native call, on one of its execution providers.
 * @module
 */
import { createRequire } from "node:module";
import { Graph } from "../graph/graph.ts";
import { encodeOnnx } from "../graph/onnx.ts";
import { orderExecution } from "../graph/execution-order.ts";
import type { ArrayValue, CompileOptions } from "../types.ts";

let runtime: typeof import("onnxruntime-node") | undefined;

/** The library. It is loaded on first use: it has 45 MB, and many commands compute nothing. */
export function loadRuntime(): typeof import("onnxruntime-node") {
  if (!runtime) {
    // The runtime's builds for Linux send usage data to Microsoft unless told not to.
    Deno.env.set("ORT_DISABLE_TELEMETRY", "1");
    runtime = createRequire(import.meta.url)("onnxruntime-node") as typeof import("onnxruntime-node");
  }
  return runtime;
}

/** A model made ready to run. */
export type Session = Awaited<ReturnType<ReturnType<typeof loadRuntime>["InferenceSession"]["create"]>>;
/** A tensor in host memory or on a device. */
export type RuntimeTensor = InstanceType<ReturnType<typeof loadRuntime>["Tensor"]>;

/** Where the runtime computes. */
export interface Provider {
  /** Name of its execution provider. */
  name: "cpu" | "webgpu" | "cuda";
  /** Which outputs stay in the device's memory: all, or those named; none by default. */
  outputs?: "gpu-buffer" | Record<string, "gpu-buffer">;
}

/**
 * Makes a model ready to run. On a provider other than the processor, every node must run there.
 * @param folder the folder that the model's weights are named from
 * @throws {Error} if a node has no kernel on the provider, or what the runtime says
 */
export async function createSession(
  model: Uint8Array,
  { name, outputs }: Provider,
  { threads, small }: CompileOptions,
  folder?: string,
): Promise<Session> {
  // The values must be texts. The runtime ignores settings that it does not know.
  const session = {
    ...name !== "cpu" && { disable_cpu_ep_fallback: "1" },
    ...small && { disable_prepacking: "1" },
    ...folder !== undefined && { model_external_initializers_file_folder_path: folder },
    // How long a thread waits actively for its next operator. The default keeps a core busy that others may need.
    intra_op: { spin_duration_us: "50" },
  };
  try {
    return await loadRuntime().InferenceSession.create(model, {
      executionProviders: [name],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      // Memory patterns keep an arena for each shape seen; without them, a third of the memory is saved.
      enableMemPattern: false,
      // Errors are thrown; they need not be printed as well.
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

/** Sessions that stay open until the process ends. */
const openSessions: Session[] = [];

/**
 * Tries whether a provider can compute. The session stays open: when the last one is closed, the WebGPU provider
 * forgets the shaders that it has compiled.
 * @throws {Error} what the runtime says
 */
export async function tryProvider(provider: Provider): Promise<void> {
  const graph = new Graph();
  const negative = graph.unary("Neg", graph.input("x", [], "float32"));
  const session = await createSession(encodeOnnx(orderExecution({ negative }), {}), provider, { threads: 1 });
  await session.run({ x: inputTensor({ data: Float32Array.of(1), shape: [] }) });
  openSessions.push(session);
}

/** An array as a tensor of the runtime, which shares its memory. */
export function inputTensor({ data, shape }: ArrayValue): RuntimeTensor {
  const { Tensor } = loadRuntime();
  return data instanceof Float32Array ? new Tensor("float32", data, shape) : new Tensor("int32", data, shape);
}
