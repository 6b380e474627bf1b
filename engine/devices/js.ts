/**
 * The reference: the same program, run eagerly by tfjs' plain JavaScript backend. It is slow, but independent of the
 * kernel rules, of the graph and of ONNX Runtime.
 * @module
 */
import { compileEager } from "./eager.ts";
import { hostTraining } from "./host-training.ts";
import { inspectProcessor } from "./inspect-processor.ts";
import type { Device } from "../types.ts";

const compile: Device["compile"] = (program, signature, options) => compileEager("cpu", program, signature, options);

/** tfjs' plain backend, the reference. */
export const js: Device = {
  name: "js",
  description: "plain JavaScript, the reference: slow",
  inspect: () =>
    inspectProcessor("tfjs, backend cpu", ["@tensorflow/tfjs-core", "@tensorflow/tfjs-backend-cpu"], [
      "It computes in plain JavaScript on one core, several hundred times slower than cpu.",
    ]),
  compile,
  train: hostTraining(compile),
};
