/**
 * Writes use-lite.json: 200 texts, their token ids and the embeddings that the original graph model gives them in
 * TensorFlow.js' plain backend. Run: deno run -A tests/golden/use-lite.ts (about five minutes).
 * @module
 */
import { createRequire } from "node:module";
import { models } from "../../models/mod.ts";
import { openOriginalGraph } from "../models/use-lite/original-graph.ts";

const resolve = createRequire(import.meta.url).resolve;
const { encode } = await models["use-lite"].open();
const embed = await openOriginalGraph();

const texts: string[] = [];
for (const [name, count] of [["amazon", 80], ["yelp", 60], ["imdb", 57]] as const) {
  const entries = JSON.parse(await Deno.readTextFile(resolve(`sentiment/test/fixtures/${name}.json`)));
  texts.push(...entries.slice(0, count).map(({ text }: { text: string }) => text));
}
// Three texts of more tokens than the encoder reads.
for (const start of [0, 20, 40]) texts.push(texts.slice(start, start + 20).join(" "));

const values: { text: string; ids: readonly number[]; embedding: number[] }[] = [];
for (const text of texts) {
  const ids = await encode(text, Infinity);
  const embedding = await embed([[...ids]]);
  values.push({ text, ids, embedding: Array.from(embedding, (value) => Number(value.toFixed(7))) });
}
await Deno.writeTextFile(new URL("use-lite.json", import.meta.url), JSON.stringify(values));
