/**
 * Writes the files of a comparison into an empty folder: a BERT classifier under Hugging Face's names, its config, the
 * texts, and each method's start values as a PEFT adapter. It is a program of its own so that its memory is not measured
 * with the others'.
 *
 *     deno run … perf/programs/write-classifier.ts FOLDER FILES_SPEC
 * @module
 */
import { sizeOf } from "../../base/shapes.ts";
import { Random } from "../../base/random.ts";
import { writeSafetensors } from "../../engine/safetensors.ts";
import { bert } from "../../models/architectures/bert.ts";
import { writeAdapter } from "../../runs/adapters/write.ts";
import { openClassifier } from "./open-classifier.ts";
import { sentences } from "./sentences.ts";
import { CLASSES, SEED } from "../cases.ts";
import { type FilesSpec, paths, type Texts } from "../processes/files.ts";

const folder = Deno.args[0];
const spec: FilesSpec = JSON.parse(Deno.args[1]);
/** The model's config, without dropout, so that both sides compute the same. */
const config = {
  vocab_size: spec.sizes.vocabulary,
  max_position_embeddings: 512,
  type_vocab_size: 2,
  hidden_size: spec.sizes.hidden,
  num_hidden_layers: spec.sizes.layers,
  num_attention_heads: spec.sizes.heads,
  intermediate_size: spec.sizes.feedForward,
  hidden_act: "gelu",
  hidden_dropout_prob: 0,
  attention_probs_dropout_prob: 0,
};

/** Start values as BERT has them, but with random biases, so that an error in a bias changes the loss. */
function drawWeight(name: string, shape: readonly number[]): Float32Array {
  const random = new Random(SEED, name);
  const centre = name.endsWith("LayerNorm.weight") ? 1 : 0;
  const length = sizeOf(shape);
  return Float32Array.from({ length }, () => centre + 0.02 * random.normal());
}

function randomTexts(count: number, length: number): Texts {
  const random = new Random(SEED, "texts");
  const text = () => Array.from({ length }, () => random.integer(config.vocab_size));
  return {
    ids: Array.from({ length: count }, text),
    labels: Array.from({ length: count }, () => random.integer(CLASSES)),
  };
}

const { weights, head } = bert.design({ path: paths.config(folder), values: config });
const shapes = {
  ...weights,
  ...Object.fromEntries(head!.parameters(CLASSES).map(({ name, shape }) => [name, shape])),
};
await writeSafetensors(
  paths.weights(folder),
  Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, { shape, data: drawWeight(name, shape) }]),
  ),
);
await Deno.writeTextFile(paths.config(folder), JSON.stringify(config));
const texts = spec.texts === "sentences"
  ? await sentences(config.vocab_size)
  : randomTexts(spec.texts.count, spec.texts.length);
await Deno.writeTextFile(paths.texts(folder), JSON.stringify(texts));

for (const name of spec.methods) {
  const { adaptation, trainable, start } = await openClassifier(folder, name);
  if (Object.values(adaptation.stored).some(({ config }) => config === null)) continue;
  const values = await start();
  const named = Object.fromEntries(
    trainable.parameters.map(({ name, shape }) => [name, { shape, data: values[name] }]),
  );
  await writeAdapter(`${folder}/${name}`, adaptation, named, trainable.head.map(({ name }) => name));
  // P-tuning trains an encoder, which a PEFT adapter does not hold.
  await writeSafetensors(`${folder}/${name}/start.safetensors`, named);
}
