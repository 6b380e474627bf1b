/**
 * ONNX Runtime's binding for Node, for graphics cards. Its one package holds the libraries of all platforms, 290 MiB on
 * disk; so the project does not depend on it, and the environment variable TUNEBENCH_ONNXRUNTIME_NODE names a folder
 * whose node_modules holds it.
 * @module
 */
import { env } from "onnxruntime-common";
import { collectGarbage } from "../garbage.ts";
import { Graph } from "../graph/graph.ts";
import { orderExecution } from "../graph/execution-order.ts";
import { encodeOnnx } from "../graph/onnx.ts";
import { findPackage, type OptionalPackage } from "./optional-package.ts";
import type { HostRuntime } from "./host-compile.ts";
import type { HostValue, SessionOptions } from "./program-session.ts";

/** Version of the binding that the project is tested with. */
export const VERSION: string = env.versions.common;

/** What the package exports. */
export type Runtime = typeof import("onnxruntime-common") & { listSupportedBackends(): { name: string }[] };

/** Finds the package. @throws {Error} one sentence on what is missing and what would help */
export function findRuntime(): OptionalPackage {
  return findPackage({
    variable: "TUNEBENCH_ONNXRUNTIME_NODE",
    names: ["onnxruntime-node"],
    sameVersionAs: "onnxruntime-common",
    version: VERSION,
  });
}

let runtime: Runtime | undefined;

/** The package, loaded on first use. @throws {Error} one sentence on what is missing and what would help */
export function loadRuntime(): Runtime {
  if (!runtime) {
    const { require } = findRuntime();
    // The runtime's builds for Linux send usage data to Microsoft unless told not to.
    Deno.env.set("ORT_DISABLE_TELEMETRY", "1");
    runtime = require("./") as Runtime;
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
  name: "webgpu" | "cuda";
  /** Which outputs stay in the device's memory: all, or those named; none by default. */
  outputs?: "gpu-buffer" | Record<string, "gpu-buffer">;
}

/**
 * Makes a model ready to run. Every node must run on the provider.
 * @throws {Error} if a node has no kernel on the provider, or what the runtime says
 */
export async function createSession(
  { name, outputs }: Provider,
  { model, threads, folder }: SessionOptions,
): Promise<Session> {
  // The values must be texts. The runtime ignores settings that it does not know.
  const session = {
    disable_cpu_ep_fallback: "1",
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
  const model = encodeOnnx(orderExecution({ negative }), {});
  const session = await createSession(provider, { model, threads: 1 });
  await session.run({ x: inputTensor({ data: Float32Array.of(1), shape: [] }) });
  openSessions.push(session);
}

/** An array as a tensor of the runtime, which shares its memory. */
export function inputTensor({ data, shape }: HostValue): RuntimeTensor {
  const { Tensor } = loadRuntime();
  if (data instanceof BigInt64Array) return new Tensor("int64", data, shape);
  return data instanceof Float32Array ? new Tensor("float32", data, shape) : new Tensor("int32", data, shape);
}

/** These values as tensors of the runtime. */
export function inputTensors(values: Record<string, HostValue>): Record<string, RuntimeTensor> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, inputTensor(value)]));
}

/** In bytes; collecting smaller copies costs more time than they are worth. */
const COPIES_WORTH_FREEING = 4e6;

/** A provider whose sessions read and write arrays in host memory. */
export function hostRuntime(provider: Provider): HostRuntime {
  return {
    onProcessor: false,
    async createSession(options) {
      const session = await createSession(provider, options);
      return {
        inputNames: session.inputNames,
        async run(inputs, outputs) {
          await session.run(inputTensors(inputs), inputTensors(outputs));
          // The binding writes outputs into the arrays it is given, and also returns a copy of each.
          const bytes = Object.values(outputs).reduce((sum, { data }) => sum + data.byteLength, 0);
          if (bytes > COPIES_WORTH_FREEING) collectGarbage("minor");
        },
        release: () => session.release(),
      };
    },
  };
}
