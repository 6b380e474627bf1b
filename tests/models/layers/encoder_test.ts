import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { Random } from "../../../base/random.ts";
import { type Tensor, tf } from "../../../engine/tensor.ts";
import { findFolder } from "../../../models/mod.ts";
import type { Encoding, Hooks } from "../../../models/types.ts";
import { difference, eagerFeatures, eagerWeights } from "../eager.ts";

async function open(architecture: string) {
  const folder = fileURLToPath(new URL(`../../golden/A/${architecture}/model`, import.meta.url));
  const backbone = await (await findFolder(folder)).open();
  return { backbone, weights: await eagerWeights(backbone) };
}

const { backbone, weights } = await open("bert");
const texts = [[3, 10, 11, 12, 4], [3, 20, 4], [3, 30, 31, 32, 33, 34, 4]];

function rows(n: number, purpose: string): Tensor {
  const random = new Random(1, purpose);
  return tf.tensor2d(Array.from({ length: n }, () => Array.from({ length: 32 }, () => random.normal())));
}
const prompt: Hooks["prompt"] = () => rows(3, "prompt");
const prefix: Hooks["prefix"] = (layer) => ({ keys: rows(2, `keys ${layer}`), values: rows(2, `values ${layer}`) });
const hookSets: [string, Hooks][] = [
  ["no hooks", {}],
  ["a prompt", { prompt }],
  ["a prompt read as PEFT reads it", { prompt, reading: "peft" }],
  ["a prefix and a prompt", { prompt, prefix }],
];

/** One row of each text's last hidden state. */
function rowOf({ backbone, weights }: Awaited<ReturnType<typeof open>>, row: number, hooks: Hooks): Tensor {
  const inputs = Object.fromEntries(
    Object.entries(backbone.collate(texts)).map(([name, { data, shape }]) =>
      [name, tf.tensor(data, [...shape], backbone.inputs[name].dtype)] as const
    ),
  );
  const last = backbone.hiddenStates!(weights, inputs, hooks).at(-1)!;
  return last.slice([0, row, 0], [texts.length, 1, 32]).reshape([texts.length, 32]);
}

/** Features made of one row of BERT's last hidden state by the pooler. */
function pooledAt(row: number, hooks: Hooks): Float32Array {
  return tf.tidy(() => {
    const dense = rowOf({ backbone, weights }, row, hooks).matMul(tf.transpose(weights["bert.pooler.dense.weight"]));
    return dense.add(weights["bert.pooler.dense.bias"]).tanh().dataSync() as Float32Array;
  });
}

for (const [name, hooks] of hookSets) {
  Deno.test(`with ${name}, padding and other texts of the batch change no feature of an encoder by more than 1e-5`, () => {
    const together = eagerFeatures(backbone, weights, texts, hooks);
    const alone = texts.flatMap((ids) => [...eagerFeatures(backbone, weights, [ids], hooks)]);
    assert(difference(together, alone) < 1e-5);
  });
}

Deno.test("features are those of [CLS], also after a prompt; in PEFT's reading those of the first virtual token", () => {
  const read = (hooks: Hooks) => eagerFeatures(backbone, weights, texts, hooks);
  assert(difference(read({}), pooledAt(0, {})) < 1e-6);
  assert(difference(read({ prompt }), pooledAt(3, { prompt })) < 1e-6);
  assert(difference(read({ prompt, prefix }), pooledAt(3, { prompt, prefix })) < 1e-6);
  assert(difference(read({ prompt, reading: "peft" }), pooledAt(0, { prompt })) < 1e-6);
  assert(difference(read({ prompt }), read({ prompt, reading: "peft" })) > 1e-2);
  // A prefix stands in no row of the output.
  assert.deepEqual(read({ prefix }), read({ prefix, reading: "peft" }));
});

for (const architecture of ["roberta", "distilbert"]) {
  Deno.test(`features of ${architecture} are those of the first token, whatever stands before and after a text`, async () => {
    const { backbone, weights } = await open(architecture);
    for (const [name, hooks] of hookSets) {
      const row = hooks.prompt && hooks.reading !== "peft" ? 3 : 0;
      const together = eagerFeatures(backbone, weights, texts, hooks);
      const expected = tf.tidy(() => rowOf({ backbone, weights }, row, hooks).dataSync());
      assert(difference(together, expected) < 1e-6, name);
      const alone = texts.flatMap((ids) => [...eagerFeatures(backbone, weights, [ids], hooks)]);
      assert(difference(together, alone) < 1e-5, name);
    }
  });
}

Deno.test("the second text of a pair has another segment, which changes the features", () => {
  const ids = [3, 10, 4, 11, 4];
  const pair: Encoding = Object.assign([...ids], { types: [0, 0, 0, 1, 1] });
  assert.deepEqual([...backbone.collate([pair, [3]]).types.data], [0, 0, 0, 1, 1, 0, 0, 0, 0, 0]);
  const features = (encoded: Encoding) => eagerFeatures(backbone, weights, [encoded]);
  assert(difference(features(ids), features(pair)) > 1e-2);
});

Deno.test("every linear map of an encoder calls the hook with its input and output", () => {
  const seen: string[] = [];
  eagerFeatures(backbone, weights, texts, {
    linear(site, x, y) {
      assert.deepEqual([x.shape[1], y.shape[1]], [site.in, site.out]);
      assert.deepEqual(backbone.weights[`${site.name}.weight`], [site.out, site.in]);
      seen.push(site.name);
      return y;
    },
  });
  assert.deepEqual(seen.sort(), backbone.linears.map(({ name }) => name).sort());
});
