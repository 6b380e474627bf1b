/**
 * A program as a session of ONNX Runtime: its graph, and the inputs of a call as the runtime takes them.
 * @module
 */
import { dirname, relative, resolve } from "node:path";
import { evaluateShape } from "../graph/dim.ts";
import { type ExecutionOrder, orderExecution } from "../graph/execution-order.ts";
import { lookedUpMatrices, type Node } from "../graph/graph.ts";
import { encodeOnnx } from "../graph/onnx.ts";
import { type SizeInput, sizesAsInputs } from "../graph/sizes.ts";
import type { ArrayValue, CallSizes, CompileOptions, Signature } from "../types.ts";

/** An array with its shape, as a session takes it. */
export interface HostValue {
  /** Entries, row-major. */
  data: Float32Array | Int32Array | BigInt64Array;
  /** Sizes of its axes. */
  shape: readonly number[];
}

/** What a session is made of. */
export interface SessionOptions extends CompileOptions {
  /** The model in ONNX. */
  model: Uint8Array;
  /** The folder that its weights are named from, if it has any. */
  folder?: string;
}

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
export interface ProgramSession<Session> {
  /** What is computed, in order. */
  execution: ExecutionOrder;
  /** Takes the inputs of the graph, and gives its outputs under "output/…". */
  session: Session;
  /** The inputs of a call that the session takes, and those that follow from the call's sizes. */
  inputsOf(inputs: Record<string, ArrayValue>, sizes: CallSizes): Record<string, HostValue>;
}

/** The value of an input that follows from the sizes of a call. */
function sizeValue({ node: { dtype, shape }, values }: SizeInput, call: CallSizes): HostValue {
  const entries = values(call);
  const data = dtype === "int64"
    ? BigInt64Array.from(entries, BigInt)
    : dtype === "int32"
    ? Int32Array.from(entries)
    : Float32Array.from(entries);
  return { data, shape: evaluateShape(shape, call) };
}

/**
 * Makes a graph with these outputs ready to run.
 * @param onProcessor whether it runs on the processor. There the graph computes the sizes of a call, elsewhere they are inputs
 */
export async function createProgramSession<Session extends { readonly inputNames: readonly string[] }>(
  outputs: Record<string, Node>,
  signature: Signature,
  options: CompileOptions,
  onProcessor: boolean,
  createSession: (options: SessionOptions) => Promise<Session>,
): Promise<ProgramSession<Session>> {
  const { outputs: final, sizes } = onProcessor ? { outputs, sizes: [] } : sizesAsInputs(outputs);
  const execution = orderExecution(final);
  const folder = weightsFolder(signature);
  const asStored = onProcessor ? lookedUpMatrices(execution.nodes) : undefined;
  const model = encodeOnnx(execution, signature.weights, folder, asStored);
  const session = await createSession({ ...options, model, folder });
  const inputNames = new Set(session.inputNames);
  return {
    execution,
    session,
    inputsOf: (inputs, call) => {
      const values: Record<string, HostValue> = {};
      for (const [name, value] of Object.entries(inputs)) if (inputNames.has(name)) values[name] = value;
      for (const size of sizes) {
        const name = size.node.attributes.name as string;
        if (inputNames.has(name)) values[name] = sizeValue(size, call);
      }
      return values;
    },
  };
}
