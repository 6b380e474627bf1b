import assert from "node:assert/strict";
import { tf } from "../../../engine/tensor.ts";
import { rotary, type RotaryParameters, rotate } from "../../../models/layers/rotary.ts";
import { difference } from "../eager.ts";

const plain: RotaryParameters = { rope_type: "default", rope_theta: 500000 };
const llama3: RotaryParameters = {
  rope_type: "llama3",
  rope_theta: 500000,
  factor: 8,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 512,
};

/** The angles of the second position, for heads of 16 entries. */
function frequencies(parameters: RotaryParameters): number[] {
  tf.setBackend("cpu");
  return tf.tidy(() => {
    const { cosines, sines } = rotary(16, parameters)(tf.ones([1, 1]));
    return [...tf.atan2(sines, cosines).dataSync()];
  });
}

Deno.test("angles are powers of the base, and the scaling of Llama 3 slows down slow pairs as in transformers", () => {
  assert(difference(frequencies(plain), Array.from({ length: 8 }, (_, pair) => 500000 ** (-pair / 8))) < 1e-6);
  // transformers 5.23, LlamaRotaryEmbedding(config).inv_freq.
  const expected = [
    1,
    0.193922758,
    0.0273441337,
    9.11583134e-4,
    1.767766807e-4,
    3.428102355e-5,
    6.647869668e-6,
    1.289173156e-6,
  ];
  for (const [pair, frequency] of frequencies(llama3).entries()) {
    assert(Math.abs(frequency / expected[pair] - 1) < 1e-5, `pair ${pair}: ${frequency}`);
  }
});

Deno.test("the product of a rotated query and a rotated key depends on their distance alone", () => {
  tf.setBackend("cpu");
  tf.tidy(() => {
    const row = (from: number) => Array.from({ length: 8 }, (_, at) => Math.sin(from + at));
    const [query, key] = [1, 2].map((from) => tf.tensor2d(Array.from({ length: 6 }, () => row(from))));
    const turn = (x: typeof query, first: number) =>
      rotate(x, rotary(8, plain)(tf.range(first, first + 6, 1, "float32").expandDims(0)), 1, 1);
    const products = (first: number) =>
      turn(query, first).matMul(turn(key, first), false, true).arraySync() as number[][];
    const near = products(0);
    assert(difference(near.flat(), products(100).flat()) < 1e-4);
    assert(Math.abs(near[0][1] - near[4][5]) < 1e-5);
    assert(Math.abs(near[0][1] - near[0][3]) > 1e-2);
  });
});
