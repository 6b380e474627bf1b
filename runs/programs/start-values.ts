/**
 * The values that what a method trains starts from.
 * @module
 */
import { Random } from "../../base/random.ts";
import { readStored } from "../../engine/safetensors.ts";
import type { Adaptation } from "../../methods/adaptation/compose.ts";
import type { MethodParameter, StartContext } from "../../methods/types.ts";
import type { Backbone } from "../../models/types.ts";

/** What methods may start from of what they are trained for: names of the task's classes, and the words of a template. */
export type StartWords = Pick<StartContext, "labels" | "template">;

/**
 * Start values of what an adaptation trains, the classifier excluded, by name.
 */
export async function startValues(
  backbone: Backbone,
  adaptation: Adaptation,
  words: StartWords,
  seed: number,
): Promise<Record<string, Float32Array>> {
  const values: Record<string, Float32Array> = {};
  for (const parameter of adaptation.parameters) {
    values[parameter.name] = await startValue(parameter, backbone, words, seed);
  }
  for (const { name } of adaptation.trains) values[name] = await readStored(backbone.stored[name]);
  return values;
}

/** Start values of a parameter that a method adds. Of the word embeddings only the rows that it needs are read. */
async function startValue(
  { name, start }: MethodParameter,
  backbone: Backbone,
  words: StartWords,
  seed: number,
): Promise<Float32Array> {
  const { embeddingWidth: width, vocabularySize } = backbone;
  const table = backbone.stored[backbone.embeddingWeight];
  return await start({
    random: new Random(seed, `start/${name}`),
    vocabularySize,
    encode: (text) => backbone.tokenize?.(text) ?? backbone.encode(text, backbone.maxLength),
    async embeddings(ids) {
      const rows = new Float32Array(ids.length * width);
      for (const [row, id] of ids.entries()) {
        rows.set(await readStored({ ...table, offset: table.offset + 4 * id * width, shape: [width] }), row * width);
      }
      return rows;
    },
    weight: (name) => readStored(backbone.stored[name]),
    ...words,
  });
}
