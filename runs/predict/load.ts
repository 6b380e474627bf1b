/**
 * An adapter in memory, ready to answer texts.
 * @module
 */
import { shorten, showValue } from "../../base/errors.ts";
import type { NamedArray } from "../../engine/safetensors.ts";
import { type Tensors, tf } from "../../engine/tensor.ts";
import { compose, type Part } from "../../methods/adaptation/compose.ts";
import { composeHooks } from "../../methods/adaptation/hooks.ts";
import { readConfigFile } from "../../models/config.ts";
import type { Backbone, BackboneShape, Hooks, Model } from "../../models/types.ts";
import { readPeftConfig } from "../adapters/peft-config.ts";
import { toArrays, toTensors } from "../adapters/tensors.ts";
import { classifierOf, type ClassifierTask, readOwnConfig } from "../adapters/model-classes.ts";
import { ADAPTER_NOTE, type AdapterNote, readAdapterNote } from "../adapters/note.ts";
import { type ValidAdapter, validateAdapter } from "../adapters/validate.ts";
import type { HeadSpec } from "../study/words/head.ts";
import type { Head } from "../training/heads/types.ts";
import { choiceHead } from "../training/words/choice-head.ts";
import { wordHead } from "../training/words/word-head.ts";
import { type TaskKind, useOf } from "../../tasks/types.ts";
import { asLanguageModel } from "../programs/language-model.ts";
import { isSameModel, revisionInWords } from "../study/find-model.ts";
import { adapterParameters, type LoadedPart, plainAdapter, readPart } from "../adapters/values.ts";

/** Most tokens that are generated, for adapters whose training length is unknown. */
const DEFAULT_OUTPUT_LENGTH = 64;

/** An adapter in memory. Adapters that share a program differ only in their values. */
export interface LoadedAdapter {
  /** Its folder. */
  folder: string;
  /** Name of its task; null where it is unknown. */
  task: string | null;
  /** What it does with a text. */
  kind: TaskKind;
  /** Names of the classes or labels; none where its answers are numbers, texts or choices of a line's own. */
  labels: readonly string[];
  /** Number of the classifier's outputs; 0 where it generates. */
  outputs: number;
  /** Probability from which a label is answered, where there may be several at once. */
  threshold: number;
  /** What stands for the choice in the second text of a line; absent: the choice stands behind it. */
  placeholder?: string;
  /** The form of a prompt in training, the text alone or in a chat template; absent where it is unknown. */
  promptForm?: "text" | "chat";
  /** Texts are dialogues, a turn a line, that lose their oldest turns where they are too long. */
  dialogue?: true;
  /** Most tokens of a text that are read. */
  limit: number;
  /** Most tokens of a text together with those generated after it. */
  maxLength: number;
  /** Most tokens that are generated; 0 where it classifies. */
  outputLength: number;
  /** A generated text ends before the first of these; absent: there are none. */
  stop?: string[];
  /** Its methods, those with virtual tokens excluded. */
  parts: readonly Part[];
  /** Values of their parameters, under the names that `compose` gives them, and of the weights trained in place. */
  parameters: Record<string, Float32Array>;
  /** Its virtual tokens [n, width]: "prompt", or each layer's "keys.0", "values.0" and so on. */
  virtual: Record<string, NamedArray>;
  /** How the model reads virtual tokens. */
  reading?: Hooks["reading"];
  /** Values of the classifier's tensors, by name. */
  head: Record<string, Float32Array>;
  /** Where the language model's own head answers: the template and words, in a form that programs share if `spec` has the same words. */
  words?: Head & { spec: HeadSpec };
}

/** The virtual tokens that methods compute from their parameters. */
function virtualTokens(
  adapters: readonly LoadedPart[],
  shape: BackboneShape,
): Pick<LoadedAdapter, "virtual" | "reading"> {
  const values = adapters.map((adapter) => adapterParameters(adapter, shape));
  let virtual: LoadedAdapter["virtual"] = {};
  let reading: Hooks["reading"];
  tf.tidy(() => {
    const { prompt, prefix, ...hooks } = composeHooks(
      adapters.map(({ method, options }, at) => method.hooks(toTensors(values[at]), shape, options, (_, x) => x)),
    );
    const rows: Tensors = prompt ? { prompt: prompt() } : {};
    for (const layer of prefix ? shape.keyValueWidths.keys() : []) {
      const { keys, values } = prefix!(layer);
      Object.assign(rows, { [`keys.${layer}`]: keys, [`values.${layer}`]: values });
    }
    virtual = toArrays(rows);
    ({ reading } = hooks);
  });
  return { virtual, reading };
}

/** @throws {Error} what differs, if the adapter was trained on another model */
function requireModel({ model }: AdapterNote, current: AdapterNote["model"]): void {
  if (isSameModel(model, current)) return;
  throw new Error(
    `it was trained on the model ${shorten(model.name)} with the revision ${revisionInWords(model)}, ` +
      `current value is ${current.name} with the revision ${revisionInWords(current)}`,
  );
}

/** What an adapter without a note makes of a model, from its classifier or its PEFT config. */
async function useWithoutNote({ parts }: ValidAdapter): Promise<ReturnType<typeof useOf>> {
  if (parts.some(({ head }) => Object.keys(head).length > 0)) return "classification";
  for (const { folder } of parts) {
    const { task_type: type } = (await readPeftConfig(folder)).values;
    if (type === "CAUSAL_LM" || type === "SEQ_2_SEQ_LM") return "generation";
  }
  throw new Error("it must have a classifier or be one of a language model, it has neither");
}

