import assert from "node:assert/strict";
import { type Tensor, tf } from "../../engine/tensor.ts";
import { tinyBackbone } from "../models/use-lite/tiny.ts";
import { startTensors, variant } from "./variants.ts";

const backbone = await tinyBackbone(9);
const keep = (_: string, x: Tensor) => x;

/** h + U·relu(D·h + b) + c for one row h, by plain loops. */
function bottleneck(h: number[], down: number[][], b: number[], up: number[][], c: number[]): number[] {
  const product = (row: number[], x: number[]) => row.reduce((sum, weight, at) => sum + weight * x[at], 0);
  const inner = down.map((row, at) => Math.max(0, product(row, h) + b[at]));
  return h.map((value, at) => value + product(up[at], inner) + c[at]);
}

for (const placement of ["houlsby", "pfeiffer"]) {
  Deno.test(`an adapter of placement ${placement} acts at the ends of ${placement === "houlsby" ? "sub" : ""}layers, as its formula says`, async () => {
    const one = variant("adapter", { bottleneck: 3, placement });
    const parameters = await startTensors(one, backbone, 0.3);
    const hooks = one.method.hooks(parameters, backbone, one.options, keep);
    const ends = placement === "houlsby" ? ["attention.output", "ffn.out"] : ["ffn.out"];
    const changed: string[] = [];
    for (const site of backbone.linears) {
      const x = tf.randomNormal([1, site.out], 0, 1, "float32", 1);
      const y = placement === "houlsby"
        ? hooks.linear!(site, tf.zeros([1, site.in]), x, {})
        : ends.includes(site.role)
        ? hooks.layer!(site.layer, x)
        : x;
      if (y === x) continue;
      changed.push(site.name);
      const [down, b, up, c] = ["down.weight", "down.bias", "up.weight", "up.bias"].map((part) =>
        parameters[`${site.name}.adapter_${part}`].arraySync()
      );
      const expected = bottleneck(
        (x.arraySync() as number[][])[0],
        down as number[][],
        b as number[],
        up as number[][],
        c as number[],
      );
      (y.arraySync() as number[][])[0].forEach((value, at) => assert(Math.abs(value - expected[at]) < 1e-5));
    }
    assert.deepEqual(changed, [0, 1].flatMap((layer) => ends.map((role) => `layers.${layer}.${role}`)));
  });
}

Deno.test("an adapter is refused if the backbone has no layers", () => {
  const { method, options } = variant("adapter");
  assert.throws(() => method.parameters({ ...backbone, sublayerOutputs: undefined }, options), {
    message: "Cannot use adapter: the backbone must have layers of attention and feed-forward networks, it has none",
  });
});
