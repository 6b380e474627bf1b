import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { kernels } from "../../engine/graph/kernels/mod.ts";
import { type Tensor, tf } from "../../engine/tensor.ts";

const core = createRequire(import.meta.url).resolve("@tensorflow/tfjs-core");

Deno.test("every kernel that can be traced has the gradient that tfjs has for it", () => {
  const differentiable = Object.keys(kernels).filter((name) =>
    existsSync(join(dirname(core), "gradients", `${name}_grad.js`))
  );
  assert.ok(differentiable.length > 30);
  for (const name of differentiable) assert.equal(tf.getGradient(name)?.kernelName, name);
});

Deno.test("a chained operation equals the function of its name", () => {
  const x = tf.tensor2d([[1, 2], [3, 4]]);
  const pairs: Record<string, [Tensor, Tensor]> = {
    add: [tf.add(x, 1), x.add(1)],
    matMul: [tf.matMul(x, x, true), x.matMul(x, true)],
    sum: [tf.sum(x, 1, true), x.sum(1, true)],
    concat: [tf.concat([x, x], 1), x.concat(x, 1)],
  };
  for (const [name, [expected, actual]] of Object.entries(pairs)) {
    assert.deepEqual([actual.shape, actual.dataSync()], [expected.shape, expected.dataSync()], name);
  }
});