/** The number of outputs of a classifier. @throws {Error} if there is none */
function outputsOf(head: LoadedPart["head"], backbone: Backbone): number {
  const last = Object.values(head).at(-1);
  if (!last) throw new Error("it must have a classifier, there is none");
  // The last tensor counts them: on its first axis if it is a vector or a model's own classifier has it.
  return backbone.head || last.shape.length === 1 ? last.shape[0] : last.shape[1];
}

/** What a classifier is for: as the note says or, without one, the config beside the adapter, or the model's. @throws {Error} if it does not fit */
async function classifierTask(outputs: number, { folder, note }: ValidAdapter, model: Model): Promise<ClassifierTask> {
  const ofModel = async () => model.folder === undefined ? {} : await readConfigFile(model.folder);
  const { kind, labels } = note?.task ?? classifierOf(outputs, await readOwnConfig(folder) ?? await ofModel());
  const names = kind === "regression" || kind === "multiple choice" ? 0 : outputs;
  if (labels.length === names && new Set(labels).size === names && (names > 0 || outputs === 1)) {
    return { kind, labels };
  }
  throw new Error(
    names === 0
      ? `its classifier must have one output and no labels, as it is one of ${kind}, it has ${outputs} and ${labels.length}`
      : `${ADAPTER_NOTE} must name its ${outputs} classes, each once, current value is ${showValue(labels)}`,
  );
}

/**
 * Loads an adapter from its folder.
 * @param opened the opened model, without an adapter
 * @throws {Error} one sentence, if it cannot be read or belongs to another model; what differs is listed
 */
export async function loadAdapter(folder: string, model: Model, opened: Backbone): Promise<LoadedAdapter> {
  try {
    return await readAdapter(folder, model, opened);
  } catch (error) {
    const { message } = error as Error;
    throw /^Cannot /.test(message) ? error : new Error(`Cannot use the adapter ${folder}: ${message}`);
  }
}

/** Values of the parameters of adapters without virtual tokens, under the names that `compose` gives them. */
function parametersOf(adapters: readonly LoadedPart[], backbone: Backbone): LoadedAdapter["parameters"] {
  const parameters: LoadedAdapter["parameters"] = {};
  for (const adapter of adapters) {
    const trains = adapter.method.trains(backbone, adapter.options);
    for (const [name, { data }] of Object.entries(adapterParameters(adapter, backbone))) {
      parameters[trains.includes(name) ? name : `${adapter.method.name}/${name}`] = data;
    }
    // The shared program takes an adapter's frozen tensors as parameters.
    for (const { name, draw } of adapter.method.frozen?.(backbone, adapter.options) ?? []) {
      parameters[`${adapter.method.name}/${name}`] = draw(adapter.options.projectionSeed!);
    }
  }
  return parameters;
}

async function readAdapter(folder: string, model: Model, opened: Backbone): Promise<LoadedAdapter> {
  const note = await readAdapterNote(folder);
  if (note) requireModel(note, model);
  const words = note?.head && {
    ...await (note.task.kind === "multiple choice"
      ? choiceHead(opened, note.head)
      : wordHead(opened, note.head, note.task.labels)),
    spec: note.head,
  };
  const shape = note?.task.kind === "generation" ? asLanguageModel(opened) : opened;
  const valid = await validateAdapter(folder, words?.backbone ?? shape);
  const use = note ? useOf(note.task.kind) : await useWithoutNote(valid);
  const generates = use === "generation";
  const backbone = words?.backbone ?? (generates ? asLanguageModel(opened) : opened);
  const adapters: LoadedPart[] = [];
  for (const part of valid.parts) adapters.push(plainAdapter(await readPart(part, backbone), backbone));
  const head: LoadedPart["head"] = Object.assign({}, ...adapters.map(({ head }) => head));
  const outputs = generates ? 0 : words ? Math.max(1, words.spec.words.length) : outputsOf(head, backbone);
  const maxLength = compose(adapters, backbone).maxLength - (words?.room ?? 0);
  const plain = adapters.filter(({ method }) => !method.virtualTokens);
  // With a decoder, a text and what is generated after it share the greatest length.
  const shared = generates && !backbone.languageModel!.target;
  const outputLength = !generates
    ? 0
    : note?.outputLength ?? Math.min(DEFAULT_OUTPUT_LENGTH, shared ? maxLength >> 1 : maxLength);
  return {
    folder,
    task: note?.task.name ?? null,
    ...generates ? { kind: "generation", labels: [] } : await classifierTask(outputs, valid, model),
    outputs,
    threshold: note?.threshold ?? 0.5,
    ...note?.placeholder !== undefined && { placeholder: note.placeholder },
    ...note && { promptForm: note.chat ? "chat" as const : "text" as const },
    ...note?.dialogue && { dialogue: note.dialogue },
    limit: Math.min(note?.maxLength ?? maxLength, shared ? maxLength - outputLength : maxLength),
    maxLength,
    outputLength,
    ...note?.stop && { stop: note.stop },
    parts: plain.map(({ method, options }) => ({ method, options })),
    parameters: parametersOf(plain, backbone),
    ...virtualTokens(adapters.filter(({ method }) => method.virtualTokens), backbone),
    head: Object.fromEntries(Object.entries(head).map(([name, { data }]) => [name, data])),
    ...words && { words },
  };
}
