/**
 * Reading texts token by token, with a cache of the keys and values of the tokens read before.
 * @module
 */
import type { ArrayValue, Device, Executable } from "../../engine/types.ts";
import type { Backbone } from "../../models/types.ts";
import type { TrainableLanguageModel } from "./language-model.ts";

/** What a cache computes with. */
export interface KeyValueCacheOptions {
  /** The device that the programs run on. */
  device: Pick<Device, "compile">;
  /** Processor threads. */
  threads: number;
  /** Values of the trained tensors, by name. */
  parameters: Record<string, Float32Array>;
  /** Inputs of both programs besides those of the model, for each text, in the order of the texts. */
  inputs?: Record<string, ArrayValue>;
}

/** Keys or values [batch, length, width] with those of one more token of each text, [batch, width], behind them. */
function append({ data, shape }: ArrayValue, added: Float32Array): ArrayValue {
  const [batch, length, width] = shape;
  const grown = new Float32Array(batch * (length + 1) * width);
  for (let text = 0; text < batch; text++) {
    const start = text * length * width;
    grown.set((data as Float32Array).subarray(start, start + length * width), start + text * width);
    grown.set(added.subarray(text * width, (text + 1) * width), start + length * width + text * width);
  }
  return { data: grown, shape: [batch, length + 1, width] };
}

/** Numbers as an input [batch, length]. */
function table(rows: readonly (readonly number[])[]): ArrayValue {
  return { data: Float32Array.from(rows.flat()), shape: [rows.length, rows[0].length] };
}

/** The texts read so far, and the scores of the token after each. */
export class KeyValueCache {
  private constructor(
    private readonly stepExecutable: Executable,
    private readonly inputNames: readonly string[],
    private readonly parameters: Record<string, Float32Array>,
    private readonly extraInputs: Record<string, ArrayValue>,
    private readonly past: Record<string, ArrayValue>,
    private readonly mask: number[][],
    private readonly places: number[][],
    private readonly positions: number[],
    /** Scores [texts, vocabulary] of the token after each text. */
    public scores: Float32Array,
  ) {}

  /**
   * Reads whole texts.
   * @param model of `trainableLanguageModel`, made of the backbone
   */
  static async open(
    backbone: Backbone,
    { read, step }: TrainableLanguageModel,
    texts: readonly (readonly number[])[],
    { device, threads, parameters, inputs: extraInputs = {} }: KeyValueCacheOptions,
  ): Promise<KeyValueCache> {
    const reader = await device.compile(read.program, read.signature, { threads });
    const { scores, ...keysAndValues } = await reader.run({
      parameters,
      inputs: { ...backbone.collate(texts), ...extraInputs },
    });
    await reader.release();
    const widths = backbone.keyValueWidths;
    const total = keysAndValues["keys.0"].length / (texts.length * widths[0]);
    // An encoder-decoder has read the text and the token that its target starts with, at place 0.
    const targetLength = backbone.languageModel?.target ? 1 : 0;
    const targetStart = total - targetLength;
    const promptLength = targetStart - Math.max(...texts.map(({ length }) => length));
    const past: Record<string, ArrayValue> = {};
    for (const [name, data] of Object.entries(keysAndValues)) {
      past[name] = { data, shape: [texts.length, total, data.length / (texts.length * total)] };
    }
    const places = texts.map(() => Array.from({ length: total }, (_, at) => targetLength ? at - targetStart : at));
    return new KeyValueCache(
      await device.compile(step.program, step.signature, { threads }),
      Object.keys(step.signature.inputs),
      parameters,
      extraInputs,
      past,
      texts.map(({ length }) => places[0].map((_, at) => at < promptLength + length || at >= targetStart ? 1 : 0)),
      places,
      texts.map(({ length }) => targetLength || promptLength + length),
      scores,
    );
  }

  /**
   * Reads one more token of each text.
   * @param from for each token, the index of the text that it continues, which then takes the place of the text at the
   * token's index; by default each token continues the text at its own index
   */
  async add(tokens: readonly number[], from?: readonly number[]): Promise<void> {
    if (from) this.reorder(from);
    const rows = [tokens.length];
    const all: Record<string, ArrayValue> = {
      ...this.extraInputs,
      ...this.past,
      token: { data: Int32Array.from(tokens), shape: rows },
      position: { data: Int32Array.from(this.positions), shape: rows },
      mask: table(this.mask),
      places: table(this.places),
    };
    const inputs = Object.fromEntries(this.inputNames.map((name) => [name, all[name]]));
    const { scores, ...keysAndValues } = await this.stepExecutable.run({ parameters: this.parameters, inputs });
    for (const [name, row] of Object.entries(keysAndValues)) this.past[name] = append(this.past[name], row);
    for (const [row, at] of this.positions.entries()) {
      this.places[row].push(at);
      this.mask[row].push(1);
      this.positions[row]++;
    }
    this.scores = scores;
  }

  /** Puts at each index the text that `from` has there. */
  private reorder(from: readonly number[]): void {
    for (const [name, { data, shape }] of Object.entries(this.past)) {
      const size = data.length / from.length;
      const reordered = new Float32Array(data.length);
      from.forEach((row, at) =>
        reordered.set((data as Float32Array).subarray(row * size, (row + 1) * size), at * size)
      );
      this.past[name] = { data: reordered, shape };
    }
    for (const rows of [this.mask, this.places]) rows.splice(0, rows.length, ...from.map((row) => [...rows[row]]));
    this.positions.splice(0, from.length, ...from.map((row) => this.positions[row]));
  }

  /** Frees what the device holds. */
  async release(): Promise<void> {
    await this.stepExecutable.release();
  }
}
