import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { Random } from "../../../base/random.ts";
import { type Tensor, tf } from "../../../engine/tensor.ts";
import { findFolder } from "../../../models/mod.ts";
import type { Hooks } from "../../../models/types.ts";
import { difference, eagerFeatures, eagerWeights } from "../eager.ts";

const path = (arch: string) => fileURLToPath(new URL(`../../golden/A/${arch}/model`, import.meta.url));
const texts = [[10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21], [20, 21], [30, 31, 32, 33, 34]];

function rows(n: number, width: number, purpose: string): Tensor {
  const random = new Random(1, purpose);
  return tf.tensor2d(Array.from({ length: n }, () => Array.from({ length: width }, () => random.normal())));
}

for (const arch of ["gpt2", "llama", "mistral"]) {
  const backbone = await (await findFolder(path(arch))).open();
  const [width] = backbone.keyValueWidths;
  const prompt: Hooks["prompt"] = () => rows(3, backbone.embeddingWidth, "prompt");
  const prefix: Hooks["prefix"] = (layer) => ({
    keys: rows(2, width, `keys ${layer}`),
    values: rows(2, width, `values ${layer}`),
  });

  for (const [name, hooks] of [["no hooks", {}], ["a prefix and a prompt", { prompt, prefix }]] as const) {
    Deno.test(`${arch} with ${name}: features are the last state of a text, whatever its padding and the other texts`, async () => {
      const weights = await eagerWeights(backbone);
      const together = eagerFeatures(backbone, weights, texts, hooks);
      const expected = texts.flatMap((ids) =>
        tf.tidy(() => {
          const { ids: padded, mask } = backbone.collate([ids]);
          const inputs = {
            ids: tf.tensor(padded.data, [...padded.shape], "int32"),
            mask: tf.tensor(mask.data, [...mask.shape]),
          };
          const values = backbone.hiddenStates!(weights, inputs, hooks).at(-1)!.dataSync();
          return [...values.slice(-backbone.featureWidth)];
        })
      );
      assert(difference(together, expected) < 1e-5);
      tf.dispose(weights);
    });
  }

  Deno.test(`${arch}: after a prompt, PEFT's reading takes the last position of the batch, even if it is padding`, async () => {
    const weights = await eagerWeights(backbone);
    const read = (encoded: number[][], hooks: Hooks) => [...eagerFeatures(backbone, weights, encoded, hooks)];
    const half = backbone.featureWidth;
    const [sound, peft] = [read(texts, { prompt }), read(texts, { prompt, reading: "peft" })];
    assert(difference(sound.slice(0, half), peft.slice(0, half)) < 1e-5, "the longest text is not filled up");
    assert(difference(sound.slice(half), peft.slice(half)) > 1e-2);
    assert.deepEqual(read(texts, { prefix }), read(texts, { prefix, reading: "peft" }));
    tf.dispose(weights);
  });

  Deno.test(`${arch}: no state depends on a later token`, async () => {
    const weights = await eagerWeights(backbone);
    const states = (ids: number[]) =>
      tf.tidy(() => {
        const inputs = { ids: tf.tensor2d([ids], undefined, "int32"), mask: tf.ones([1, ids.length]) };
        return backbone.hiddenStates!(weights, inputs, {}).at(-1)!.dataSync();
      });
    const [a, b] = [states([10, 11, 12, 13]), states([10, 11, 12, 90])];
    const before = 3 * backbone.featureWidth;
    assert(difference(a.slice(0, before), b.slice(0, before)) < 1e-6);
    assert(difference(a.slice(before), b.slice(before)) > 1e-2);
    tf.dispose(weights);
  });

  Deno.test(`${arch}: every linear map calls the hook with its input and output`, async () => {
    const weights = await eagerWeights(backbone);
    const seen: string[] = [];
    eagerFeatures(backbone, weights, texts, {
      linear(site, x, y) {
        assert.deepEqual([x.shape[1], y.shape[1]], [site.in, site.out]);
        const { shape } = backbone.stored[`${site.name}.weight`];
        assert.deepEqual(shape, site.outputFirst ? [site.out, site.in] : [site.in, site.out]);
        seen.push(site.name);
        return y;
      },
    });
    assert.deepEqual(seen, backbone.linears.map(({ name }) => name));
    tf.dispose(weights);
  });
}
