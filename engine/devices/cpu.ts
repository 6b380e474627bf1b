/**
 * The processor through ONNX Runtime.
 * @module
 */
import { hostTraining } from "./host-training.ts";
import { inspectProcessor } from "./inspect-processor.ts";
import { hostCompile } from "./host-compile.ts";
import type { Device } from "../types.ts";

const compile = hostCompile({ name: "cpu" });

/** The processor through ONNX Runtime. */
export const cpu: Device = {
  name: "cpu",
  description: "processor, ONNX Runtime",
  int8: true,
  small: true,
  inspect: async () => ({
    ...await inspectProcessor("onnxruntime-node, CPUExecutionProvider", ["onnxruntime-node"], []),
    precision: { value: "float32; int8 on request, for products with frozen matrices" },
  }),
  compile,
  train: hostTraining(compile),
};
