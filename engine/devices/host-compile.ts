/**
 * Compiling for a runtime that computes with parameters, gradients and outputs in host memory.
 * @module
 */
import { sizeOf } from "../../base/shapes.ts";
import { addRows, checkFeed } from "../feed.ts";
import { evaluateShape } from "../graph/dim.ts";
import { orderExecution } from "../graph/execution-order.ts";
import { lower, type RowGradient } from "../graph/lower.ts";
import { planMemory } from "../graph/memory-plan.ts";
import { encodeOnnx } from "../graph/onnx.ts";
import { quantise, signedProbe } from "../graph/quantise.ts";
import { createProgramSession, type HostValue, type SessionOptions } from "./program-session.ts";
import type { Device, Feed } from "../types.ts";

/** A session that reads and writes the caller's arrays. */
export interface HostSession {
  /** Names of its inputs. */
  readonly inputNames: readonly string[];
  /** Computes the outputs that are named, into their arrays; these may be arrays of inputs too. */
  run(inputs: Record<string, HostValue>, outputs: Record<string, HostValue>): Promise<void>;
  /** Frees what it holds. */
  release(): Promise<void>;
}

/** How sessions are made. */
export interface HostRuntime {
  /** Makes a session of a model in ONNX. */
  createSession(options: SessionOptions): Promise<HostSession>;
  /** Whether it computes on the processor: then frozen matrices are also kept as its kernels want them. */
  onProcessor: boolean;
}

/**
 * Makes arrays for outputs. Rows of gradients share one buffer from call to call, since they are added to a gradient
 * before the call ends: new arrays at every call would be garbage of many megabytes.
 */
function createOutputArrays(rows: readonly RowGradient[]): (name: string, size: number) => Float32Array {
  const rowBuffers = new Map(rows.map(({ parameter }) => [`gradient/${parameter}`, new ArrayBuffer(0)]));
  return (name, size) => {
    const buffer = rowBuffers.get(name);
    if (buffer && buffer.byteLength < 4 * size) rowBuffers.set(name, new ArrayBuffer(4 * size));
    return new Float32Array(rowBuffers.get(name) ?? new ArrayBuffer(4 * size), 0, size);
  };
}

/** Whether the runtime multiplies signed 8-bit numbers exactly on this processor: a row has other instructions than many rows. */
async function multipliesSigned(createSession: HostRuntime["createSession"]): Promise<boolean> {
  const { outputs, inner, input, exact } = signedProbe();
  const session = await createSession({ threads: 1, model: encodeOnnx(orderExecution(outputs), {}) });
  try {
    for (const rows of [1, 64]) {
      const x = { data: new Float32Array(rows * inner).fill(input), shape: [rows, inner] };
      const shape = evaluateShape(outputs.y.shape, { batch: rows, length: 1, labels: 1 });
      const y = { data: new Float32Array(sizeOf(shape)), shape };
      await session.run({ x }, { "output/y": y });
      if (y.data.some((value) => value !== exact)) return false;
    }
    return true;
  } finally {
    await session.release();
  }
}

/** The `compile` of a device: parameters, gradients and outputs are in host memory at every call. */
export function hostCompile({ createSession, onProcessor }: HostRuntime): Device["compile"] {
  let isSigned: Promise<boolean> | undefined;
  return async (program, signature, options) => {
    const gradients = options.gradients === true;
    const { outputs, rows, masks } = lower(program, signature, gradients);
    const { execution, session, inputsOf } = await createProgramSession(
      options.precision === "int8" ? quantise(outputs, await (isSigned ??= multipliesSigned(createSession))) : outputs,
      signature,
      options,
      onProcessor,
      createSession,
    );
    const inputNames = new Set(session.inputNames);
    const rowParameters = new Set(rows.map(({ parameter }) => parameter));
    const outputArray = createOutputArrays(rows);

    async function run(feed: Feed): Promise<Record<string, Float32Array>> {
      const sizes = checkFeed(signature, feed);
      const inputs = inputsOf(feed.inputs, sizes);
      const targets: Record<string, HostValue> = {};
      const results: Record<string, Float32Array> = {};
      for (const [name, shape] of Object.entries(signature.parameters)) {
        if (inputNames.has(`parameter/${name}`)) inputs[`parameter/${name}`] = { data: feed.parameters[name], shape };
        if (gradients && !rowParameters.has(name)) {
          const accumulator = { data: feed.gradients![name], shape };
          inputs[`accumulator/${name}`] = accumulator;
          targets[`output/gradient/${name}`] = accumulator;
        }
      }
      for (const [name, node] of Object.entries(execution.outputs)) {
        if (`output/${name}` in targets) continue;
        const shape = evaluateShape(node.shape, sizes);
        results[name] = outputArray(name, sizeOf(shape));
        targets[`output/${name}`] = { data: results[name], shape };
      }
      await session.run(inputs, targets);
      for (const { parameter, ids } of rows) {
        addRows(feed.gradients![parameter], feed.inputs[ids].data, results[`gradient/${parameter}`]);
        delete results[`gradient/${parameter}`];
      }
      return results;
    }

    const packed = onProcessor && !options.small;
    return {
      masks,
      run,
      planMemory: (batch, length) =>
        planMemory(
          execution,
          signature,
          { gradients, packed, hostSession: true, copiesGradients: !onProcessor },
          batch,
          length,
        ),
      release: () => session.release(),
    };
  };
}
