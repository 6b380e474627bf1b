import assert from "node:assert/strict";
import type { Tensor } from "../../engine/tensor.ts";
import { difference, eagerFeatures, eagerWeights } from "../models/eager.ts";
import { tinyBackbone } from "../models/use-lite/tiny.ts";
import { startTensors, variant } from "./variants.ts";

const backbone = await tinyBackbone(9);
const weights = await eagerWeights(backbone);
const encoded = await Array.fromAsync(["a text", "another, longer one"], (text) => backbone.encode(text, 32));
const keep = (_: string, x: Tensor) => x;

for (const raw of [{}, { outputs: ["attention.output", "pooler"], inputs: ["attention.qkv", "residual"] }]) {
  Deno.test(`IA³ with ${JSON.stringify(raw)} gives the same features merged into the weights and beside them`, async () => {
    const ia3 = variant("ia3", raw);
    const { method, options } = ia3;
    const parameters = await startTensors(ia3, backbone, 0.3);
    const beside = eagerFeatures(backbone, weights, encoded, method.hooks(parameters, backbone, options, keep));
    const merged = { ...weights, ...method.merged!(parameters, weights, backbone, options) };
    assert(difference(eagerFeatures(backbone, merged, encoded), beside) < 1e-5);
    assert(difference(eagerFeatures(backbone, weights, encoded), beside) > 1e-2);
  });
}

Deno.test("IA³ refuses to scale output and input of one linear map", () => {
  const { method, options } = variant("ia3", { outputs: ["ffn.out"] });
  assert.throws(() => method.parameters(backbone, options), {
    message: "Cannot use ia3: outputs and inputs must name different linear maps, current value is ffn.out in both",
  });
});
