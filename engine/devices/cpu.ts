/**
 * The processor through ONNX Runtime.
 * @module
 */
import { hostTraining } from "./host-training.ts";
import { inspectProcessor } from "./inspect-processor.ts";
import { hostCompile } from "./host-compile.ts";
import { native, PACKAGE } from "./native-runtime.ts";
import { createNativeSession } from "./native-session.ts";
import type { Device } from "../types.ts";

const compile = hostCompile({ createSession: createNativeSession, onProcessor: true });

/** The processor through ONNX Runtime. */
export const cpu: Device = {
  name: "cpu",
  description: "processor, ONNX Runtime",
  int8: true,
  small: true,
  async inspect() {
    const report = await inspectProcessor("ONNX Runtime, CPUExecutionProvider", [PACKAGE], []);
    const precision = { value: "float32; int8 on request, for products with frozen matrices" };
    try {
      return { ...report, precision, versions: { ...report.versions, onnxruntime: native().version } };
    } catch (error) {
      return { ...report, precision, unusable: (error as Error).message };
    }
  },
  compile,
  train: hostTraining(compile),
};
