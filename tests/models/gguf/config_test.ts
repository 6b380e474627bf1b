import assert from "node:assert/strict";
import { describeGguf } from "../../../models/gguf/config.ts";
import { readGgufHeader } from "../../../models/gguf/file.ts";
import { fileOf } from "./fixture.ts";
import { tinyLlama } from "./write-file.ts";

Deno.test("the rescaled rotation of Llama 3 is recognised by its factors, and other factors are refused", async () => {
  const file = tinyLlama();
  Object.assign(file.metadata, {
    "llama.embedding_length": 128,
    "llama.attention.head_count_kv": 2,
    "llama.rope.dimension_count": 64,
    "llama.rope.freq_base": 500000,
  });
  const header = await readGgufHeader(await fileOf(file));
  // As llama.cpp's converter computes them.
  const factors = Float32Array.from({ length: 32 }, (_, pair) => {
    const wavelength = 2 * Math.PI * 500000 ** (2 * pair / 64);
    if (wavelength < 8192 / 4) return 1;
    if (wavelength > 8192) return 32;
    const smooth = (8192 / wavelength - 1) / (4 - 1);
    return 1 / ((1 - smooth) / 32 + smooth);
  });
  assert(new Set(factors).size > 4);
  assert.deepEqual(describeGguf(header, factors).config.rope_parameters, {
    rope_type: "llama3",
    rope_theta: 500000,
    factor: 32,
    low_freq_factor: 1,
    high_freq_factor: 4,
    original_max_position_embeddings: 8192,
  });
  const slower = factors.map((factor) => factor > 1 && factor < 32 ? 1.1 * factor : factor);
  for (const other of [slower, factors.slice(1), factors.map(() => 0), new Float32Array(40).fill(NaN)]) {
    assert.throws(() => describeGguf(header, other), /rope_freqs\.weight must rescale the rotation as Llama 3 does/);
  }
});
