import assert from "node:assert/strict";
import { Random } from "../../../base/random.ts";
import { sizeOf } from "../../../base/shapes.ts";
import { devices } from "../../../engine/devices/mod.ts";
import type { Executable } from "../../../engine/types.ts";
import { models } from "../../../models/mod.ts";
import { difference } from "../eager.ts";
import { openOriginalGraph } from "./original-graph.ts";

/** A text with its token ids and the normalised embedding of the original graph, rounded to 7 decimals. */
interface Value {
  text: string;
  ids: number[];
  embedding: number[];
}

const backbone = await models["use-lite"].open();
const values: Value[] = JSON.parse(await Deno.readTextFile(new URL("../../golden/use-lite.json", import.meta.url)));
const valuesPath = Deno.env.get("TUNEBENCH_USE_VALUES");

async function withEmbedder(
  work: (embed: (encoded: number[][]) => Promise<number[][]>) => Promise<void>,
): Promise<void> {
  const executable: Executable = await devices.cpu.compile(
    ({ weights, inputs }) => {
      const z = backbone.forward(weights, inputs, {});
      return { embedding: z.mul(z.square().sum(1, true).maximum(1e-12).rsqrt()) };
    },
    { weights: backbone.stored, parameters: {}, inputs: backbone.inputs },
    { threads: 2 },
  );
  try {
    await work(async (encoded) => {
      const { embedding } = await executable.run({ parameters: {}, inputs: backbone.collate(encoded) });
      const width = backbone.featureWidth;
      return encoded.map((_, row) => Array.from(embedding.subarray(row * width, (row + 1) * width)));
    });
  } finally {
    await executable.release();
  }
}

/** Compares in batches of `size`. */
async function compare(
  list: Value[],
  size: number,
  embed: (encoded: number[][]) => Promise<number[][]>,
): Promise<void> {
  for (let start = 0; start < list.length; start += size) {
    const batch = list.slice(start, start + size);
    const embeddings = await embed(batch.map(({ ids }) => ids));
    for (const [row, { text, embedding }] of batch.entries()) {
      const most = difference(embeddings[row], embedding);
      assert(most < 1e-5, `${most} apart: ${text}`);
    }
  }
}

Deno.test("embeddings equal those of the original graph on 200 texts, however they are batched", () =>
  withEmbedder(async (embed) => {
    assert.equal(values.length, 200);
    await compare(values, 16, embed);
    await compare(new Random(0, "order").shuffle(values), 37, embed);
    await compare(values.slice(0, 20), 1, embed);
  }));

Deno.test("the golden embeddings are those of the original graph in TensorFlow.js", async () => {
  const batch = [...values].sort((a, b) => a.ids.length - b.ids.length).slice(0, 3);
  const embed = await openOriginalGraph();
  const embeddings = await embed(batch.map(({ ids }) => ids));
  assert(difference(embeddings, batch.flatMap(({ embedding }) => embedding)) < 1e-6);
});

Deno.test("token ids are those that TensorFlow.js' own package documents", async () => {
  assert.deepEqual(await backbone.encode("Hello, how are you?", 128), [341, 4125, 8, 140, 31, 19, 54]);
});

Deno.test("the golden texts have their golden token ids", async () => {
  for (const { text, ids } of values) assert.deepEqual(await backbone.encode(text, 128), ids);
});

Deno.test("marks of the vocabulary in a text are encoded as characters, and repaired pieces have their ids", async () => {
  const marks =
    (await Array.fromAsync(["<s>", "</s>", "extra_token_id_1"], (text) => backbone.encode(`a ${text} b`, 128))).flat();
  assert(marks.every((id) => id === 0 || id > 5));
  // ":30" and ":)" once had the scores 30 and none.
  assert.deepEqual((await backbone.encode("at 7:30", 128)).at(-1), 4177);
  assert((await backbone.encode("good :)", 128)).includes(658));
});

Deno.test("white space around a text changes nothing, and a text is cut to the limit and to 128 tokens", async () => {
  assert.deepEqual(await backbone.encode("  a text\n", 128), await backbone.encode("a text", 128));
  const long = "word ".repeat(300);
  assert.equal((await backbone.encode(long, 40)).length, 40);
  assert.equal((await backbone.encode(long, 1000)).length, 128);
});

Deno.test("a pair is one text after the other; if it is too long, the longer text is cut", async () => {
  const [first, second] = [await backbone.encode("word ".repeat(60), 128), await backbone.encode("a dog", 128)];
  assert.deepEqual(await backbone.encode("word ".repeat(60), 128, "a dog"), [...first, ...second]);
  assert.deepEqual(await backbone.encode("word ".repeat(60), 20, "a dog"), [
    ...first.slice(0, 20 - second.length),
    ...second,
  ]);
});

Deno.test("the backbone has 6,975,744 weights in 29 tensors", () => {
  const sizes = Object.values(models["use-lite"].shape.weights).map(sizeOf);
  assert.equal(sizes.length, 29);
  assert.equal(sizes.reduce((a, b) => a + b, 0), 6_975_744);
});

Deno.test({
  name: "token ids and embeddings equal the values of the file that TUNEBENCH_USE_VALUES names",
  ignore: valuesPath === undefined,
  fn: () =>
    withEmbedder(async (embed) => {
      const given: Value[] = JSON.parse(await Deno.readTextFile(valuesPath!));
      for (const { text, ids } of given) assert.deepEqual(await backbone.encode(text, 128), ids);
      await compare(given, 16, embed);
    }),
});
