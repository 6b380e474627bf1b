/**
 * An adapter in memory, ready to answer texts.
 * @module
 */
import type { NamedArray } from "../../engine/safetensors.ts";
import { type Tensors, tf } from "../../engine/tensor.ts";
import { compose, type Part } from "../../methods/compose.ts";
import { composeHooks } from "../../methods/hooks.ts";
import { readObject } from "../../base/files.ts";
import type { Backbone, BackboneShape, Hooks, Model } from "../../models/types.ts";
import { ADAPTER_CONFIG } from "../adapters/write.ts";
import { ADAPTER_NOTE, type AdapterNote, readAdapterNote } from "../adapters/note.ts";
import { type ValidAdapter, validateAdapter } from "../adapters/validate.ts";
import { asLanguageModel } from "../programs/language-model.ts";
import { adapterParameters, type LoadedPart, plainAdapter, readPart } from "../adapters/values.ts";

/** Bytes of the longest config.json that is read. */
const LONGEST_CONFIG = 1 << 24;
/** Most tokens that are generated where nothing says how many were learnt. */
const OUTPUT_LENGTH = 64;

/** An adapter in memory. Of adapters that share a program, only values differ. */
export interface LoadedAdapter {
  /** Its folder. */
  folder: string;
  /** Name of its task; null where nobody knows. */
  task: string | null;
  /** What it does with a text. */
  kind: AdapterNote["task"]["kind"];
  /** Names of the classes; none where it generates. */
  labels: readonly string[];
  /** How training put texts that are gone on with, where that is known. */
  asked?: "text" | "chat";
  /** Most tokens of a text that are read. */
  limit: number;
  /** Most tokens of a text, and of what is added to it. */
  room: number;
  /** Most tokens that are generated; 0 where it classifies. */
  outputLength: number;
  /** Its methods without virtual tokens. */
  parts: readonly Part[];
  /** Values of their parameters under the names of `compose`, and of the weights that they train in place. */
  parameters: Record<string, Float32Array>;
  /** Its virtual tokens [n, width]: "prompt", or "keys.0", "values.0" and so on, each layer's. */
  virtual: Record<string, NamedArray>;
  /** How these are read. */
  reading?: Hooks["reading"];
  /** Values of the classifier's tensors. */
  head: Record<string, Float32Array>;
}

/** Virtual tokens that methods make of their parameters. */
function virtualTokens(
  adapters: readonly LoadedPart[],
  shape: BackboneShape,
): Pick<LoadedAdapter, "virtual" | "reading"> {
  const values = adapters.map((adapter) => adapterParameters(adapter, shape));
  const virtual: LoadedAdapter["virtual"] = {};
  let reading: Hooks["reading"];
  tf.setBackend("cpu");
  tf.tidy(() => {
    const { prompt, prefix, ...hooks } = composeHooks(adapters.map(({ method, options }, at) => {
      const tensors: Tensors = Object.fromEntries(
        Object.entries(values[at]).map(([name, { shape, data }]) => [name, tf.tensor(data, [...shape])]),
      );
      return method.hooks(tensors, shape, options, (_, x) => x);
    }));
    const rows: Tensors = prompt ? { prompt: prompt() } : {};
    for (const layer of prefix ? shape.keyValueWidths.keys() : []) {
      const { keys, values } = prefix!(layer);
      Object.assign(rows, { [`keys.${layer}`]: keys, [`values.${layer}`]: values });
    }
    for (const [name, tensor] of Object.entries(rows)) {
      virtual[name] = { shape: tensor.shape, data: tensor.dataSync() as Float32Array };
    }
    ({ reading } = hooks);
  });
  return { virtual, reading };
}

/** @throws {Error} what differs, if the adapter was trained on another model */
function requireModel({ model }: AdapterNote, { name, revision }: Model): void {
  if (model.revision === revision) return;
  throw new Error(
    `it was trained on the model ${model.name} with the revision ${model.revision}, current value is ${name} with ` +
      `the revision ${revision}`,
  );
}

