/**
 * Comparison of one architecture and task with golden values.
 * @module
 */
import { storeFrozen } from "../../runs/programs/frozen.ts";
import { cpu } from "../../engine/devices/cpu.ts";
import type { Tensors } from "../../engine/tensor.ts";
import type { ArrayValue, Program, ProgramArguments } from "../../engine/types.ts";
import { compose, type Part } from "../../methods/adaptation/compose.ts";
import { methods } from "../../methods/mod.ts";
import { parseOptions } from "../../methods/shared/options.ts";
import { findFolder } from "../../models/mod.ts";
import type { Backbone } from "../../models/types.ts";
import { asLanguageModel, labelInputs, trainableLanguageModel } from "../../runs/programs/language-model.ts";
import { validateAdapter } from "../../runs/adapters/validate.ts";
import { adapterParameters, type LoadedPart, readPart } from "../../runs/adapters/values.ts";
import { type SignedProgram, trainableClassifier } from "../../runs/programs/classifier.ts";
import { type Case, folders, readTensors, readValues, type Values } from "./files.ts";

/** Methods that train weights in place, by the case's name; the others are read from adapters. */
const inPlace: Record<string, string> = { full: "full", bias: "bitfit" };

/** An input [texts, length], padded with zeros to another length. */
function widened({ data, shape: [rows, length] }: ArrayValue, to: number): ArrayValue {
  const wide = data instanceof Int32Array ? new Int32Array(rows * to) : new Float32Array(rows * to);
  for (let row = 0; row < rows; row++) wide.set(data.subarray(row * length, (row + 1) * length), row * to);
  return { data: wide, shape: [rows, to] };
}

/** Classification, causal language modelling, or sequence-to-sequence with an encoder-decoder. */
export type GoldenTask = "cls" | "lm" | "s2s";

/** The golden values of an architecture and task, with the backbone and inputs that they belong to. */
export class Golden {
  private constructor(
    readonly root: string,
    readonly arch: string,
    readonly task: GoldenTask,
    readonly backbone: Backbone,
    readonly inputs: Record<string, ArrayValue>,
    readonly base: Values,
    readonly modelValues: Values,
  ) {}

  static async open(root: string, arch: string, task: GoldenTask): Promise<Golden> {
    const classifier = await (await findFolder(`${root}/${arch}/model`)).open();
    const backbone = task === "cls" ? classifier : asLanguageModel(classifier);
    const base = await readTensors(`${root}/${arch}/base_${task}.safetensors`);
    const { shape } = base.input_ids;
    // The loss is the mean over what has a label: every text, or the tokens whose label is not -100.
    const labelled = [...base.labels.data.entries()].filter(([, label]) => label !== -100);
    const weight = 1 / labelled.length;
    const read: Record<string, ArrayValue> = {
      ids: base.input_ids,
      mask: { shape, data: Float32Array.from(base.attention_mask.data) },
      types: base.token_type_ids,
      target: base.decoder_input_ids,
    };
    const targets = task === "cls" ? {} : backbone.languageModel!.target?.inputs ?? {};
    // Of an encoder-decoder, what is read and what is written have one length here.
    const width = base.labels.shape.at(-1)!;
    const longest = Math.max(shape[1], width);
    const inputs: Record<string, ArrayValue> = {
      ...Object.fromEntries(
        [...Object.keys(backbone.inputs), ...Object.keys(targets)].map((name) =>
          [name, task === "s2s" ? widened(read[name], longest) : read[name]] as const
        ),
      ),
      ...task === "cls"
        ? {
          labels: { shape: base.labels.shape, data: base.labels.data as Int32Array },
          weights: { shape: base.labels.shape, data: Float32Array.from(base.labels.data, () => weight) },
        }
        : labelInputs(
          labelled.map(([at, label]) => ({ text: Math.floor(at / width), place: at % width, label, weight })),
        ),
    };
    const values = Object.fromEntries(Object.entries(base).map(([name, { data }]) => [name, data as Float32Array]));
    const stored = await readValues(`${root}/${arch}/model/model.safetensors`);
    // The heads of decoders lie in a file of their own.
    const headFile = `${root}/${arch}/head.safetensors`;
    const head = await Deno.stat(headFile).then(() => readValues(headFile), () => ({}));
    return new Golden(root, arch, task, backbone, inputs, values, { ...stored, ...head });
  }

  /** Names of the classes; only their number matters. */
  get labels(): string[] {
    if (this.task !== "cls") return [];
    const classes = this.base.logits.length / this.inputs.labels.data.length;
    return Array.from({ length: classes }, (_, at) => `class ${at}`);
  }

