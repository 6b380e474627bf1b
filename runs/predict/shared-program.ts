/**
 * Programs that adapters share: what an adapter is, its parameters and virtual tokens, comes with each call.
 *
 * Virtual tokens are inputs, each text's own, so that texts of one batch may be of different adapters.
 * @module
 */
import type { ArrayValue, Executable, InputSpec, Program } from "../../engine/types.ts";
import type { Tensors } from "../../engine/tensor.ts";
import { type Adaptation, compose } from "../../methods/compose.ts";
import { composeHooks } from "../../methods/hooks.ts";
import type { Backbone, Encoding, Hooks } from "../../models/types.ts";
import { generate } from "../programs/decoding.ts";
import { reuseExecutables } from "../training/generation.ts";
import { asLanguageModel, trainableLanguageModel } from "../programs/language-model.ts";
import type { CompileProgram } from "../training/training-task.ts";
import type { LoadedAdapter } from "./load.ts";
import { canonical } from "../study/spec.ts";
import { type SignedProgram, trainableClassifier } from "../programs/classifier.ts";

/** A text for an adapter. */
export interface Asked {
  /** Who answers. */
  adapter: LoadedAdapter;
  /** The text as token ids. */
  encoded: Encoding;
}

/** What comes before the names of virtual tokens among a program's inputs. */
const VIRTUAL = "virtual/";

/** What adapters have in common that share a program; equal texts for equal programs. */
export function formOf({ kind, parts, virtual, reading }: LoadedAdapter): string {
  return canonical({
    kind,
    parts: parts.map(({ method, options: { learningRate: _, epochs: __, ...options } }) => [method.name, options]),
    virtual: Object.entries(virtual).map(([name, { shape }]) => [name, shape]),
    reading,
  });
}

/** What texts must have in common to be computed at once. */
export function batchOf(adapter: LoadedAdapter, index: number): string {
  const own = Object.keys(adapter.parameters).length > 0;
  return canonical([formOf(adapter), adapter.outputLength, own ? index : null]);
}

/** Hooks that put virtual tokens where methods do; the tensors stand among the parameters. */
function virtualHooks({ virtual, reading }: LoadedAdapter, all: Tensors): Hooks {
  const of = (name: string) => all[VIRTUAL + name];
  return {
    reading,
    ...Object.hasOwn(virtual, "prompt") && { prompt: () => of("prompt") },
    ...Object.hasOwn(virtual, "keys.0") && {
      prefix: (layer: number) => ({ keys: of(`keys.${layer}`), values: of(`values.${layer}`) }),
    },
  };
}

function adaptationOf(adapter: LoadedAdapter, backbone: Backbone): Adaptation {
  const own = compose(adapter.parts, backbone);
  return {
    ...own,
    maxLength: adapter.room,
    hooks: (all, dropout) => composeHooks([own.hooks(all, dropout), virtualHooks(adapter, all)]),
  };
}

/** The program with virtual tokens [batch, n, width] among its inputs, which it then finds among its parameters. */
function withVirtual({ program, signature }: SignedProgram, { virtual }: LoadedAdapter): SignedProgram {
  const inputs = Object.entries(virtual).map(([name, { shape }]): [string, InputSpec] => [
    VIRTUAL + name,
    { shape: ["batch", ...shape], dtype: "float32" },
  ]);
  const names = inputs.map(([name]) => name);
  return {
    program: ({ parameters, inputs, ...rest }) =>
      program({
        ...rest,
        inputs,
        parameters: { ...parameters, ...Object.fromEntries(names.map((name) => [name, inputs[name]])) },
      }),
    signature: { ...signature, inputs: { ...signature.inputs, ...Object.fromEntries(inputs) } },
  };
}

/** Virtual tokens of each text's adapter, one after the other. */
function virtualInputs(asked: readonly Asked[]): Record<string, ArrayValue> {
  const { virtual } = asked[0].adapter;
  return Object.fromEntries(
    Object.entries(virtual).map(([name, { shape, data: { length: size } }]) => {
      const data = new Float32Array(asked.length * size);
      asked.forEach(({ adapter }, at) => data.set(adapter.virtual[name].data, at * size));
      return [VIRTUAL + name, { data, shape: [asked.length, ...shape] }];
    }),
  );
}

/** Computes logits, for adapters of one form. */
export class Classifier {
  private constructor(
    private readonly backbone: Backbone,
    private readonly features: Executable,
    private readonly heads: Heads,
  ) {}

  /**
   * Compiles the program of a form.
   * @param heads shared by the forms
   */
  static async open(
    backbone: Backbone,
    adapter: LoadedAdapter,
    compile: CompileProgram,
    heads: Heads,
  ): Promise<Classifier> {
    const { features } = trainableClassifier(backbone, adaptationOf(adapter, backbone), adapter.labels, 0);
    return new Classifier(backbone, await compile(withVirtual(features, adapter)), heads);
  }

