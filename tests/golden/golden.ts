/**
 * Comparison of one architecture and task with golden values.
 * @module
 */
import assert from "node:assert/strict";
import { storeFrozen } from "../../runs/programs/frozen.ts";
import { cpu } from "../../engine/devices/cpu.ts";
import { TrainingState } from "../../engine/adamw.ts";
import { type Tensor, type Tensors, tf } from "../../engine/tensor.ts";
import type { ArrayValue, Program, ProgramArguments } from "../../engine/types.ts";
import { compose, type Part } from "../../methods/adaptation/compose.ts";
import { methods } from "../../methods/mod.ts";
import { parseOptions } from "../../methods/shared/options.ts";
import { findFolder } from "../../models/mod.ts";
import type { Backbone } from "../../models/types.ts";
import { generate } from "../../runs/programs/decoding.ts";
import { asLanguageModel, trainableLanguageModel } from "../../runs/programs/language-model.ts";
import { validateAdapter } from "../../runs/adapters/validate.ts";
import { adapterParameters, readPart, type LoadedPart } from "../../runs/adapters/values.ts";
import { type SignedProgram, trainableClassifier } from "../../runs/programs/classifier.ts";
import { difference, eagerWeights } from "../models/eager.ts";
import { type Case, folders, readGenerated, readTensors, readValues, type Values } from "./files.ts";

