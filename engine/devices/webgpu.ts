/**
 * Any GPU through ONNX Runtime's WebGPU provider, on Vulkan, Metal or Direct3D 12.
 * @module
 */
import { deviceTraining, withSecondGradients } from "./device-training.ts";
import { hostCompile } from "./host-compile.ts";
import { findRuntime, hostRuntime, isBuiltWith, type Provider, tryProvider, VERSION } from "./onnx-runtime.ts";
import type { Device, DeviceReport } from "../types.ts";

const provider: Provider = { name: "webgpu" };

/** Why no GPU was found, and what would help. */
function explainNoAdapter(): string {
  if (Deno.build.os !== "linux") return "WebGPU finds no GPU: its driver must be installed";
  try {
    Deno.dlopen("libvulkan.so.1", {}).close();
  } catch {
    return "The Vulkan loader libvulkan.so.1 is missing: Debian's package libvulkan1 has it";
  }
  return "Vulkan finds no GPU: its driver must be installed (without a GPU, VK_ICD_FILENAMES can name SwiftShader's file)";
}

/** Why the provider cannot be used here, in one sentence; null where it can. */
async function findObstacle(): Promise<string | null> {
  try {
    findRuntime();
  } catch (error) {
    return (error as Error).message;
  }
  try {
    if (!isBuiltWith(provider)) return `onnxruntime-node has no WebGPU for ${Deno.build.os} on ${Deno.build.arch}`;
    await tryProvider(provider);
    return null;
  } catch (error) {
    const { message } = error as Error;
    return message.includes("Failed to get a WebGPU adapter") ? explainNoAdapter() : `ONNX Runtime says: ${message}`;
  }
}

let obstacle: Promise<string | null> | undefined;

/** @throws {Error} one sentence: the provider cannot be used here */
async function requireUsable(): Promise<void> {
  const reason = await (obstacle ??= findObstacle());
  if (reason !== null) throw new Error(`Cannot use device webgpu: ${reason}`);
}

async function inspect(): Promise<DeviceReport> {
  const unusable = await (obstacle ??= findObstacle());
  // ONNX Runtime does not name the GPU that it uses. Deno's WebGPU, asked in the same way, finds the same one.
  const adapter = unusable === null && await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
  const unknown = { value: null, reason: unusable === null ? "WebGPU does not tell" : "there is no GPU to ask" };
  return {
    unusable,
    provider: "onnxruntime-node, WebGpuExecutionProvider",
    hardware: adapter && adapter.info.description ? { value: adapter.info.description } : unknown,
    memoryBytes: unknown,
    driver: unknown,
    precision: { value: "float32" },
    versions: { "onnxruntime-node": VERSION },
    limits: [
      "Tested on SwiftShader, a GPU in software, and on no other: none has been measured.",
      "Parameters stay on the device in training; evaluation uploads them with every micro-batch.",
      "The same run twice may differ in the last digits: on some GPUs ONNX Runtime adds in no fixed order.",
      "onnxruntime-node has no WebGPU for Linux on arm64.",
    ],
  };
}

const compileOnWebgpu = hostCompile(hostRuntime(provider));
const trainOnWebgpu = deviceTraining(provider);

/** Any GPU through WebGPU. */
export const webgpu: Device = {
  name: "webgpu",
  description: "any GPU through ONNX Runtime and WebGPU",
  ownMemory: true,
  inspect,
  async compile(program, signature, options) {
    await requireUsable();
    const executable = await compileOnWebgpu(program, signature, options);
    return { ...executable, planMemory: (batch, length) => withSecondGradients(executable.planMemory(batch, length)) };
  },
  async train(program, signature, parameters, options) {
    await requireUsable();
    return await trainOnWebgpu(program, signature, parameters, options);
  },
};
