import assert from "node:assert/strict";
import { Random } from "../../../base/random.ts";
import { readStored } from "../../../engine/safetensors.ts";
import { tf } from "../../../engine/tensor.ts";
import type { Hooks } from "../../../models/types.ts";
import { difference, eagerFeatures, eagerWeights } from "../eager.ts";
import { referenceFeatures, type Weights } from "./reference.ts";
import { tinyBackbone, tinySizes } from "./tiny.ts";

const backbone = await tinyBackbone(3);
const weights = await eagerWeights(backbone);
const encoded = await Array.fromAsync(["a text", "another, longer one", "x"], (text) => backbone.encode(text, 32));

const rows = new Map<string, number[][]>();
for (const [name, stored] of Object.entries(backbone.stored)) {
  const values = Array.from(await readStored(stored));
  const width = stored.shape.at(-1)!;
  rows.set(
    name,
    Array.from({ length: values.length / width }, (_, row) => values.slice(row * width, (row + 1) * width)),
  );
}
const plain: Weights = (name) => rows.get(name)!;

function randomRows(n: number, width: number, purpose: string): number[][] {
  const random = new Random(5, purpose);
  return Array.from({ length: n }, () => Array.from({ length: width }, () => random.normal()));
}
const prompt = randomRows(3, tinySizes.embedding, "prompt");
const prefixes = backbone.keyValueWidths.map((width, layer) => ({
  keys: randomRows(2, width, `keys ${layer}`),
  values: randomRows(2, width, `values ${layer}`),
}));
const prefix = (layer: number) => prefixes[layer];

const promptHook: Hooks["prompt"] = () => tf.tensor2d(prompt);
const prefixHook: Hooks["prefix"] = (layer) => ({
  keys: tf.tensor2d(prefixes[layer].keys),
  values: tf.tensor2d(prefixes[layer].values),
});
const cases = [
  { name: "no hooks", hooks: {}, expect: (ids: readonly number[]) => referenceFeatures(plain, tinySizes, ids) },
  {
    name: "a prompt",
    hooks: { prompt: promptHook },
    expect: (ids: readonly number[]) => referenceFeatures(plain, tinySizes, ids, prompt),
  },
  {
    name: "a prefix",
    hooks: { prefix: prefixHook },
    expect: (ids: readonly number[]) => referenceFeatures(plain, tinySizes, ids, [], prefix),
  },
  {
    name: "a prefix and a prompt",
    hooks: { prompt: promptHook, prefix: prefixHook },
    expect: (ids: readonly number[]) => referenceFeatures(plain, tinySizes, ids, prompt, prefix),
  },
];

for (const { name, hooks, expect } of cases) {
  Deno.test(`with ${name}, a batch of texts has the features that a float64 computation gives text by text`, () => {
    const features = eagerFeatures(backbone, weights, encoded, hooks);
    assert(difference(features, encoded.flatMap(expect)) < 1e-5);
  });

  Deno.test(`with ${name}, padding and other texts of the batch change no feature by more than 1e-5`, () => {
    const together = eagerFeatures(backbone, weights, encoded, hooks);
    const alone = encoded.flatMap((ids) => Array.from(eagerFeatures(backbone, weights, [ids], hooks)));
    assert(difference(together, alone) < 1e-5);
  });
}

Deno.test("every linear map of the shape calls the hook with its input and output", () => {
  const seen: string[] = [];
  eagerFeatures(backbone, weights, encoded, {
    linear(site, x, y) {
      assert.deepEqual([x.shape[1], y.shape[1]], [site.in, site.out]);
      assert.deepEqual(backbone.weights[`${site.name}.weight`], [site.in, site.out]);
      seen.push(site.name);
      return y;
    },
  });
  assert.deepEqual(seen.sort(), backbone.linears.map(({ name }) => name).sort());
});
