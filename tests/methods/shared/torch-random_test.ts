import assert from "node:assert/strict";
import { TorchRandom } from "../../../methods/shared/torch-random.ts";

interface Golden {
  cases: { seed: number; matrices: { shape: number[]; bound: number; values: number[] }[] }[];
}

// Made by tests/golden/torch-random.py.
const { cases }: Golden = JSON.parse(
  await Deno.readTextFile(new URL("../../golden/torch-random.json", import.meta.url)),
);

for (const { seed, matrices } of cases) {
  Deno.test(`uniform numbers from seed ${seed} are those of PyTorch, bit for bit`, () => {
    const random = new TorchRandom(seed);
    for (const { shape, bound, values } of matrices) {
      assert.deepEqual(random.uniform(shape, bound), Float32Array.from(values));
    }
  });
}
