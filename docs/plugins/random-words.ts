/**
 * Bag of words with random weights: what a task gives away by its words, without pre-training.
 * @module
 */
import {
  type Backbone,
  type BackboneShape,
  cachedFile,
  defineModel,
  linearMaps,
  type LinearSite,
  type NamedArray,
  Random,
  readSafetensors,
  tf,
  writeSafetensors,
} from "@tunebench/tunebench/plugin";

const VOCABULARY = 4096;
const WIDTH = 128;
const FEATURES = 256;
const WEIGHTS_SHA256 = "0099714f06af5b827f5e9e786ab9ef943fc0a72dd9f3fd98adb0a21f917da411";

const pooler: LinearSite = { name: "pooler", role: "pooler", layer: 0, in: WIDTH, out: FEATURES };
const sites = new Map([[pooler.name, pooler]]);

const shape: BackboneShape = {
  weights: { "embeddings": [VOCABULARY, WIDTH], "pooler.weight": [WIDTH, FEATURES], "pooler.bias": [FEATURES] },
  biases: ["pooler.bias"],
  linears: [pooler],
  loraTargets: ["pooler"],
  ia3Targets: { outputs: ["pooler"], inputs: [] },
  norms: [],
  keyValueWidths: [],
  attentionHeads: 0,
  embeddingWidth: WIDTH,
  featureWidth: FEATURES,
  maxLength: 128,
};

/** Writes weights uniform over [−1, 1). */
async function build(path: string): Promise<void> {
  const tensors: Record<string, NamedArray> = {};
  for (const [name, dims] of Object.entries(shape.weights)) {
    const random = new Random(0, `random-words/${name}`);
    const length = dims.reduce((product, size) => product * size, 1);
    tensors[name] = { shape: dims, data: Float32Array.from({ length }, () => 2 * random.uniform() - 1) };
  }
  await writeSafetensors(path, tensors);
}

/** A word's id is a hash of it. */
function encode(text: string, limit: number): Promise<number[]> {
  const words = (text.toLowerCase().match(/\p{L}+/gu) ?? []).slice(0, Math.min(limit, shape.maxLength));
  return Promise.resolve(words.map((word) => new Random(0, word).integer(VOCABULARY)));
}

const collate: Backbone["collate"] = (encoded) => {
  const length = Math.max(1, ...encoded.map((ids) => ids.length));
  const ids = new Int32Array(encoded.length * length);
  const mask = new Float32Array(encoded.length * length);
  for (const [row, tokens] of encoded.entries()) {
    ids.set(tokens, row * length);
    mask.fill(1, row * length, row * length + tokens.length);
  }
  return { ids: { data: ids, shape: [encoded.length, length] }, mask: { data: mask, shape: [encoded.length, length] } };
};

/** tanh(m·W + b), m the mean of the embeddings of words and virtual tokens. */
const forward: Backbone["forward"] = (weights, inputs, hooks) => {
  const [batch, length] = inputs.ids.shape;
  const words = tf.gather(weights["embeddings"], inputs.ids.reshape([batch * length])).reshape([batch, length, WIDTH]);
  let sum = words.mul(inputs.mask.reshape([batch, length, 1])).sum(1);
  let count = inputs.mask.sum(1, true);
  const prompt = hooks.prompt?.();
  if (prompt) {
    sum = sum.add(prompt.sum(0));
    count = count.add(prompt.shape[0]);
  }
  return linearMaps(weights, sites, hooks)("pooler", sum.div(count.maximum(1))).tanh();
};

/** Random embeddings of hashed words, their mean and a random layer. */
export default defineModel({
  name: "random-words",
  description: "bag of words with random weights: a floor for pretrained models",
  revision: "1",
  licence: "Apache-2.0",
  citation: "none: random weights",
  shape,
  async open() {
    return {
      ...shape,
      stored: await readSafetensors(await cachedFile("random-words", "safetensors", WEIGHTS_SHA256, build)),
      sha256: WEIGHTS_SHA256,
      vocabularySize: VOCABULARY,
      embeddingWeight: "embeddings",
      encode,
      inputs: {
        ids: { shape: ["batch", "length"], dtype: "int32", below: VOCABULARY },
        mask: { shape: ["batch", "length"], dtype: "float32" },
      },
      collate,
      forward,
    };
  },
});
