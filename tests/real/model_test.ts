/** Real weights, compared with transformers; see peer.ts. */
import assert from "node:assert/strict";
import { cpu } from "../../engine/devices/cpu.ts";
import { compose } from "../../methods/adaptation/compose.ts";
import { findFolder } from "../../models/mod.ts";
import { generate } from "../../runs/programs/decoding.ts";
import { asLanguageModel, trainableLanguageModel } from "../../runs/programs/language-model.ts";
import { tasks } from "../../tasks/mod.ts";
import type { Task } from "../../tasks/types.ts";
import { difference } from "../models/eager.ts";
import { ask, ignore, MINILM, SMOLLM2 } from "./peer.ts";

const THREADS = 2;
const PROMPTS = [
  "The capital of France is",
  "def fibonacci(n):\n    ",
  "Once upon a time, in a village far away from any city, there lived a clockmaker who",
  "Wasser besteht aus",
];

Deno.test({
  name: "MiniLM: embeddings of 100 sentences are those of transformers",
  ignore,
  async fn() {
    const backbone = await (await findFolder(MINILM)).open();
    const { pool } = await (tasks["sentiment/amazon"] as Task).load();
    const texts = pool!.slice(0, 100).map(({ text }) => text);
    const encoded = await Array.fromAsync(texts, (text) => backbone.encode(text, backbone.maxLength));
    const inputs = backbone.collate(encoded);
    const executable = await cpu.compile(
      ({ weights, inputs }) => ({ states: backbone.hiddenStates!(weights, inputs, {}).at(-1)! }),
      { weights: backbone.stored, parameters: {}, inputs: backbone.inputs },
      { threads: THREADS },
    );
    const { states } = await executable.run({ parameters: {}, inputs });
    await executable.release();
    const [, length] = inputs.ids.shape;
    const width = backbone.embeddingWidth;
    const expected = await ask<number[][]>("embeddings", MINILM, texts);
    for (const [text, { length: tokens }] of encoded.entries()) {
      const embedding = new Float64Array(width);
      states.subarray(text * length * width, (text * length + tokens) * width)
        .forEach((value, at) => embedding[at % width] += value / tokens);
      const norm = Math.hypot(...embedding);
      const normalised = Float32Array.from(embedding, (value) => value / norm);
      assert.ok(difference(normalised, Float32Array.from(expected[text])) <= 1e-5, texts[text]);
    }
  },
});

Deno.test({
  name: "SmolLM2: logits and greedy continuations are those of transformers",
  ignore,
  async fn() {
    const backbone = asLanguageModel(await (await findFolder(SMOLLM2)).open());
    const adaptation = compose([], backbone);
    const model = trainableLanguageModel(backbone, adaptation);
    const encoded = await Array.fromAsync(PROMPTS, (text) => backbone.encode(text, backbone.maxLength));
    const inputs = backbone.collate(encoded);
    const executable = await cpu.compile(model.scores.program, model.scores.signature, { threads: THREADS });
    const { scores } = await executable.run({ parameters: {}, inputs });
    await executable.release();
    const [, length] = inputs.ids.shape;
    const size = backbone.vocabularySize;
    const logits = await ask<number[][][]>("logits", SMOLLM2, PROMPTS);
    for (const [text, { length: tokens }] of encoded.entries()) {
      const ours = scores.subarray(text * length * size, (text * length + tokens) * size);
      const worst = difference(ours, Float32Array.from(logits[text].flat()));
      assert.ok(worst <= 1e-3, `${PROMPTS[text]}: logits differ by ${worst}`);
    }
    const count = 32;
    const options = { device: cpu, threads: THREADS, parameters: {}, tokens: count };
    assert.deepEqual(
      await generate(backbone, adaptation, model, encoded, options),
      await ask("generation", SMOLLM2, count, PROMPTS),
    );
  },
});
