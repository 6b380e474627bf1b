/**
 * Writes the files from which both sides of a comparison start into an empty folder: the model under Hugging Face's names,
 * its config, the texts, and each method's start values as a PEFT adapter. A process of its own, so that the memory
 * this takes is nobody else's.
 *
 *     deno run … bench/prepare.ts FOLDER
 * @module
 */
import { writeSafetensors } from "../engine/safetensors.ts";
import { writeAdapter } from "../runs/adapter.ts";
import { bertShape, SIZES } from "./bert.ts";
import { drawWeights, measured, readSetting, texts, weightsPath } from "./setting.ts";

const [folder] = Deno.args;

const shapes: Record<string, readonly number[]> = {
  ...bertShape.weights,
  "classifier.weight": [SIZES.classes, SIZES.hidden],
  "classifier.bias": [SIZES.classes],
};
const values = drawWeights(shapes);
await writeSafetensors(
  weightsPath(folder),
  Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, { shape, data: values[name] }])),
);

const config = {
  vocab_size: SIZES.vocabulary,
  max_position_embeddings: SIZES.positions,
  type_vocab_size: SIZES.tokenTypes,
  hidden_size: SIZES.hidden,
  num_hidden_layers: SIZES.layers,
  num_attention_heads: SIZES.heads,
  intermediate_size: SIZES.feedForward,
  num_labels: SIZES.classes,
  hidden_dropout_prob: 0,
  attention_probs_dropout_prob: 0,
};
await Deno.writeTextFile(`${folder}/config.json`, JSON.stringify(config));
await Deno.writeTextFile(`${folder}/texts.json`, JSON.stringify(texts()));

for (const name of Object.keys(measured)) {
  const { adaptation, trainable, start } = await readSetting(folder, name);
  const { config } = adaptation.stored[name];
  if (config === null) continue;
  const named = trainable.parameters.map(({ name, shape }) => [name, { shape, data: start[name] }]);
  await writeAdapter(`${folder}/${name}`, adaptation, Object.fromEntries(named));
}
