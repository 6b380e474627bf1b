import assert from "node:assert/strict";
import { storedForm } from "../../../methods/adaptation/stored-form.ts";
import { sizeOf } from "../../../base/shapes.ts";
import { type Tensor, type Tensors, tf } from "../../../engine/tensor.ts";
import { compose } from "../../../methods/adaptation/compose.ts";
import { difference, eagerFeatures, eagerWeights } from "../../models/eager.ts";
import { tinyBackbone } from "../../models/use-lite/tiny.ts";
import { startTensors, variant } from "../variants.ts";

const backbone = await tinyBackbone(13);
const weights = await eagerWeights(backbone);
const encoded = await Array.fromAsync(["a text", "another, longer one"], (text) => backbone.encode(text, 32));
const keep = (_: string, x: Tensor) => x;

const lora = variant("lora", { rank: 2, dropout: 0.5, learningRate: 0.25 });
const prompt = variant("prompt-tuning", { virtualTokens: 3, learningRate: 0.5 });
const prefix = variant("prefix-tuning", { prefixLength: 2 });
const bitfit = variant("bitfit", { learningRate: 0.125 });

/** Values of joined methods under the names of the composition. */
async function joinedTensors(...parts: (typeof lora)[]): Promise<Tensors> {
  const all: Tensors = {};
  for (const part of parts) {
    for (const [name, value] of Object.entries(await startTensors(part, backbone, 0.3))) {
      all[`${part.method.name}/${name}`] = value;
    }
  }
  return all;
}

Deno.test("joined methods keep their own parameters, weights, step sizes and counts", () => {
  const joined = compose([lora, prompt, bitfit], backbone);
  assert.deepEqual(joined.parameters.map(({ name, learningRate }) => [name, learningRate]), [
    ["lora/layers.0.attention.qkv.lora_A", 0.25],
    ["lora/layers.0.attention.qkv.lora_B", 0.25],
    ["lora/layers.1.attention.qkv.lora_A", 0.25],
    ["lora/layers.1.attention.qkv.lora_B", 0.25],
    ["prompt-tuning/prompt_embeddings", 0.5],
  ]);
  assert.deepEqual(joined.trains, backbone.biases.map((name) => ({ name, learningRate: 0.125 })));
  const trained = [
    ...joined.parameters.map(({ shape }) => sizeOf(shape)),
    ...joined.trains.map(({ name }) => sizeOf(backbone.weights[name])),
  ];
  assert.equal(joined.count, trained.reduce((sum, part) => sum + part, 0));
});

Deno.test("joined methods act as each of them does alone, at its sites", async () => {
  const parts = [lora, prefix, prompt];
  const all = await joinedTensors(...parts);
  const dropped: string[] = [];
  const drop = (name: string, x: Tensor) => {
    dropped.push(name);
    return x;
  };
  const joined = eagerFeatures(backbone, weights, encoded, compose(parts, backbone).hooks(all, drop));
  const merged = lora.method.merged!(
    await startTensors(lora, backbone, 0.3),
    weights,
    backbone,
    lora.options,
  );
  const byHand = eagerFeatures(backbone, { ...weights, ...merged }, encoded, {
    ...prefix.method.hooks(await startTensors(prefix, backbone, 0.3), backbone, prefix.options, keep),
    ...prompt.method.hooks(await startTensors(prompt, backbone, 0.3), backbone, prompt.options, keep),
  });
  assert(difference(joined, byHand) < 1e-5);
  assert.deepEqual(dropped, ["lora/layers.0.attention.qkv", "lora/layers.1.attention.qkv"]);
});

Deno.test("each of the joined methods is stored as it is alone", async () => {
  const parts = [lora, prompt, bitfit];
  const joined = compose(parts, backbone);
  const all = { ...weights, ...await joinedTensors(lora, prompt) };
  assert.deepEqual(Object.keys(joined.stored), ["lora", "prompt-tuning", "bitfit"]);
  let count = 0;
  for (const part of parts) {
    const alone = storedForm(part.method, backbone, part.options);
    const trained = part === bitfit
      ? Object.fromEntries(backbone.biases.map((name) => [name, weights[name]]))
      : await startTensors(part, backbone, 0.3);
    const { config, tensors } = joined.stored[part.method.name];
    assert.deepEqual(config, alone.config);
    const [actual, expected] = [tensors(all), alone.tensors(trained)];
    assert.deepEqual(Object.keys(actual), Object.keys(expected));
    for (const [name, value] of Object.entries(actual)) {
      assert.deepEqual(value.dataSync(), expected[name].dataSync());
      count += tf.util.sizeFromShape(value.shape);
    }
  }
  assert.equal(count, joined.storedCount);
});

Deno.test("joined methods are the identity at the start if all of them are", () => {
  assert.equal(compose([lora, bitfit], backbone).identityAtStart, true);
  assert.equal(compose([lora, prompt], backbone).identityAtStart, false);
});

Deno.test("two methods that train the same weight are not joined", () => {
  assert.throws(() => compose([variant("full"), bitfit], backbone), {
    message:
      "Cannot join full and bitfit: a weight must be trained by one part, both train layers.0.attention.norm.bias",
  });
});

Deno.test("virtual tokens of all parts shorten the text, and must leave room for one", () => {
  const tokens = (prompt: number, prefix: number) =>
    compose([
      variant("prompt-tuning", { virtualTokens: prompt }),
      variant("prefix-tuning", { prefixLength: prefix }),
      variant("lora"),
    ], backbone);
  assert.equal(backbone.positions, 64);
  assert.equal(tokens(16, 16).maxLength, 32);
  assert.equal(tokens(17, 16).maxLength, 31);
  assert.equal(tokens(26, 31).maxLength, 7);
  assert.throws(() => tokens(27, 31), {
    message: "Cannot insert virtual tokens: there must be at most 57, as the backbone has 64 positions, " +
      "current value is 58",
  });
  assert.equal(compose([variant("p-tuning", { virtualTokens: 50 })], backbone).maxLength, 14);
});
