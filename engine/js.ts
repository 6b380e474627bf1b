/**
 * The reference: the same program, run eagerly by tfjs' plain JavaScript backend. Slow, and independent of the recorder's
 * kernel rules, of the graph and of ONNX Runtime.
 * @module
 */
import { checkFeed } from "./feed.ts";
import { hostTraining } from "./host-training.ts";
import { inspectProcessor } from "./inspect-processor.ts";
import { lower } from "./lower.ts";
import { planMemory } from "./plan.ts";
import { readStored } from "./safetensors.ts";
import { schedule } from "./schedule.ts";
import { type Tensor, type Tensors, tf } from "./tensor.ts";
import type { ArrayValue, CompileOptions, Device, Executable, Feed, Program, Signature } from "./types.ts";

function tensor({ data, shape }: ArrayValue): Tensor {
  // tfjs keeps the array it is given, and the caller goes on writing to its own.
  return tf.tensor(data.slice(), [...shape], data instanceof Float32Array ? "float32" : "int32");
}

async function compile(program: Program, signature: Signature, options: CompileOptions): Promise<Executable> {
  const gradients = options.gradients === true;
  const lowered = lower(program, signature, gradients);
  const graph = schedule(lowered.outputs);
  tf.setBackend("cpu");
  const weights: Tensors = {};
  for (const [name, stored] of Object.entries(signature.weights)) {
    weights[name] = tf.tensor(await readStored(stored), [...stored.shape]);
  }
  function run(feed: Feed): Record<string, Float32Array> {
    checkFeed(signature, feed);
    tf.setBackend("cpu");
    const results: Record<string, Float32Array> = {};
    tf.tidy(() => {
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
      if (!gradients) return void forward();
      const { grads } = tf.engine().gradients(() => forward().loss, Object.values(parameters), undefined, true);
      Object.keys(parameters).forEach((name, at) => {
        const sum = feed.gradients![name];
        grads[at].dataSync().forEach((value, index) => sum[index] += value);
      });
    });
    return results;
  }

  return {
    masks: lowered.masks,
    run: (feed) => Promise.try(run, feed),
    plan: (batch, length) => planMemory(graph, signature, gradients, batch, length),
    release: () => Promise.resolve(tf.dispose(weights)),
  };
}

/** tfjs' plain backend, the reference. */
export const js: Device = {
  name: "js",
  description: "plain JavaScript, the reference: slow",
  inspect: () =>
    inspectProcessor("tfjs, backend cpu", ["@tensorflow/tfjs"], [
      "It computes in plain JavaScript on one core, several hundred times slower than cpu.",
    ]),
  compile,
  train: hostTraining(compile),
};
