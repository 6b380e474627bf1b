/**
 * TensorFlow, on a processor or on an NVIDIA card through CUDA: a program is run operation by operation on the native
 * backend of tfjs-node-gpu or tfjs-node. The project does not depend on these packages, since their install scripts
 * fetch TensorFlow: the environment variable TUNEBENCH_TFJS_NODE names a folder whose node_modules holds one of them.
 *
 * The number of threads of the first program holds for the whole process: TensorFlow makes its pool while it is loaded,
 * and takes the number from its variable TF_NUM_INTRAOP_THREADS alone. A program with another number is refused.
 * @module
 */
import { createRequire, Module } from "node:module";
import os from "node:os";
import util from "node:util";
import { compileEager } from "./eager.ts";
import { hostTraining } from "./host-training.ts";
import { versionOf } from "./inspect-processor.ts";
import { findPackage, type OptionalPackage } from "./optional-package.ts";
import { tf } from "../tensor.ts";
import type { Device, DeviceReport, Known } from "../types.ts";

const VARIABLE = "TUNEBENCH_TFJS_NODE";
/** The name under which tfjs-node registers itself. */
const BACKEND = "tensorflow";
/** Where the project's tfjs lies, whose version is required. */
const CORE = "@tensorflow/tfjs-core";
/** What tfjs-node requires. */
const TFJS = "@tensorflow/tfjs";
/** In order of preference. */
const PACKAGES = ["@tensorflow/tfjs-node-gpu", "@tensorflow/tfjs-node"];

/** The part of tfjs-node's backend that is used here. */
interface NodeBackend {
  isUsingGpuDevice: boolean;
  binding: { TF_Version: string };
}

let loaded: Pick<OptionalPackage, "name" | "version"> & { threads: number; backend: NodeBackend } | undefined;

/**
 * Registers TensorFlow's backend with the project's tfjs.
 * @throws {Error} one sentence on what is missing and what would help
 */
function load(threads: number): NonNullable<typeof loaded> {
  if (loaded) return loaded;
  const { name, version, folder, require } = findPackage({
    variable: VARIABLE,
    names: PACKAGES,
    sameVersionAs: CORE,
    version: versionOf(CORE),
  });
  Deno.env.set("TF_NUM_INTRAOP_THREADS", String(threads));
  // Products of TF32, with mantissas of 10 bits, would not be comparable with those of other devices.
  Deno.env.set("NVIDIA_TF32_OVERRIDE", "0");
  // Print errors only: what a worker prints is kept as the reason of its failure.
  if (!Deno.env.has("TF_CPP_MIN_LOG_LEVEL")) Deno.env.set("TF_CPP_MIN_LOG_LEVEL", "2");
  // tfjs-node 4.22 calls these at every operation, but Deno and Node 23 do not have them any more.
  Object.assign(util, { isNullOrUndefined: (x: unknown) => x === null || x === undefined, isArray: Array.isArray });
  const before = tf.getBackend();
  try {
    // tfjs-node registers its backend with the tfjs that it requires. A second tfjs would share the engine, which is in
    // a global variable, and replace the kernels of the other devices by its own. So tfjs-node gets the one that is
    // loaded, with stubs for the two exports that it uses of tfjs' layers.
    const standIn = new Module(require.resolve(TFJS));
    standIn.exports = {
      ...createRequire(import.meta.url)(CORE),
      CustomCallback: class {},
      registerCallbackConstructor() {},
    };
    standIn.loaded = true;
    require.cache[standIn.id] = standIn;
    require("./");
    const backend = tf.findBackend(BACKEND) as unknown as NodeBackend | null;
    if (!backend) throw new Error("it does not start");
    return loaded = { name, version, threads, backend };
  } catch (error) {
    const [reason] = (error as Error).message.split(/\.?\s*\n/);
    throw new Error(
      `The native library of ${name} cannot be loaded (${reason}): npm rebuild --prefix ${folder} ${name} runs the ` +
        `install script that fetches it`,
    );
  } finally {
    tf.setBackend(before);
  }
}

/** @throws {Error} one sentence: TensorFlow cannot be used here, or not with this number of threads */
function requireTensorflow(threads: number): void {
  let pool: number;
  try {
    pool = load(threads).threads;
  } catch (error) {
    throw new Error(`Cannot use device tensorflow: ${(error as Error).message}`);
  }
  if (pool !== threads) {
    throw new Error(
      `Cannot compute with ${threads} threads: TensorFlow keeps the pool it has in this process, current value is ${pool}`,
    );
  }
}

const compile: Device["compile"] = async (program, signature, options) => {
  requireTensorflow(options.threads);
  return await compileEager(BACKEND, program, signature, options);
};

function inspect(): DeviceReport {
  let unusable: string | null = null;
  try {
    load(navigator.hardwareConcurrency);
  } catch (error) {
    unusable = (error as Error).message;
  }
  const gpu = loaded?.backend.isUsingGpuDevice;
  const unknown = { value: null, reason: loaded ? "tfjs-node does not tell" : "TensorFlow is not loaded" };
  const ofProcessor = <T extends string | number>(value: T): Known<T> => loaded && !gpu ? { value } : unknown;
  return {
    unusable,
    provider: loaded ? `${loaded.name}, ${gpu ? "CUDA" : "processor"}` : "tfjs-node",
    hardware: ofProcessor(os.cpus()[0]?.model ?? "unknown"),
    memoryBytes: ofProcessor(os.totalmem()),
    driver: loaded && !gpu ? { value: null, reason: "a processor has no driver" } : unknown,
    precision: loaded ? { value: "float32" } : unknown,
    versions: {
      [CORE]: versionOf(CORE),
      ...loaded && { [loaded.name]: loaded.version, tensorflow: loaded.backend.binding.TF_Version },
    },
    limits: [
      ...loaded?.name === PACKAGES[0] && !gpu
        ? ["TensorFlow found no card that it can use: it computes on the processor."]
        : [],
      "Every operation is a call of its own, and intermediate values are freed at the end of a micro-batch: " +
      "slower than cpu on a processor, and more memory than planned.",
    ],
  };
}

/** TensorFlow through tfjs-node. */
export const tensorflow: Device = {
  name: "tensorflow",
  description: "TensorFlow through tfjs-node(-gpu): processor, or NVIDIA card with CUDA 11",
  inspect: () => Promise.try(inspect),
  compile,
  train: hostTraining(compile),
};
