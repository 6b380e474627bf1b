import assert from "node:assert/strict";
import { tf } from "../../../engine/tensor.ts";
import { composeHooks } from "../../../methods/adaptation/hooks.ts";

const site = { name: "layers.0.ffn.in", role: "ffn.in", layer: 0, in: 1, out: 1 };

Deno.test("composed prompts and prefixes stand one after the other, in the order given", () => {
  const rows = (value: number) => tf.fill([1, 2], value);
  const hooks = composeHooks([
    { prompt: () => rows(1), prefix: (layer) => ({ keys: rows(10 + layer), values: rows(20) }) },
    {},
    { prompt: () => rows(2), prefix: (layer) => ({ keys: rows(30 + layer), values: rows(40) }) },
  ]);
  assert.deepEqual(hooks.prompt!().arraySync(), [[1, 1], [2, 2]]);
  assert.deepEqual(hooks.prefix!(1).keys.arraySync(), [[11, 11], [31, 31]]);
  assert.deepEqual(hooks.prefix!(1).values.arraySync(), [[20, 20], [40, 40]]);
});

Deno.test("composed linear hooks see the same input, each the output of the one before", () => {
  const { linear } = composeHooks([
    { linear: (_, x, y) => y.add(x) },
    { linear: (_, x, y) => y.mul(2).add(x) },
  ]);
  assert.deepEqual(linear!(site, tf.tensor([[1]]), tf.tensor([[10]]), {}).arraySync(), [[23]]);
});

Deno.test("composed hooks of inputs and of layers each see what the one before made", () => {
  const { input, layer } = composeHooks([
    { input: (_, x) => x.add(1), layer: (index, x) => x.add(index) },
    { input: (_, x) => x.mul(2), layer: (_, x) => x.mul(3) },
  ]);
  assert.deepEqual(input!(site, tf.tensor([[1]])).arraySync(), [[4]]);
  assert.deepEqual(layer!(1, tf.tensor([[1]])).arraySync(), [[6]]);
});

Deno.test("hooks composed of empty ones leave every site unchanged", () => {
  assert(Object.values(composeHooks([{}, {}])).every((hook) => hook === undefined));
});

Deno.test("composed hooks have PEFT's reading of virtual tokens if one of them has", () => {
  assert.equal(composeHooks([{}, { reading: "peft" }]).reading, "peft");
});