/** Methods that train weights in place, by the case's name; the others are read from adapters. */
const inPlace: Record<string, string> = { full: "full", bias: "bitfit" };
function largest(values: Float32Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

function assertNear(actual: Float32Array, expected: Float32Array, tolerance: number, what: string): void {
  const worst = difference(actual, expected);
  assert(worst <= tolerance, `${what}: differs by ${worst}, may differ by ${tolerance}`);
}

/** An input [texts, length], padded with zeros to another length. */
function widened({ data, shape: [rows, length] }: ArrayValue, to: number): ArrayValue {
  const wide = data instanceof Int32Array ? new Int32Array(rows * to) : new Float32Array(rows * to);
  for (let row = 0; row < rows; row++) wide.set(data.subarray(row * length, (row + 1) * length), row * to);
  return { data: wide, shape: [rows, to] };
}

function norm(values: Float32Array): number {
  return Math.hypot(...values);
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
    const labelled = Float32Array.from(base.labels.data, (label) => label === -100 ? 0 : 1);
    const count = labelled.reduce((sum, one) => sum + one, 0);
    const all: Record<string, ArrayValue> = {
      ids: base.input_ids,
      mask: { shape, data: Float32Array.from(base.attention_mask.data) },
      types: base.token_type_ids,
      labels: { shape: base.labels.shape, data: base.labels.data.map((label) => Math.max(0, label)) as Int32Array },
      weights: { shape: base.labels.shape, data: labelled.map((one) => one / count) },
      target: base.decoder_input_ids,
    };
    const targets = task === "cls" ? {} : backbone.languageModel!.target?.inputs ?? {};
    // Of an encoder-decoder, what is read and what is written have one length here.
    const longest = Math.max(shape[1], base.labels.shape.at(-1)!);
    const inputs = Object.fromEntries(
      [...Object.keys(backbone.inputs), ...Object.keys(targets), "labels", "weights"].map((name) =>
        [name, task === "s2s" ? widened(all[name], longest) : all[name]] as const
      ),
    );
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

  /** The untouched model: every hidden state and the logits; of a language model, logits and loss. */
  async compareBase(): Promise<void> {
    const { backbone, inputs, base } = this;
    if (this.task !== "cls") {
      const { loss, logits } = await this.trainable([], 0);
      const states = this.task === "s2s" ? (args: ProgramArguments) => this.lastStates(args) : () => ({});
      const executable = await cpu.compile(
        (args) => ({ ...logits(args), ...loss.program(args), ...states(args) }),
        loss.signature,
        { threads: 1 },
      );
      const actual = await executable.run({ parameters: {}, inputs });
      await executable.release();
      assertNear(this.cut(actual.logits, base.logits), base.logits, 1e-4, "logits");
      for (const stack of ["encoder", "decoder"].filter((name) => name in actual)) {
        const expected = base[`${stack}_last_hidden_state`];
        assertNear(this.cut(actual[stack], expected), expected, 1e-4, `last state of the ${stack}`);
      }
      return assertNear(actual.loss, base.loss, 1e-4, "loss");
    }
    const head = Object.fromEntries(this.headNames.map((name) => [name, this.modelValues[name]]));
    const { parameters } = backbone.head!;
    const shapes = Object.fromEntries(parameters(this.labels.length).map(({ name, shape }) => [name, shape]));
    const { labels: _, weights: __, ...featureInputs } = inputs;
    const executable = await cpu.compile(
      ({ weights, parameters, inputs }) => ({
        logits: backbone.head!.classify(backbone.forward(weights, inputs, {}), parameters),
        ...Object.fromEntries(backbone.hiddenStates!(weights, inputs, {}).map((state, at) => [`state ${at}`, state])),
      }),
      { weights: backbone.stored, parameters: shapes, inputs: backbone.inputs },
      { threads: 1 },
    );
    const actual = await executable.run({ parameters: head, inputs: featureInputs });
    await executable.release();
    assertNear(actual.logits, base.logits, 1e-4, "logits");
    const layers = backbone.keyValueWidths.length;
    for (let at = 0; at <= layers; at++) {
      const expected = at === layers ? base.last_hidden_state : base[`hidden_states.${at}`];
      assertNear(this.unpadded(actual[`state ${at}`]), this.unpadded(expected), 1e-4, `hidden state ${at}`);
    }
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

  /** Logits, loss, gradients, steps and merged weights of a case. */
  async compareCase(method: string): Promise<void> {
    const folder = `${this.root}/${this.arch}/${this.task}/${method}`;
    const golden: Case = JSON.parse(await Deno.readTextFile(`${folder}/case.json`));
    const values = await readValues(`${folder}/values.safetensors`);
    const { parts, rename } = await this.readParts(folder, golden);
    const model = await this.trainable(parts, golden.adamw.lr);
    const { inputs } = model;
    const start = rename(await this.startOf(folder, golden));
    const names = model.parameters.map(({ name }) => name);
    assert.deepEqual(Object.keys(start).sort(), [...names].sort());
    assert.equal(Object.values(start).reduce((sum, { length }) => sum + length, 0), golden.trainable);

    const { signature, program } = model.loss;
    const executable = await cpu.compile(
      (args) => ({ ...model.logits(args), ...program(args) }),
      signature,
      { gradients: true, threads: 1 },
    );
    const state = await TrainingState.create(
      model.parameters.map(({ name, shape }) => ({ name, shape, learningRate: golden.adamw.lr })),
    );
    for (const name of names) state.parameters[name].set(start[name]);
    const { betas: [beta1, beta2], eps: epsilon, weight_decay: weightDecay } = golden.adamw;
    const losses: number[] = [];
    for (let step = 0; step <= golden.steps; step++) {
      const actual = await executable.run({ inputs, parameters: state.parameters, gradients: state.gradients });
      losses.push(actual.loss[0]);
      if (step === 0) {
        assertNear(this.cut(actual.logits, values.logits), values.logits, 1e-4, "logits");
        assertNear(actual.loss, values.loss, 1e-4, "loss");
        this.compareParameters("grad", state.gradients, golden, values, rename, 1e-3);
      }
      if (step < golden.steps) state.step(1, { beta1, beta2, epsilon, weightDecay, clip: Infinity });
    }
    await executable.release();
    assertNear(
      Float32Array.from(losses),
      values.step_losses,
      1e-3 * largest(values.step_losses),
      "losses of the steps",
    );
    this.compareParameters("final", state.parameters, golden, values, rename, 0);
    for (const { name } of golden.params) {
      const change = values[`change_norm.${name}`];
      if (!change) continue;
      const actual = norm(state.parameters[name].map((value, at) => value - start[name][at]));
      // Biases of keys hardly move: their gradient is zero but for rounding.
      assertNear(Float32Array.of(actual), change, 1e-3 * Math.max(change[0], golden.adamw.lr), `change of ${name}`);
    }
    // A language model gives the same logits with the method merged into its weights as beside them.
    const merged = values.merged_logits ??
      (this.task === "s2s" && parts.length === 1 && parts[0].method.merged && values.logits);
    if (merged) await this.compareMerged(parts[0], start, values, merged);
  }

  /** Greedy continuations by the untouched language model and by each adapter that is compared. */
  async compareGeneration(cases: readonly string[]): Promise<void> {
    const { root, arch, backbone } = this;
    const all = await readGenerated(`${root}/${arch}/generate.json`);
    for (const [name, { input_ids: ids, output_ids: expected, attention_mask: mask }] of Object.entries(all)) {
      const adapted = !name.startsWith("base");
      if (adapted && !cases.includes(name)) continue;
      const folder = `${root}/${arch}/${this.task}/${name}`;
      const golden: Case | undefined = adapted && JSON.parse(await Deno.readTextFile(`${folder}/case.json`));
      const { parts, rename } = golden ? await this.readParts(folder, golden) : { parts: [], rename: () => ({}) };
      const model = asLanguageModel(backbone);
      const adaptation = compose(parts, model);
      const parameters = golden ? rename(await this.startOf(folder, golden)) : {};
      // PEFT pads texts on the left, this project on the right.
      const isText = (row: number) => (_: number, at: number) => mask?.[row][at] !== 0;
      const texts = ids.map((row, at) => row.filter(isText(at)));
      const first = this.task === "s2s" ? 1 : 0;
      const tokens = expected[0].length - (first || ids[0].length);
      const options = { device: cpu, threads: 1, parameters, tokens };
      const trainable = trainableLanguageModel(model, adaptation, await storeFrozen(adaptation));
      const generated = await generate(model, adaptation, trainable, texts, options);
      // The token that an encoder-decoder starts with is not generated.
      const written = expected.map((row, at) => first ? row.slice(first) : row.filter(isText(at)));
      assert.deepEqual(generated, written, `generation of ${name}`);
    }
  }

  /** Gradients or final values; of tall matrices some cases keep the first rows and the norm alone. */
  compareParameters(
    kind: "grad" | "final",
    actual: Values,
    { params }: Case,
    values: Values,
    rename: (values: Values) => Values,
    floor: number,
  ): void {
    const whole: Values = {};
    for (const { name } of params) {
      const [all, rows] = [values[`${kind}.${name}`], values[`${kind}_rows.${name}`]];
      if (all) whole[name] = all;
      // Cases that keep rows alone train weights in place, whose names need no renaming.
      else {assertNear(
          actual[name].subarray(0, rows.length),
          rows,
          1e-3 * Math.max(largest(rows), floor),
          `${kind} of ${name}`,
        );}
      const length = values[`${kind}_norm.${name}`];
      if (length) {
        assertNear(Float32Array.of(norm(actual[name])), length, 1e-3 * Math.max(length[0], floor), `norm of ${name}`);
      }
    }
    const expected = Object.keys(whole).length === params.length ? rename(whole) : whole;
    for (const [name, values] of Object.entries(expected)) {
      assertNear(actual[name], values, 1e-3 * Math.max(largest(values), floor), `${kind} of ${name}`);
    }
  }

  /** Scores of an encoder-decoder, row by row. */
  scoresOf(weights: Tensors, inputs: Tensors): Tensor {
    const { decoder } = this.lastStates({ weights, inputs });
    return asLanguageModel(this.backbone).languageModel.scores(weights, decoder.reshape([-1, decoder.shape[2]!]));
  }

  /** The method folded into the weights. */
  async compareMerged({ method, options }: Part, start: Values, values: Values, expected: Float32Array): Promise<void> {
    const { backbone, inputs } = this;
    const weights = await eagerWeights(backbone);
    const tensor = (data: Float32Array, shape: readonly number[]) => tf.tensor(data, [...shape]);
    tf.tidy(() => {
      const parameters: Tensors = Object.fromEntries(
        method.parameters(backbone, options).map((
          { name, shape },
        ) => [name, tensor(start[`${method.name}/${name}`], shape)]),
      );
      for (const { name, shape, draw } of method.frozen?.(backbone, options) ?? []) {
        parameters[name] = tensor(draw(options.projectionSeed!), shape);
      }
      const merged = method.merged!(parameters, weights, backbone, options);
      const inputTensors = Object.fromEntries(
        Object.entries(inputs).map(([name, { data, shape }]) =>
          [name, tf.tensor(data, [...shape], data instanceof Int32Array ? "int32" : "float32")] as const
        ),
      );
      const all = { ...weights, ...merged };
      const logits = () => {
        if (this.task !== "cls") return this.scoresOf(all, inputTensors);
        const head = backbone.head!.parameters(this.labels.length).map(({ name, shape }) =>
          [name, tensor(start[name], shape)] as const
        );
        return backbone.head!.classify(backbone.forward(all, inputTensors, {}), Object.fromEntries(head));
      };
      const actual = this.cut(logits().dataSync() as Float32Array, expected);
      assertNear(actual, expected, 1e-4, "logits of the merged weights");
      for (const [name, expected] of Object.entries(values)) {
        if (!name.startsWith("merged_weight.")) continue;
        const actual = merged[name.slice("merged_weight.".length)];
        assertNear(actual.dataSync() as Float32Array, expected, 1e-4, name);
      }
    });
    tf.dispose(weights);
  }
}
