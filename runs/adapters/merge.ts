/**
 * Merges an adapter into the weights of its model: writes a folder that transformers loads.
 * @module
 */
import { asUsageError, UsageError } from "../../base/errors.ts";
import { exists, fileAt } from "../../base/files.ts";
import { writeFolder } from "../../base/write-files.ts";
import { readFloats } from "../../engine/floats.ts";
import { type NamedArray, readStored, writeInPieces } from "../../engine/safetensors.ts";
import { tf } from "../../engine/tensor.ts";
import { isFoldable } from "../../methods/adaptation/inference-parts.ts";
import { readConfigFile } from "../../models/config.ts";
import { headOf } from "../../models/layers/head.ts";
import { architectures } from "../../models/mod.ts";
import type { Architecture, Backbone, Model } from "../../models/types.ts";
import { useOf } from "../../tasks/types.ts";
import { requireFeatures } from "../programs/classifier.ts";
import { asLanguageModel } from "../programs/language-model.ts";
import { classifierOf, classifierValues, classNames, readOwnConfig, readWritableConfig } from "./model-classes.ts";
import { ADAPTER_NOTE, type AdapterNote, readAdapterNote, textsOfModel } from "./note.ts";
import { joinTexts, noteTexts, readTexts } from "./seen-texts.ts";
import { toArrays, toTensors } from "./tensors.ts";
import { type ValidAdapter, validateAdapter, type ValidPart } from "./validate.ts";
import { adapterValues } from "./values.ts";

/** Files that are copied if the model has them. */
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

/** @throws {UsageError} if a method cannot be folded into the weights, or if two would change the same ones */
function requireMergeable({ folder, parts }: ValidAdapter, { shape }: Model): void {
  for (const part of parts) {
    if (isFoldable(part, shape)) continue;
    throw new UsageError(
      `Cannot merge ${folder}: a method must change the model's weights, ${part.method.name} adds to the model instead`,
    );
  }
  const changing = parts.filter(({ method }) => method.merged).map(({ method }) => method.name);
  if (changing.length > 1) {
    throw new UsageError(
      `Cannot merge ${folder}: only one of its methods may change the weights, current value is ${
        changing.join(" and ")
      }`,
    );
  }
}

/**
 * The weights that a method changes, with the method folded in.
 * @param values of every trained tensor of the adapter
 */
async function mergedWeights(
  { method, options }: ValidPart,
  values: Record<string, Float32Array>,
  backbone: Backbone,
): Promise<Record<string, Float32Array>> {
  if (!method.merged) return {};
  const added: Record<string, NamedArray> = {};
  for (const { name, shape } of method.parameters(backbone, options)) {
    added[name] = { shape, data: values[`${method.name}/${name}`] };
  }
  const parameterNames = Object.keys(added);
  for (const { name, shape, draw } of method.frozen?.(backbone, options) ?? []) {
    added[name] = { shape, data: draw(options.projectionSeed!) };
  }
  const original: Record<string, NamedArray> = {};
  for (const { name } of backbone.linears) {
    if (!parameterNames.some((parameter) => parameter.startsWith(`${name}.`))) continue;
    for (const weight of [`${name}.weight`, `${name}.bias`]) {
      if (!Object.hasOwn(backbone.weights, weight)) continue;
      // A weight that another part trains in place is taken as trained.
      const data = values[weight] ?? await readStored(backbone.stored[weight]);
      original[weight] = { shape: backbone.weights[weight], data };
    }
  }
  const [parameters, weights] = [toTensors(added), toTensors(original)];
  const merged = tf.tidy(() => method.merged!(parameters, weights, backbone, options));
  const arrays = Object.entries(toArrays(merged)).map(([name, { data }]) => [name, data] as const);
  tf.dispose([parameters, weights, merged]);
  return Object.fromEntries(arrays);
}

/** What the merged model is for. @throws {UsageError} if the model has no class for it */
function mergedUse(
  { folder, note, parts }: ValidAdapter,
  { name, shape }: Model,
  classes: Architecture["classes"],
): ReturnType<typeof useOf> {
  const hasHead = parts.some(({ head }) => Object.keys(head).length > 0);
  // Whoever answers by words is a language model.
  const use = note
    ? note.head ? "generation" : useOf(note.task.kind)
    : hasHead || !classes.generation
    ? "classification"
    : "generation";
  if (!classes[use] || !(shape.kinds ?? ["classification"]).includes(use)) {
    throw new UsageError(`Cannot merge ${folder}: the model must be one for ${use}, ${name} is none`);
  }
  if (use === "generation" || hasHead) return use;
  throw new UsageError(`Cannot merge ${folder}: it must have a classifier, it has none`);
}

