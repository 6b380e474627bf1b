/**
 * Writes the files of a comparison of language models into a folder: random texts, and each method's start values as a
 * PEFT adapter.
 *
 *     deno run … perf/programs/write-language-model.ts FOLDER MODEL METHODS
 * @module
 */
import { Random } from "../../base/random.ts";
import { writeAdapter } from "../../runs/adapters/write.ts";
import { openLanguageModel } from "./open-language-model.ts";
import { LANGUAGE_BATCH, SEED } from "../cases.ts";
import { paths, type Texts } from "../processes/files.ts";

const [folder, model, methods] = Deno.args;
const { backbone } = await openLanguageModel(model, "none");
const random = new Random(SEED, "texts");
const { batchSize, length } = LANGUAGE_BATCH;
const text = () => Array.from({ length }, () => random.integer(backbone.vocabularySize));
const texts: Texts = { ids: Array.from({ length: batchSize }, text), labels: [] };
await Deno.writeTextFile(paths.texts(folder), JSON.stringify(texts));
for (const name of methods.split(",")) {
  const { adaptation, trainable, start } = await openLanguageModel(model, name);
  const values = await start();
  const named = trainable.parameters.map(({ name, shape }) => [name, { shape, data: values[name] }]);
  const peft = { task_type: "CAUSAL_LM", modules_to_save: null };
  await writeAdapter(`${folder}/${name}`, adaptation, Object.fromEntries(named), [], { peft });
}
Deno.exit(0);
