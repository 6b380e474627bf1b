/**
 * An adapter folded into the weights of its model: a folder that transformers loads.
 * @module
 */
import { readFloats } from "../../engine/floats.ts";
import { readStored, writeInPieces } from "../../engine/safetensors.ts";
import { type Tensors, tf } from "../../engine/tensor.ts";
import { exists, readObject, writeFolder } from "../../base/files.ts";
import { plainHead } from "../../models/layers/head.ts";
import { architectures } from "../../models/mod.ts";
import type { Backbone, Model } from "../../models/types.ts";
import { type ValidAdapter, validateAdapter, type ValidPart } from "./validate.ts";
import { asLanguageModel } from "../programs/language-model.ts";
import { adapterValues } from "./values.ts";
import { UsageError } from "../../base/errors.ts";

/** Bytes of the longest config.json that is read. */
const LONGEST_CONFIG = 1 << 20;

/** What is copied where a model has it. */
const COPIED = [
  "added_tokens.json",
  "chat_template.jinja",
  "generation_config.json",
  "merges.txt",
  "special_tokens_map.json",
  "spiece.model",
  "tokenizer.json",
  "tokenizer.model",
  "tokenizer_config.json",
  "vocab.json",
  "vocab.txt",
];

/** Numbers as they were written: transformers takes 1 for no fraction, and 1.0 for one. */
const asWritten = (_: string, value: unknown, { source }: { source: string }) =>
  typeof value === "number" ? (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(source) : value;

/** @throws {UsageError} if the methods have no form without themselves */
function requireFoldable({ folder, parts }: ValidAdapter, { shape }: Model): void {
  for (const { method, options } of parts) {
    if (method.merged || method.parameters(shape, options).length === 0) continue;
    throw new UsageError(
      `Cannot merge ${folder}: a method must change the model's weights, ${method.name} adds to the model instead`,
    );
  }
  const folded = parts.filter(({ method }) => method.merged).map(({ method }) => method.name);
  if (folded.length > 1) {
    throw new UsageError(
      `Cannot merge ${folder}: one method alone can change the weights' products, ${folded.join(" and ")} do`,
    );
  }
}

/** Weights that a method changes, folded. */
async function fold(
  { method, options }: ValidPart,
  values: Record<string, Float32Array>,
  backbone: Backbone,
): Promise<Record<string, Float32Array>> {
  if (!method.merged) return {};
  tf.setBackend("cpu");
  const parameters: Tensors = Object.fromEntries(
    method.parameters(backbone, options).map(({ name, shape }) =>
      [name, tf.tensor(values[`${method.name}/${name}`], [...shape])] as const
    ),
  );
  const names = Object.keys(parameters);
  for (const { name, shape, draw } of method.frozen?.(backbone, options) ?? []) {
    parameters[name] = tf.tensor(draw(options.projectionSeed!), [...shape]);
  }
  const weights: Tensors = {};
  for (const site of backbone.linears.filter(({ name }) => names.some((of) => of.startsWith(`${name}.`)))) {
    for (const name of [`${site.name}.weight`, `${site.name}.bias`]) {
      if (!Object.hasOwn(backbone.weights, name)) continue;
      // One that is trained in place, by another part, is folded as trained.
      const data = values[name] ?? await readStored(backbone.stored[name]);
      weights[name] = tf.tensor(data, [...backbone.weights[name]]);
    }
  }
  const merged = tf.tidy(() => method.merged!(parameters, weights, backbone, options));
  const folded = Object.entries(merged).map(([name, tensor]) => [name, tensor.dataSync() as Float32Array] as const);
  tf.dispose([parameters, weights, merged]);
  return Object.fromEntries(folded);
}

/** The task that the merged model is for. */
function kindOf(
  { folder, note, parts }: ValidAdapter,
  { name, shape }: Model,
  classes: { classification?: string; generation?: string },
): "classification" | "generation" {
  const hasHead = parts.some(({ head }) => Object.keys(head).length > 0);
  const kind = note?.task.kind ?? (hasHead || !classes.generation ? "classification" : "generation");
  if (!classes[kind] || !(shape.kinds ?? ["classification"]).includes(kind)) {
    throw new UsageError(`Cannot merge ${folder}: the model must be one for ${kind}, ${name} is none`);
  }
  if (kind === "generation" || hasHead) return kind;
  throw new UsageError(`Cannot merge ${folder}: it must have a classifier, it has none`);
}

/** Names of the classes, in their order. */
function labelsOf({ note }: ValidAdapter, backbone: Backbone, values: Record<string, { shape: readonly number[] }>) {
  if (note) return note.task.labels;
  const { parameters } = backbone.head ?? plainHead(backbone.featureWidth);
  const last = parameters(1).at(-1)!.name;
  return Array.from({ length: values[last].shape[0] }, (_, label) => `LABEL_${label}`);
}

/** What config.json says besides the model's own. */
function classifierConfig(labels: readonly string[], config: Record<string, unknown>): Record<string, unknown> {
  return {
    num_labels: labels.length,
    id2label: Object.fromEntries(labels.map((label, id) => [id, label])),
    label2id: Object.fromEntries(labels.map((label, id) => [label, id])),
    problem_type: "single_label_classification",
    // Decoders find the end of a text by it; no text ends with the token that ends texts.
    pad_token_id: config.pad_token_id ?? [config.eos_token_id].flat()[0] ?? 0,
  };
}

/**
 * Writes the folder of a model with an adapter folded into it, in float32: config.json, model.safetensors, the
 * tokenizer's files.
 * @param folder of the adapter
 * @param out the new folder, which must not exist
 * @throws {UsageError} if the method adds to a model instead of changing its weights, if the model has no form in
 * transformers, if the adapter is none of this model, or if `out` exists
 * @throws {Error} if files cannot be read or written
 */
export async function mergeAdapter(folder: string, out: string, model: Model): Promise<void> {
  if (await exists(out)) throw new UsageError(`Cannot write ${out}: there must be no such file or folder yet`);
  if (model.folder === undefined || !await exists(`${model.folder}/config.json`)) {
    throw new UsageError(
      `Cannot merge into the model ${model.name}: it must lie in a folder as transformers saves it, it has no such form`,
    );
  }
  const found = await validateAdapter(folder, model.shape, model).catch((error) => {
    throw new UsageError(error.message);
  });
  requireFoldable(found, model);
  const config = await readObject(`${model.folder}/config.json`, LONGEST_CONFIG);
  const { classes } = architectures[config.model_type as string];
  const kind = kindOf(found, model, classes);
  const opened = await model.open();
  const backbone = kind === "generation" ? asLanguageModel(opened) : opened;
  const read = await adapterValues(found, backbone);
  const values = Object.fromEntries(Object.entries(read).map(([name, { data }]) => [name, data]));
  for (const part of found.parts) Object.assign(values, await fold(part, values, backbone));

  const head = kind === "generation" ? [] : (backbone.head ?? plainHead(backbone.featureWidth)).parameters(1)
    .map(({ name }) => [name, read[name].shape] as const);
  const shapes = { ...backbone.weights, ...Object.fromEntries(head) };
  const precision = Object.hasOwn(config, "torch_dtype") ? "torch_dtype" : "dtype";
  await writeFolder(out, async (draft) => {
    const written = {
      ...JSON.parse(
        await Deno.readTextFile(`${model.folder}/config.json`),
        asWritten as Parameters<typeof JSON.parse>[1],
      ),
      architectures: [classes[kind]],
      [precision]: "float32",
      ...kind === "classification" && classifierConfig(labelsOf(found, backbone, read), config),
    };
    await Deno.writeTextFile(`${draft}/config.json`, `${JSON.stringify(written, null, 2)}\n`);
    await writeInPieces(
      `${draft}/model.safetensors`,
      shapes,
      (name) => values[name] ? [values[name]] : readFloats(name, { ...backbone.stored[name], dtype: "F32" }),
    );
    for (const name of COPIED) {
      if (await exists(`${model.folder}/${name}`)) await Deno.copyFile(`${model.folder}/${name}`, `${draft}/${name}`);
    }
  });
}