/**
 * What config.json must say of the classifier besides the model's own values: of an adapter with a note or a config of its own, its task;
 * else the number of classes, unless the model's config already has a name for each.
 */
async function classifierChanges(
  { folder, note }: ValidAdapter,
  outputs: number,
  config: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  // In transformers, decoders look for the last token that is not this one; texts do not end with the end token here.
  const padding = { pad_token_id: config.pad_token_id ?? [config.eos_token_id].flat()[0] ?? 0 };
  if (note) return { ...classifierValues(note.task, outputs), ...padding };
  const own = await readOwnConfig(folder);
  if (own) return { ...classifierValues(classifierOf(outputs, own), outputs), ...padding };
  if (classNames(outputs, config)) return padding;
  const { problem_type: _, ...numbered } = classifierValues({ kind: "classification", labels: [] }, outputs);
  return { ...numbered, ...padding };
}

/** The note of a merged folder: it says which texts the weights have learnt from. None if neither adapter nor model has one. */
async function noteOf({ note }: ValidAdapter, folder: string): Promise<AdapterNote | undefined> {
  const last = note ?? await readAdapterNote(folder);
  if (!last) return undefined;
  const texts = joinTexts(readTexts(note?.texts), await textsOfModel(folder));
  return { ...last, texts: noteTexts(texts, []) };
}

/** The files to copy, by name, with their paths. @throws {Error} if one is no file, or a link that leads out of the folder */
async function copiedFiles(folder: string): Promise<Map<string, string>> {
  const paths = new Map<string, string>();
  for (const name of COPIED) {
    if (await exists(`${folder}/${name}`)) paths.set(name, await fileAt(`${folder}/${name}`));
  }
  return paths;
}

/**
 * Writes the folder of a model with an adapter merged into its weights, in float32: config.json, model.safetensors, the
 * tokenizer's files and a note.
 * @param folder of the adapter
 * @param out the new folder, which must not exist
 * @throws {UsageError} if the method adds to a model instead of changing its weights, if transformers cannot load such a
 * model, if the adapter does not fit the model, or if `out` exists
 * @throws {Error} if files cannot be read or written
 */
export async function mergeAdapter(folder: string, out: string, model: Model): Promise<void> {
  if (await exists(out)) throw new UsageError(`Cannot write ${out}: there must be no such file or folder yet`);
  if (model.folder === undefined || !await exists(`${model.folder}/config.json`)) {
    throw new UsageError(
      `Cannot merge into the model ${model.name}: it must lie in a folder as transformers saves it, it has no such form`,
    );
  }
  const adapter = await asUsageError(() => validateAdapter(folder, model.shape, model));
  requireMergeable(adapter, model);
  const config = await readConfigFile(model.folder);
  const { classes } = architectures[config.model_type as string];
  const use = mergedUse(adapter, model, classes);
  const opened = await model.open();
  if (use === "classification") requireFeatures(opened);
  const backbone = use === "generation" ? asLanguageModel(opened) : opened;
  const trained = await adapterValues(adapter, backbone);
  const values = Object.fromEntries(Object.entries(trained).map(([name, { data }]) => [name, data]));
  for (const part of adapter.parts) Object.assign(values, await mergedWeights(part, values, backbone));

  const head = use === "generation" ? [] : headOf(backbone).parameters(1);
  const shapes = { ...backbone.weights, ...Object.fromEntries(head.map(({ name }) => [name, trained[name].shape])) };
  const changes = {
    architectures: [classes[use]],
    [Object.hasOwn(config, "torch_dtype") ? "torch_dtype" : "dtype"]: "float32",
    ...use === "classification" && await classifierChanges(adapter, trained[head.at(-1)!.name].shape[0], config),
  };
  const note = await noteOf(adapter, model.folder);
  const copied = await copiedFiles(model.folder);
  await writeFolder(out, async (draft) => {
    const written = { ...await readWritableConfig(model.folder!), ...changes };
    await Deno.writeTextFile(`${draft}/config.json`, `${JSON.stringify(written, null, 2)}\n`);
    await writeInPieces(
      `${draft}/model.safetensors`,
      shapes,
      (name) => values[name] ? [values[name]] : readFloats(name, { ...backbone.stored[name], dtype: "F32" }),
    );
    if (note) await Deno.writeTextFile(`${draft}/${ADAPTER_NOTE}`, `${JSON.stringify(note, null, 2)}\n`);
    for (const [name, path] of copied) await Deno.copyFile(path, `${draft}/${name}`);
  });
}