  /**
   * Logits of each text.
   * @param asked of adapters with the same parameters, if they have any
   */
  async logits(asked: readonly Asked[]): Promise<Float32Array[]> {
    const inputs = { ...this.backbone.collate(asked.map(({ encoded }) => encoded)), ...virtualInputs(asked) };
    const { features } = await this.features.run({ parameters: asked[0].adapter.parameters, inputs });
    const width = this.backbone.featureWidth;
    const logits: Float32Array[] = [];
    for (const adapter of new Set(asked.map(({ adapter }) => adapter))) {
      const rows = [...asked.keys()].filter((row) => asked[row].adapter === adapter);
      const own = new Float32Array(rows.length * width);
      rows.forEach((row, at) => own.set(features.subarray(row * width, (row + 1) * width), at * width));
      const found = await this.heads.logits(adapter, own, rows.length);
      rows.forEach((row, at) =>
        logits[row] = found.subarray(at * adapter.labels.length, (at + 1) * adapter.labels.length)
      );
    }
    return logits;
  }

  /** Frees what the device holds. */
  release(): Promise<void> {
    return this.features.release();
  }
}

/** Classifiers of any number of classes: small programs, apart from the backbone's. */
export class Heads {
  private readonly programs = new Map<number, Executable>();

  /**
   * Makes classifiers, none of which is compiled yet.
   * @param backbone whose features are read
   */
  constructor(private readonly backbone: Backbone, private readonly compile: CompileProgram) {}

  /** Makes ready for as many classes as an adapter has. */
  async open({ labels }: LoadedAdapter): Promise<void> {
    if (this.programs.has(labels.length)) return;
    const { logits } = trainableClassifier(this.backbone, compose([], this.backbone), labels, 0);
    this.programs.set(labels.length, await this.compile(logits));
  }

  /** Features [rows, d] → logits [rows, classes]. */
  async logits({ labels, head }: LoadedAdapter, features: Float32Array, rows: number): Promise<Float32Array> {
    const inputs = { features: { data: features, shape: [rows, this.backbone.featureWidth] } };
    const { logits } = await this.programs.get(labels.length)!.run({ parameters: head, inputs });
    return logits;
  }

  /** Frees what the device holds. */
  async release(): Promise<void> {
    for (const program of this.programs.values()) await program.release();
  }
}

/** Generates, for adapters of one form. */
export class Generator {
  private constructor(
    private readonly backbone: ReturnType<typeof asLanguageModel>,
    private readonly adaptation: Adaptation,
    private readonly model: ReturnType<typeof trainableLanguageModel>,
    private readonly programs: ReadonlyMap<Program, Executable>,
  ) {}

  /**
   * Compiles the programs of a form.
   * @throws {Error} if the backbone is no language model
   */
  static async open(opened: Backbone, adapter: LoadedAdapter, compile: CompileProgram): Promise<Generator> {
    const backbone = asLanguageModel(opened);
    const adaptation = adaptationOf(adapter, backbone);
    const own = trainableLanguageModel(backbone, adaptation);
    const model = { ...own, read: withVirtual(own.read, adapter), step: withVirtual(own.step, adapter) };
    const programs = new Map<Program, Executable>();
    for (const signed of [model.read, model.step]) programs.set(signed.program, await compile(signed));
    return new Generator(backbone, adaptation, model, programs);
  }

  /**
   * The text that follows each text.
   * @param asked of adapters with the same parameters, if they have any, and the same length of what is generated
   * @param onText told what each text has become, as it grows
   */
  async texts(
    asked: readonly Asked[],
    onText?: (row: number, generated: string) => void,
  ): Promise<string[]> {
    const { parameters, outputLength: tokens } = asked[0].adapter;
    const texts = asked.map(({ encoded }) => [...encoded]);
    const { end, target } = this.backbone.languageModel;
    const grown = texts.map((): number[] => []);
    const ids = await generate(this.backbone, this.adaptation, this.model, texts, {
      device: reuseExecutables(this.programs),
      threads: 1,
      parameters,
      inputs: virtualInputs(asked),
      tokens,
      end,
      onToken: onText && ((row, token) => {
        grown[row].push(token);
        onText(row, this.backbone.decode!(grown[row]));
      }),
    });
    return ids.map((all, row) => this.backbone.decode!(target ? all : all.slice(texts[row].length)));
  }

  /** Frees what the device holds. */
  async release(): Promise<void> {
    for (const program of this.programs.values()) await program.release();
  }
}
