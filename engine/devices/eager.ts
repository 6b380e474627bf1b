/**
 * Eager execution: a program run operation by operation on a backend of tfjs, with tfjs' own gradients.
 * @module
 */
import { checkFeed } from "../feed.ts";
import { lower } from "../graph/lower.ts";
import { planMemory } from "../graph/memory-plan.ts";
import { readStored } from "../safetensors.ts";
import { schedule } from "../graph/fuse.ts";
import { type Tensor, type Tensors, tf } from "../tensor.ts";
import type { ArrayValue, CompileOptions, Executable, Feed, Program, Signature } from "../types.ts";

function tensor({ data, shape }: ArrayValue): Tensor {
  // tfjs keeps the array it is given, and the caller goes on writing to its own.
  return tf.tensor(data.slice(), [...shape], data instanceof Float32Array ? "float32" : "int32");
}

/** Works on a backend, and leaves the current one as it was: all devices share one tfjs. */
function on<T>(backend: string, work: () => T): T {
  const before = tf.getBackend();
  tf.setBackend(backend);
  try {
    return work();
  } finally {
    tf.setBackend(before);
  }
}

/**
 * Makes a program ready to run on a backend that is registered with tfjs. It is recorded too: for its masks and its
 * planned memory, and so that what other devices refuse is refused here.
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
  const graph = schedule(lowered.outputs);
  const weights: Tensors = {};
  for (const [name, stored] of Object.entries(signature.weights)) {
    const data = await readStored(stored);
    weights[name] = on(backend, () => tf.tensor(data, [...stored.shape]));
  }

  function compute(feed: Feed): Record<string, Float32Array> {
    const results: Record<string, Float32Array> = {};
    const parameters = Object.fromEntries(
      Object.entries(signature.parameters).map((
        [name, shape],
      ) => [name, tensor({ data: feed.parameters[name], shape })]),
    );
    const inputs = Object.fromEntries(Object.entries(feed.inputs).map(([name, value]) => [name, tensor(value)]));
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
    Object.keys(parameters).forEach((name, at) => {
      const sum = feed.gradients![name];
      grads[at].dataSync().forEach((value, index) => sum[index] += value);
    });
    return results;
  }

  function run(feed: Feed): Record<string, Float32Array> {
    checkFeed(signature, feed);
    let results: Record<string, Float32Array> = {};
    on(backend, () => tf.tidy(() => void (results = compute(feed))));
    return results;
  }

  return {
    masks: lowered.masks,
    run: (feed) => Promise.try(run, feed),
    planMemory: (batch, length) =>
      planMemory(graph, signature, { gradients, packed: false, hostSession: false }, batch, length),
    release: () => Promise.resolve(tf.dispose(weights)),
  };
}
