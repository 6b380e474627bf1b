/**
 * A program as a session of ONNX Runtime: its graph, and the inputs of a call as the runtime takes them.
 * @module
 */
import { dirname, relative, resolve } from "node:path";
import { evaluateShape } from "../graph/dim.ts";
import { type ExecutionOrder, orderExecution } from "../graph/execution-order.ts";
import type { Node } from "../graph/graph.ts";
import { encodeOnnx } from "../graph/onnx.ts";
import { quantise } from "../graph/quantise.ts";
import { type SizeInput, sizesAsInputs } from "../graph/sizes.ts";
import {
  createSession,
  inputTensor,
  loadRuntime,
  type Provider,
  type RuntimeTensor,
  type Session,
} from "./onnx-runtime.ts";
import type { ArrayValue, CompileOptions, Signature } from "../types.ts";

/**
 * The innermost folder that all weights lie under: the runtime looks for external data under a single folder.
 * @throws {Error} if there is none, as on two drives
 */
function weightsFolder({ weights }: Signature): string | undefined {
  const folders = [...new Set(Object.values(weights).map(({ path }) => dirname(resolve(path))))];
  const isOutside = (common: string) => folders.some((folder) => /^\.\.|^[A-Z]:/i.test(relative(common, folder)));
  let common = folders[0];
  while (common !== undefined && isOutside(common)) {
    if (dirname(common) === common) {
      throw new Error(
        `Cannot compile the program: its weights must lie on one drive, they lie in ${folders.join(", ")}`,
      );
    }
    common = dirname(common);
  }
  return common;
}

/** A graph with its session. */
export interface ProgramSession {
  /** What is computed, in order. */
  execution: ExecutionOrder;
  /** Takes the inputs of the graph, and gives its outputs under "output/…". */
  session: Session;
  /** The inputs of a call that the session takes, and those that follow from the call's sizes. */
  feeds(inputs: Record<string, ArrayValue>, batch: number, length: number): Record<string, RuntimeTensor>;
}

/** The value of an input that follows from the sizes of a call. */
function sizeTensor({ node: { dtype, shape }, values }: SizeInput, batch: number, length: number): RuntimeTensor {
  const { Tensor } = loadRuntime();
  const entries = values(batch, length);
  const sizes = evaluateShape(shape, batch, length);
  if (dtype === "int64") return new Tensor("int64", BigInt64Array.from(entries, BigInt), sizes);
  return inputTensor({
    data: dtype === "int32" ? Int32Array.from(entries) : Float32Array.from(entries),
    shape: sizes,
  });
}

/** Makes a graph with these outputs ready to run. */
export async function createProgramSession(
  outputs: Record<string, Node>,
  signature: Signature,
  options: CompileOptions,
  provider: Provider,
): Promise<ProgramSession> {
  const quantised = options.precision === "int8" ? quantise(outputs) : outputs;
  const { outputs: final, sizes } = provider.name === "cpu"
    ? { outputs: quantised, sizes: [] }
    : sizesAsInputs(quantised);
  const execution = orderExecution(final);
  const folder = weightsFolder(signature);
  const session = await createSession(encodeOnnx(execution, signature.weights, folder), provider, options, folder);
  const inputNames = new Set(session.inputNames);
  return {
    execution,
    session,
    feeds: (inputs, batch, length) => {
      const feeds: Record<string, RuntimeTensor> = {};
      for (const [name, value] of Object.entries(inputs)) if (inputNames.has(name)) feeds[name] = inputTensor(value);
      for (const size of sizes) {
        const name = size.node.attributes.name as string;
        if (inputNames.has(name)) feeds[name] = sizeTensor(size, batch, length);
      }
      return feeds;
    },
  };
}
