/**
 * The tensor language: TensorFlow.js, loaded on first use.
 *
 * The launcher lists models and methods without ever computing with them; loading tfjs there would cost every
 * command 0.1 s and raise the memory floor of every worker it starts. `require` loads the CommonJS build, which
 * is several times faster and smaller than the ES modules.
 * @module
 */
import { createRequire } from "node:module";
import type * as tfjs from "@tensorflow/tfjs";

/** A tensor of TensorFlow.js. */
export type Tensor = tfjs.Tensor;
/** Named tensors. */
export type Tensors = Record<string, Tensor>;

let loaded: typeof tfjs | undefined;

function load(): typeof tfjs {
  if (!loaded) {
    // Asked for before a backend is set, tfjs probes for WebGL and prints advice about tfjs-node.
    loaded = createRequire(import.meta.url)("@tensorflow/tfjs") as typeof tfjs;
    loaded.env().set("IS_NODE", false);
    loaded.env().set("PROD", true);
    loaded.setBackend("cpu");
  }
  return loaded;
}

/** The TensorFlow.js namespace. */
export const tf: typeof tfjs = new Proxy({} as typeof tfjs, {
  get: (_, key) => load()[key as keyof typeof tfjs],
});
