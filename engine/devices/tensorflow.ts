/**
 * TensorFlow, on a processor or on an NVIDIA card through CUDA: a program is run operation by operation on the native
 * backend of tfjs-node-gpu or tfjs-node. These packages fetch TensorFlow by an install script, so they are none of the
 * project's: the environment variable TUNEBENCH_TFJS_NODE names the folder whose node_modules holds one of them.
 *
 * The threads of the first program hold for the whole process: TensorFlow makes its pool while it is loaded, and takes
 * their number from its variable TF_NUM_INTRAOP_THREADS alone. Another number later is refused.
 * @module
 */
import { existsSync } from "node:fs";
import { createRequire, Module } from "node:module";
import os from "node:os";
import { join, resolve } from "node:path";
import util from "node:util";
import { compileEager } from "./eager.ts";
import { hostTraining } from "./host-training.ts";
import { versionOf } from "./inspect-processor.ts";
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

/** What tfjs-node tells of itself. */
interface NodeBackend {
  isUsingGpuDevice: boolean;
  binding: { TF_Version: string };
}

/** A package that can be loaded. */
interface Found {
  name: string;
  version: string;
  folder: string;
  /** Requires as the package does. */
  require: ReturnType<typeof createRequire>;
}

/** @throws {Error} one sentence on what is missing and what would help */
function find(): Found {
  const version = versionOf(CORE);
  const named = Deno.env.get(VARIABLE);
  if (!named) {
    throw new Error(
      `The variable ${VARIABLE} must name a folder whose node_modules holds ${PACKAGES.join(" or ")} ${version}, ` +
        `but it is not set`,
    );
  }
  const folder = resolve(named);
  const install = (name: string) => `npm install --prefix ${folder} ${name}@${version}`;
  const name = PACKAGES.find((of) => existsSync(join(folder, "node_modules", of, "package.json")));
  if (!name) {
    throw new Error(
      `The folder ${folder}, which ${VARIABLE} names, holds neither ${PACKAGES.join(" nor ")}: ` +
        `${install(PACKAGES[1])} puts one there`,
    );
  }
  // Resolved, so that the package's own requirements are found where links or nested folders hold them.
  const require = createRequire(createRequire(join(folder, "package.json")).resolve(`${name}/package.json`));
  const found = require("./package.json").version;
  if (found !== version) {
    throw new Error(
      `${name} must have the version of ${CORE}, ${version}, but in ${folder} it is ${found}: ` +
        `${install(name)} puts that in its place`,
    );
  }
  return { name, version, folder, require };
}

let loaded: Pick<Found, "name" | "version"> & { threads: number; backend: NodeBackend } | undefined;

/**
 * Registers TensorFlow's backend with the project's tfjs.
 * @throws {Error} one sentence on what is missing and what would help
 */
function load(threads: number): NonNullable<typeof loaded> {
  if (loaded) return loaded;
  const { name, version, folder, require } = find();
  Deno.env.set("TF_NUM_INTRAOP_THREADS", String(threads));
  // Matrix products in the 10-bit mantissas of TF32 would not be comparable with other devices.
  Deno.env.set("NVIDIA_TF32_OVERRIDE", "0");
  // Errors alone: a worker's output is kept for the reason of its failure.
  if (!Deno.env.has("TF_CPP_MIN_LOG_LEVEL")) Deno.env.set("TF_CPP_MIN_LOG_LEVEL", "2");
  // tfjs-node 4.22 calls them at every operation; Deno and Node 23 have dropped them.
  Object.assign(util, { isNullOrUndefined: (x: unknown) => x === null || x === undefined, isArray: Array.isArray });
  const before = tf.getBackend();
  try {
    // tfjs-node registers with the tfjs that it requires. A second copy would share the engine (tfjs keeps it in a
    // global variable) but replace the kernels of the other devices by its own: it gets the one already loaded, and
    // something in place of the two things that it uses of the layers, which TuneBench has none of.
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
  const untold = { value: null, reason: loaded ? "tfjs-node does not tell" : "TensorFlow is not loaded" };
  const ofProcessor = <T extends string | number>(value: T): Known<T> => loaded && !gpu ? { value } : untold;
  return {
    unusable,
    provider: loaded ? `${loaded.name}, ${gpu ? "CUDA" : "processor"}` : "tfjs-node",
    hardware: ofProcessor(os.cpus()[0]?.model ?? "unknown"),
    memoryBytes: ofProcessor(os.totalmem()),
    driver: loaded && !gpu ? { value: null, reason: "a processor has no driver" } : untold,
    precision: loaded ? { value: "float32" } : untold,
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