/** What PEFT says an adapter does. */
async function kindOf({ parts }: ValidAdapter): Promise<LoadedAdapter["kind"]> {
  if (parts.some(({ head }) => Object.keys(head).length > 0)) return "classification";
  for (const { folder } of parts) {
    const { task_type: type } = await readObject(`${folder}/${ADAPTER_CONFIG}`, LONGEST_CONFIG);
    if (type === "CAUSAL_LM" || type === "SEQ_2_SEQ_LM") return "generation";
  }
  throw new Error("it must have a classifier or be one of a language model, it has neither");
}

/** Names of classes as the model's config has them, if it has as many; else as transformers counts them. */
async function namesOfClasses(count: number, { folder }: Model): Promise<string[]> {
  const { id2label } = folder === undefined ? {} : await readObject(`${folder}/config.json`, LONGEST_CONFIG);
  const named = Array.from({ length: count }, (_, at) => (id2label as Record<string, unknown> | undefined)?.[at]);
  if (named.every((name) => typeof name === "string") && Object.keys(id2label as object).length === count) {
    return named as string[];
  }
  return named.map((_, at) => `LABEL_${at}`);
}

/** @throws {Error} if classifier and labels do not fit */
async function labelsOf(head: LoadedPart["head"], { note }: ValidAdapter, model: Model, backbone: Backbone) {
  const last = Object.values(head).at(-1);
  if (!last) throw new Error("it must have a classifier, there is none");
  // Of the plain classifier and of others alike, the last tensor's first axis, or its only one, counts the classes.
  const classes = backbone.head || last.shape.length === 1 ? last.shape[0] : last.shape[1];
  const labels = note?.task.labels ?? await namesOfClasses(classes, model);
  if (labels.length === classes && new Set(labels).size === classes) return labels;
  throw new Error(
    `${ADAPTER_NOTE} must name its ${classes} classes, each once, current value is ${
      JSON.stringify(labels).slice(0, 200)
    }`,
  );
}

/**
 * Reads an adapter's folder.
 * @param opened the model, as it is
 * @throws {Error} one sentence, if it cannot be read or belongs to another model; what differs is listed
 */
export async function loadAdapter(folder: string, model: Model, opened: Backbone): Promise<LoadedAdapter> {
  try {
    return await open(folder, model, opened);
  } catch (error) {
    const { message } = error as Error;
    throw /^Cannot /.test(message) ? error : new Error(`Cannot use the adapter ${folder}: ${message}`);
  }
}

async function open(folder: string, model: Model, opened: Backbone): Promise<LoadedAdapter> {
  const note = await readAdapterNote(folder);
  if (note) requireModel(note, model);
  const shape = note?.task.kind === "generation" ? asLanguageModel(opened) : opened;
  const found = await validateAdapter(folder, shape);
  const kind = note?.task.kind ?? await kindOf(found);
  const backbone = kind === "generation" ? asLanguageModel(opened) : opened;
  const adapters: LoadedPart[] = [];
  for (const part of found.parts) adapters.push(plainAdapter(await readPart(part), backbone));
  const head: LoadedPart["head"] = Object.assign({}, ...adapters.map(({ head }) => head));
  const { maxLength: room } = compose(adapters, backbone);
  const own = adapters.filter(({ method }) => !method.virtualTokens);
  const parameters: LoadedAdapter["parameters"] = {};
  for (const adapter of own) {
    const trains = adapter.method.trains(backbone, adapter.options);
    for (const [name, { data }] of Object.entries(adapterParameters(adapter, backbone))) {
      parameters[trains.includes(name) ? name : `${adapter.method.name}/${name}`] = data;
    }
  }
  const generates = kind === "generation";
  // A text and what is added share a decoder's room.
  const shared = generates && !backbone.languageModel!.target;
  const outputLength = !generates ? 0 : note?.outputLength ?? Math.min(OUTPUT_LENGTH, shared ? room >> 1 : room);
  return {
    folder,
    task: note?.task.name ?? null,
    kind,
    labels: generates ? [] : await labelsOf(head, found, model, backbone),
    ...note && { asked: note.chat ? "chat" as const : "text" as const },
    limit: Math.min(note?.maxLength ?? room, shared ? room - outputLength : room),
    room,
    outputLength,
    parts: own.map(({ method, options }) => ({ method, options })),
    parameters,
    ...virtualTokens(adapters.filter(({ method }) => method.virtualTokens), backbone),
    head: Object.fromEntries(Object.entries(head).map(([name, { data }]) => [name, data])),
  };
}
