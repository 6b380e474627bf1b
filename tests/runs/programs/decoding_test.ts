import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { cpu } from "../../../engine/devices/cpu.ts";
import { Random } from "../../../base/random.ts";
import { compose } from "../../../methods/adaptation/compose.ts";
import { findFolder } from "../../../models/mod.ts";
import { draw, generate, type GenerateOptions, type Sampling } from "../../../runs/programs/decoding.ts";
import { asLanguageModel, trainableLanguageModel } from "../../../runs/programs/language-model.ts";

const open = async (arch: string) =>
  await (await findFolder(fileURLToPath(new URL(`../../golden/A/${arch}/model`, import.meta.url)))).open();

Deno.test("texts of different lengths are continued together as each is alone, until they end", async () => {
  for (const arch of ["gpt2", "mistral", "qwen2"]) {
    const backbone = asLanguageModel(await open(arch));
    const adaptation = compose([], backbone);
    const model = trainableLanguageModel(backbone, adaptation);
    const grow = (texts: number[][], end?: number) =>
      generate(backbone, adaptation, model, texts, { device: cpu, threads: 1, parameters: {}, tokens: 9, end });
    const texts = [[15, 70, 45, 77], [20]];
    const together = await grow(texts);
    assert.deepEqual(together.map(({ length }) => length), [13, 10]);
    assert.deepEqual(together, [...await grow([texts[0]]), ...await grow([texts[1]])]);
    const end = together[0][6];
    const cut = (ids: number[], from: number) => {
      const at = ids.indexOf(end, from);
      return at < 0 ? ids : ids.slice(0, at + 1);
    };
    assert.deepEqual(await grow(texts, end), [cut(together[0], 4), cut(together[1], 1)]);
    const long = Array.from({ length: 60 }, () => 5);
    await assert.rejects(() => grow([long]), /at most 64 tokens, current value is 60 \+ 9/);
  }
});

Deno.test("tokens are sampled by their probability, at a temperature, from the nucleus alone", () => {
  const probabilities = [0.5, 0.1, 0.3, 0.06, 0.04];
  const scores = Float32Array.from(probabilities, (probability) => Math.log(probability) + 3);
  const shares = (options: Sampling) => {
    const random = new Random(5, "draws");
    const frequencies = [0, 0, 0, 0, 0];
    for (let at = 0; at < 4000; at++) frequencies[draw(scores, options, random)] += 1 / 4000;
    return frequencies;
  };
  const near = (frequencies: number[], expected: number[]) =>
    // Four standard errors.
    expected.every((share, at) => Math.abs(frequencies[at] - share) <= 4 * Math.sqrt(share * (1 - share) / 4000));
  assert(near(shares({ temperature: 1, topP: 1 }), probabilities));
  const squares = probabilities.map((probability) => probability ** 2);
  const sum = squares.reduce((all, square) => all + square);
  assert(near(shares({ temperature: 0.5, topP: 1 }), squares.map((square) => square / sum)));
  assert(near(shares({ temperature: 1, topP: 0.79 }), [0.5 / 0.8, 0, 0.3 / 0.8, 0, 0]));
  assert.deepEqual(shares({ temperature: 1, topP: 1e-9 }).slice(1), [0, 0, 0, 0]);
});

Deno.test("sampling is determined by its random stream, and greedy at a low temperature", async () => {
  const backbone = asLanguageModel(await open("llama"));
  const adaptation = compose([], backbone);
  const model = trainableLanguageModel(backbone, adaptation);
  const grow = (sampling?: GenerateOptions["sampling"]) =>
    generate(backbone, adaptation, model, [[15, 70], [20]], {
      device: cpu,
      threads: 1,
      parameters: {},
      tokens: 5,
      sampling,
    });
  const random = (seed: number) => [new Random(seed, "one"), new Random(seed, "other")];
  const warm = (seed: number) => grow({ random: random(seed), temperature: 1, topP: 1 });
  assert.deepEqual(await warm(1), await warm(1));
  assert.notDeepEqual(await warm(1), await warm(2));
  assert.deepEqual(await grow({ random: random(1), temperature: 1e-4, topP: 1 }), await grow());
});
