/**
 * NVIDIA cards through ONNX Runtime's CUDA provider. It has not been run yet.
 * @module
 */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { hostCompile } from "./host-compile.ts";
import { hostTraining } from "./host-training.ts";
import { findRuntime, hostRuntime, isBuiltWith, type Provider, tryProvider, VERSION } from "./onnx-runtime.ts";
import type { OptionalPackage } from "./optional-package.ts";
import type { Device, DeviceReport } from "../types.ts";

const provider: Provider = { name: "cuda" };
const LIBRARY = "libonnxruntime_providers_cuda.so";
const REQUIREMENTS = "an NVIDIA driver, CUDA 12 and cuDNN 9";

/** Why the provider cannot be used here, in one sentence; null where it can. */
async function findObstacle(): Promise<string | null> {
  let installed: OptionalPackage;
  try {
    installed = findRuntime();
  } catch (error) {
    return (error as Error).message;
  }
  try {
    if (!isBuiltWith(provider)) {
      return `onnxruntime-node has CUDA for Linux on x64 alone, this is ${Deno.build.os} on ${Deno.build.arch}`;
    }
    if (!existsSync(join(dirname(installed.require.resolve("./package.json")), "bin/napi-v6/linux/x64", LIBRARY))) {
      return `ONNX Runtime's ${LIBRARY} is missing: npm install --prefix ${installed.folder} ` +
        `--onnxruntime-node-install=cuda12 onnxruntime-node@${installed.version} fetches it; it needs ${REQUIREMENTS}`;
    }
    await tryProvider(provider);
    return null;
  } catch (error) {
    return `ONNX Runtime cannot compute with CUDA, which needs ${REQUIREMENTS}: ${(error as Error).message}`;
  }
}

async function inspect(): Promise<DeviceReport> {
  const unknown = { value: null, reason: "ONNX Runtime does not tell" };
  return {
    unusable: await findObstacle(),
    provider: "onnxruntime-node, CUDAExecutionProvider",
    hardware: unknown,
    memoryBytes: unknown,
    driver: unknown,
    precision: { value: "float32" },
    versions: { "onnxruntime-node": VERSION },
    limits: [
      "Untested: nobody has run it yet.",
      "Parameters, gradients and moments are in host memory: parameters and gradients travel with every micro-batch.",
    ],
  };
}

const compile = hostCompile(hostRuntime(provider));

/** NVIDIA cards through CUDA. */
export const cuda: Device = {
  name: "cuda",
  description: "NVIDIA card through ONNX Runtime and CUDA 12, untested",
  ownMemory: true,
  inspect,
  compile,
  train: hostTraining(compile),
};
