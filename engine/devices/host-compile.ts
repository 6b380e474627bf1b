/**
 * Compiling for a provider of ONNX Runtime, with parameters, gradients and outputs in host memory.
 * @module
 */
import { sizeOf } from "../../base/shapes.ts";
import { addRows, checkFeed } from "../feed.ts";
import { collectGarbage } from "../garbage.ts";
import { evaluateShape } from "../graph/dim.ts";
import { lower, type RowGradient } from "../graph/lower.ts";
import { planMemory } from "../graph/memory-plan.ts";
import { loadRuntime, type Provider, type RuntimeTensor } from "./onnx-runtime.ts";
import { createProgramSession } from "./program-session.ts";
import type { Device, Feed, Signature } from "../types.ts";

/** In bytes; collecting smaller copies costs more time than they are worth. */
const COPIES_WORTH_FREEING = 4e6;

function parameterBytes({ parameters }: Signature): number {
  return Object.values(parameters).reduce((sum, shape) => sum + 4 * sizeOf(shape), 0);
}

/** Makes tensors of arrays that live long: each array gets its tensor once, not at every step. */
function createTensorCache(): (data: Float32Array, shape: readonly number[]) => RuntimeTensor {
  const { Tensor } = loadRuntime();
  const tensors = new WeakMap<Float32Array, RuntimeTensor>();
  return (data, shape) => {
    let tensor = tensors.get(data);
    if (!tensor) tensors.set(data, tensor = new Tensor("float32", data, shape));
    return tensor;
  };
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

/** The `compile` of a device: parameters, gradients and outputs are in host memory at every call. */
export function hostCompile(provider: Provider): Device["compile"] {
  return async (program, signature, options) => {
    const gradients = options.gradients === true;
    const { outputs, rows, masks } = lower(program, signature, gradients);
    const { execution, session, feeds: createFeeds } = await createProgramSession(
      outputs,
      signature,
      options,
      provider,
    );
    const { Tensor } = loadRuntime();
    const inputNames = new Set(session.inputNames);
    const rowParameters = new Set(rows.map(({ parameter }) => parameter));
    // The runtime writes gradients into the arrays it is given, and also returns a copy of each.
    const freesCopies = gradients && parameterBytes(signature) > COPIES_WORTH_FREEING;
    const tensorOf = createTensorCache();
    const outputArray = createOutputArrays(rows);

    async function run(feed: Feed): Promise<Record<string, Float32Array>> {
      const { batch, length } = checkFeed(signature, feed);
      const feeds = createFeeds(feed.inputs, batch, length);
      const fetches: Record<string, RuntimeTensor> = {};
      const results: Record<string, Float32Array> = {};
      for (const [name, shape] of Object.entries(signature.parameters)) {
        if (inputNames.has(`parameter/${name}`)) feeds[`parameter/${name}`] = tensorOf(feed.parameters[name], shape);
        if (gradients && !rowParameters.has(name)) {
          const accumulator = tensorOf(feed.gradients![name], shape);
          feeds[`accumulator/${name}`] = accumulator;
          fetches[`output/gradient/${name}`] = accumulator;
        }
      }
      for (const [name, node] of Object.entries(execution.outputs)) {
        if (`output/${name}` in fetches) continue;
        const shape = evaluateShape(node.shape, batch, length);
        results[name] = outputArray(name, sizeOf(shape));
        fetches[`output/${name}`] = new Tensor("float32", results[name], shape);
      }
      await session.run(feeds, fetches);
      if (freesCopies) collectGarbage("minor");
      for (const { parameter, ids } of rows) {
        addRows(feed.gradients![parameter], feed.inputs[ids].data, results[`gradient/${parameter}`]);
        delete results[`gradient/${parameter}`];
      }
      return results;
    }

    const packed = provider.name === "cpu" && !options.small;
    return {
      masks,
      run,
      planMemory: (batch, length) =>
        planMemory(execution, signature, { gradients, packed, hostSession: true }, batch, length),
      release: () => session.release(),
    };
  };
}
