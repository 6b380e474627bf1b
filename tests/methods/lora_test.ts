import assert from "node:assert/strict";
import { type Tensor, tf } from "../../engine/tensor.ts";
import { difference, eagerFeatures, eagerWeights } from "../models/eager.ts";
import { tinyBackbone } from "../models/use-lite/tiny.ts";
import { startTensors, variant } from "./variants.ts";

const backbone = await tinyBackbone(9);
const weights = await eagerWeights(backbone);
const encoded = await Array.fromAsync(["a text", "another, longer one"], (text) => backbone.encode(text, 32));
const keep = (_: string, x: Tensor) => x;

const everyOther = ["attention.output", "residual", "ffn.in", "ffn.out", "pooler"];
for (const raw of [{}, { targets: everyOther }, { dora: true }, { targets: everyOther, dora: true }]) {
  Deno.test(`LoRA with ${JSON.stringify(raw)} gives the same features merged into the weights and beside them`, async () => {
    const lora = variant("lora", { rank: 2, ...raw });
    const { method, options } = lora;
    const parameters = await startTensors(lora, backbone, 0.3);
    const beside = eagerFeatures(backbone, weights, encoded, method.hooks(parameters, backbone, options, keep));
    const merged = { ...weights, ...method.merged!(parameters, weights, backbone, options) };
    assert(difference(eagerFeatures(backbone, merged, encoded), beside) < 1e-5);
    assert(difference(eagerFeatures(backbone, weights, encoded), beside) > 1e-2);
  });
}

Deno.test("LoRA applies dropout to its input at each target", async () => {
  const lora = variant("lora", { rank: 2, dropout: 0.25 });
  const { method, options } = lora;
  const calls: string[] = [];
  const drop = (name: string, x: Tensor, rate: number) => {
    calls.push(`${name} ${rate}`);
    return tf.zerosLike(x);
  };
  const hooks = method.hooks(await startTensors(lora, backbone, 0.3), backbone, options, drop);
  const dropped = eagerFeatures(backbone, weights, encoded, hooks);
  assert.deepEqual(calls, ["layers.0.attention.qkv 0.25", "layers.1.attention.qkv 0.25"]);
  assert.equal(difference(dropped, eagerFeatures(backbone, weights, encoded)), 0);
});
