import assert from "node:assert/strict";
import { readStored } from "../../engine/safetensors.ts";
import { difference } from "../models/eager.ts";
import { tinyBackbone } from "../models/use-lite/tiny.ts";
import { startContext, startValues, variant } from "./variants.ts";

const backbone = await tinyBackbone(11);
const width = backbone.embeddingWidth;
const table = await readStored(backbone.stored[backbone.embeddingWeight]);
const row = (id: number) => Array.from(table.subarray(id * width, (id + 1) * width));

async function start(raw: Record<string, unknown>): Promise<number[][]> {
  const { prompt_embeddings } = await startValues(variant("prompt-tuning", raw), backbone);
  const { data, shape: [rows] } = prompt_embeddings;
  return Array.from({ length: rows }, (_, at) => Array.from(data.subarray(at * width, (at + 1) * width)));
}

const vocabulary = Array.from({ length: backbone.vocabularySize }, (_, id) => row(id).join());

Deno.test("prompt rows from the vocabulary are embeddings, and differ", async () => {
  const rows = (await start({ virtualTokens: 6 })).map((values) => values.join());
  assert(rows.every((values) => vocabulary.includes(values)));
  assert(new Set(rows).size > 1);
});

Deno.test("prompt rows from the vocabulary are sampled among the 5,000 most common tokens", async () => {
  const { method, options } = variant("prompt-tuning", { virtualTokens: 4000 });
  const drawn: number[] = [];
  await method.parameters(backbone, options)[0].start({
    ...await startContext(backbone, "prompt"),
    vocabularySize: 8002,
    embeddings: (ids) => {
      drawn.push(...ids);
      return Promise.resolve(new Float32Array(ids.length * width));
    },
  });
  assert.equal(drawn.length, 4000);
  assert(Math.max(...drawn) < 5000 && Math.max(...drawn) > 4900 && Math.min(...drawn) < 100);
});

Deno.test("prompt rows from random numbers are uniform over −0.5 to 0.5", async () => {
  const values = (await start({ virtualTokens: 100, start: "random" })).flat();
  assert(values.every((value) => Math.abs(value) <= 0.5));
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  assert(Math.abs(mean) < 0.04 && Math.abs(variance - 1 / 12) < 0.01, `mean ${mean}, variance ${variance}`);
});

Deno.test("prompt rows from a text are its tokens, repeated or cut to the number of rows", async () => {
  const [a, b, c] = (await backbone.encode("abc", 32)).map(row);
  assert.deepEqual(await start({ virtualTokens: 5, start: "text", text: "abc" }), [a, b, c, a, b]);
  assert.deepEqual(await start({ virtualTokens: 2, start: "text", text: "abc" }), [a, b]);
});

Deno.test("prompt rows from a template are its own words, repeated or cut to the number of rows", async () => {
  const [a, b, c] = (await startContext(backbone, "prompt")).template!.map(row);
  assert.deepEqual(await start({ virtualTokens: 5, start: "template" }), [a, b, c, a, b]);
  const { method, options } = variant("prompt-tuning", { start: "template" });
  const context = { ...await startContext(backbone, "prompt"), template: [] };
  await assert.rejects(async () => await method.parameters(backbone, options)[0].start(context), {
    message: "Cannot use prompt-tuning: the template without its fields must have at least 1 token, current value is 0",
  });
});

Deno.test("prompt rows from the labels are the mean of each name's tokens, and the others come from the vocabulary", async () => {
  const rows = await start({ virtualTokens: 4, start: "labels" });
  for (const [at, label] of ["no", "yes"].entries()) {
    const ids = await backbone.encode(label, 32);
    const mean = row(0).map((_, j) => ids.reduce((sum, id) => sum + row(id)[j], 0) / ids.length);
    assert(difference(rows[at], mean) < 1e-6);
  }
  assert(rows.slice(2).every((values) => vocabulary.includes(values.join())));
});

Deno.test("fewer prompt rows than labels are refused", async () => {
  await assert.rejects(start({ virtualTokens: 1, start: "labels" }), {
    message: "Cannot use prompt-tuning: virtualTokens must be at least 2 to start from the labels, current value is 1",
  });
});