  get headNames(): string[] {
    if (this.task !== "cls") return [];
    return this.backbone.head!.parameters(this.labels.length).map(({ name }) => name);
  }

  /** The entries of hidden states [batch, length, d] at tokens; those at padding may differ, as nothing reads them. */
  unpadded(states: Float32Array): Float32Array {
    const { data: mask } = this.inputs.mask;
    const width = states.length / mask.length;
    return states.filter((_, at) => mask[Math.floor(at / width)] === 1);
  }

  /** Of each text as many values as expected; those behind them belong to padding. */
  cut(values: Float32Array, expected: Float32Array): Float32Array {
    const [texts] = this.inputs.ids.shape;
    return values.filter((_, at) => at % (values.length / texts) < expected.length / texts);
  }

  /** The last states of an encoder and of a decoder. */
  lastStates({ weights, inputs }: Pick<ProgramArguments, "weights" | "inputs">): Tensors {
    const { hiddenStates, keyValueWidths } = this.backbone;
    const states = hiddenStates!(weights, inputs, {});
    return { encoder: states.at(-2 - keyValueWidths.length)!, decoder: states.at(-1)! };
  }

  /** The methods of a case, and a function from values under the case's names to values under those of `compose`. */
  async readParts(folder: string, { method, params }: Case) {
    const { backbone, headNames } = this;
    if (Object.hasOwn(inPlace, method)) {
      const part = { method: methods[inPlace[method]], options: parseOptions(methods[inPlace[method]], {}) };
      return { parts: [part], rename: (values: Values) => values };
    }
    const adapters = new Map<string, LoadedPart>();
    for (const name of await folders(folder)) {
      const { parts: [part] } = await validateAdapter(`${folder}/${name}`, backbone);
      adapters.set(name, await readPart(part, backbone));
    }
    const rename = (values: Values): Values => {
      const renamed: Values = {};
      for (const [file, adapter] of adapters) {
        const prefix = `${adapter.method.name}/`;
        const trained = new Set(adapter.method.trains(backbone, adapter.options));
        const stored: typeof adapter.stored = {};
        for (const { name, key, shape, file: from } of params) {
          const head = headNames.find((headName) => key.endsWith(`.${headName}`));
          if (from === "encoder") renamed[prefix + key] = values[name];
          else if (from !== file) continue;
          else if (head) renamed[head] = values[name];
          else stored[key] = { shape, data: values[name] };
        }
        if (Object.keys(stored).length === 0) continue;
        for (const [name, { data }] of Object.entries(adapterParameters({ ...adapter, stored }, backbone))) {
          renamed[trained.has(name) ? name : prefix + name] = data;
        }
      }
      return renamed;
    };
    return { parts: [...adapters.values()], rename };
  }

  /** Values of the case's parameters before the first step, under the case's names. */
  async startOf(folder: string, { params }: Case): Promise<Values> {
    const files: Record<string, Values> = { model: this.modelValues, head: this.modelValues };
    const start: Values = {};
    for (const { name, file, key } of params) {
      const path = file === "encoder" ? `${folder}/encoder.safetensors` : `${folder}/${file}/adapter_model.safetensors`;
      files[file] ??= await readValues(path);
      start[name] = files[file][key];
    }
    return start;
  }

  /** What a case trains, the programs of its logits and its loss, and the inputs of these. */
  async trainable(parts: readonly Part[], learningRate: number) {
    const { backbone, inputs } = this;
    if (this.task !== "cls") {
      const adaptation = compose(parts, backbone);
      const model = trainableLanguageModel(asLanguageModel(backbone), adaptation, await storeFrozen(adaptation));
      const logits: Program = (args) => ({ logits: model.scores.program(args).scores });
      return { parameters: model.parameters, loss: model.loss, logits, inputs };
    }
    const adaptation = compose(parts, backbone);
    const model = trainableClassifier(backbone, adaptation, this.labels, learningRate, await storeFrozen(adaptation));
    return {
      parameters: model.parameters,
      loss: model.loss,
      logits: model.logits.program,
      inputs: model.featuresFixed ? await this.withFeatures(model.backboneFeatures) : inputs,
    };
  }

  /** Inputs of a classifier whose features nothing trained changes. */
  async withFeatures({ program, signature }: SignedProgram): Promise<Record<string, ArrayValue>> {
    const { labels, weights, ...inputs } = this.inputs;
    const executable = await cpu.compile(program, signature, { threads: 1 });
    const { features } = await executable.run({ parameters: {}, inputs });
    await executable.release();
    const [rows] = labels.shape;
    return { labels, weights, features: { data: features, shape: [rows, features.length / rows] } };
  }
}
