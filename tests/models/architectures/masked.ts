/**
 * Golden encoders with the head of a masked language model.
 * @module
 */
import { fileURLToPath } from "node:url";
import { readText } from "../../../base/files.ts";
import { findFolder } from "../../../models/mod.ts";
import type { Backbone } from "../../../models/types.ts";
import { type AnyTensor, goldenConfig, goldenTensors, makeFolder, readTensors, safetensors } from "../folder/copies.ts";

const golden = fileURLToPath(new URL("../../golden/word-scores/", import.meta.url));

/**
 * What transformers computes: the logits of every token at a mask, the third token of a text, by the model's name. `saved`: the weights that
 * it writes of such a model.
 */
export const expected: {
  mask: number;
  texts: number[][];
  masked: Record<string, number[][]>;
  saved: Record<string, string[]>;
} = JSON.parse(
  await readText(`${golden}values.json`, 1 << 20),
);

/** The texts with their mask. */
export const maskedTexts: number[][] = expected.texts.map((
  text,
) => [...text.slice(0, 2), expected.mask, ...text.slice(2)]);

/** The head of a model. */
export async function headOf(name: string): Promise<Record<string, AnyTensor>> {
  return await readTensors(`${golden}${name}.safetensors`);
}

/**
 * Opens a golden encoder, "bert" or "bert-untied", with a head; the files of its tokenizer may be added.
 * @param saved names of its weights that are in its files; left out: all
 */
export async function openWith(
  name: string,
  head: Record<string, AnyTensor>,
  files = {},
  saved?: readonly string[],
): Promise<Backbone> {
  const [architecture] = name.split("-");
  const all = { ...await goldenTensors(architecture), ...head };
  const folder = await makeFolder({
    "config.json": { ...await goldenConfig(architecture), tie_word_embeddings: name === architecture },
    "model.safetensors": safetensors(saved ? Object.fromEntries(saved.map((weight) => [weight, all[weight]])) : all),
    ...files,
  });
  return await (await findFolder(folder)).open();
}
