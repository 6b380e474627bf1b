/**
 * Eager execution: a program is run operation by operation on a backend of tfjs, with tfjs' own gradients.
 * @module
 */
import { checkFeed } from "../feed.ts";
import { lower } from "../graph/lower.ts";
import { planMemory } from "../graph/memory-plan.ts";
import { readStored } from "../safetensors.ts";
import { orderExecution } from "../graph/execution-order.ts";
import { type Tensor, type Tensors, tf } from "../tensor.ts";
import type { ArrayValue, CompileOptions, Executable, Feed, Program, Signature } from "../types.ts";

function toTensor({ data, shape }: ArrayValue): Tensor {
  // A copy, since tfjs keeps the array that it is given, and the caller may write to its array later.
  return tf.tensor(data.slice(), [...shape], data instanceof Float32Array ? "float32" : "int32");
}

/** Calls `work` with a backend as the current one. All devices share one tfjs, so the backend before is set again. */
function withBackend<T>(backend: string, work: () => T): T {
  const before = tf.getBackend();
  tf.setBackend(backend);
  try {
    return work();
  } finally {
    tf.setBackend(before);
  }
}

/**
 * Makes a program ready to run on a backend that is registered with tfjs. The program is traced too, for its masks and
 * its planned memory, and so that every device refuses the same programs.
 * @throws {Error} as `compile` of a device
 */
export async function compileEager(
  backend: string,
  program: Program,
  signature: Signature,
  options: CompileOptions,
): Promise<Executable> {
  const gradients = options.gradients === true;
  const lowered = lower(program, signature, gradients);
  const execution = orderExecution(lowered.outputs);
  const weights: Tensors = {};
  for (const [name, stored] of Object.entries(signature.weights)) {
    const data = await readStored(stored);
    weights[name] = withBackend(backend, () => tf.tensor(data, [...stored.shape]));
  }

  function compute(feed: Feed): Record<string, Float32Array> {
    const results: Record<string, Float32Array> = {};
    const parameters = Object.fromEntries(
      Object.entries(signature.parameters).map((
        [name, shape],
      ) => [name, toTensor({ data: feed.parameters[name], shape })]),
    );
    const inputs = Object.fromEntries(Object.entries(feed.inputs).map(([name, value]) => [name, toTensor(value)]));
    const dropout = (name: string, x: Tensor, rate: number) =>
      rate === 0 || !gradients ? x : tf.mul(x, inputs[`mask/${name}`]);
    const forward = () => {
      const outputs = program({ weights, parameters, inputs, dropout });
      for (const [name, output] of Object.entries(outputs)) results[name] = Float32Array.from(output.dataSync());
      return outputs;
    };
    if (!gradients) {
      forward();
      return results;
    }
    const { grads } = tf.engine().gradients(() => forward().loss, Object.values(parameters), undefined, true);
    Object.keys(parameters).forEach((name, parameter) => {
      const sum = feed.gradients![name];
      grads[parameter].dataSync().forEach((value, index) => sum[index] += value);
    });
    return results;
  }

  function run(feed: Feed): Record<string, Float32Array> {
    checkFeed(signature, feed);
    let results: Record<string, Float32Array> = {};
    withBackend(backend, () => tf.tidy(() => void (results = compute(feed))));
    return results;
  }

  return {
    masks: lowered.masks,
    run: (feed) => Promise.try(run, feed),
    planMemory: (batch, length) =>
      planMemory(execution, signature, { gradients, packed: false, hostSession: false }, batch, length),
    release: () => Promise.resolve(tf.dispose(weights)),
  };
}
