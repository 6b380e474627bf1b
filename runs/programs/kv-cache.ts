/**
 * Texts that grow token by token, with a cache of the keys and values of what was read.
 * @module
 */
import type { ArrayValue, Device, Executable } from "../../engine/types.ts";
import type { Backbone } from "../../models/types.ts";
import type { TrainableLanguageModel } from "./language-model.ts";

/** What computes. */
export interface KeyValueCacheOptions {
  /** Where it is computed. */
  device: Pick<Device, "compile">;
  /** Processor threads. */
  threads: number;
  /** Values of what is trained, by name. */
  parameters: Record<string, Float32Array>;
  /** Further inputs of both programs; each text's own, in their order. */
  inputs?: Record<string, ArrayValue>;
}

/** Rows [batch, length, width] with one more [batch, width] after each text's. */
function appended({ data, shape }: ArrayValue, row: Float32Array): ArrayValue {
  const [batch, length, width] = shape;
  const grown = new Float32Array(batch * (length + 1) * width);
  for (let text = 0; text < batch; text++) {
    const own = text * length * width;
    grown.set((data as Float32Array).subarray(own, own + length * width), own + text * width);
    grown.set(row.subarray(text * width, (text + 1) * width), own + length * width + text * width);
  }
  return { data: grown, shape: [batch, length + 1, width] };
}

/** [batch, length] of one value for each. */
function table(rows: readonly (readonly number[])[]): ArrayValue {
  return { data: Float32Array.from(rows.flat()), shape: [rows.length, rows[0].length] };
}

/** Texts read so far, and what the model says of the token after each. */
export class KeyValueCache {
  private constructor(
    private readonly stepper: Executable,
    private readonly inputNames: readonly string[],
    private readonly parameters: Record<string, Float32Array>,
    private readonly further: Record<string, ArrayValue>,
    private readonly past: Record<string, ArrayValue>,
    private readonly mask: number[][],
    private readonly places: number[][],
    private readonly positions: number[],
    /** Scores [texts, vocabulary] of the token after each text. */
    public scores: Float32Array,
  ) {}

  /**
   * Reads texts.
   * @param model of `trainableLanguageModel`, made of the backbone
   */
  static async open(
    backbone: Backbone,
    { read, step }: TrainableLanguageModel,
    texts: readonly (readonly number[])[],
    { device, threads, parameters, inputs: further = {} }: KeyValueCacheOptions,
  ): Promise<KeyValueCache> {
    const reader = await device.compile(read.program, read.signature, { threads });
    const { scores, ...found } = await reader.run({ parameters, inputs: { ...backbone.collate(texts), ...further } });
    await reader.release();
    const widths = backbone.keyValueWidths;
    const total = found["keys.0"].length / (texts.length * widths[0]);
    // An encoder-decoder has read the text and the first token of what it writes, at place 0.
    const written = backbone.languageModel?.target ? 1 : 0;
    const before = total - written;
    const promptLength = before - Math.max(...texts.map(({ length }) => length));
    const past: Record<string, ArrayValue> = {};
    for (const [name, data] of Object.entries(found)) {
      past[name] = { data, shape: [texts.length, total, data.length / (texts.length * total)] };
    }
    const places = texts.map(() => Array.from({ length: total }, (_, at) => written ? at - before : at));
    return new KeyValueCache(
      await device.compile(step.program, step.signature, { threads }),
      Object.keys(step.signature.inputs),
      parameters,
      further,
      past,
      texts.map(({ length }) => places[0].map((_, at) => at < promptLength + length || at >= before ? 1 : 0)),
      places,
      texts.map(({ length }) => written || promptLength + length),
      scores,
    );
  }

  /**
   * Reads one more token of each text.
   * @param from which text each token goes on with, by default its own; what was read is copied accordingly
   */
  async add(tokens: readonly number[], from?: readonly number[]): Promise<void> {
    if (from) this.choose(from);
    const rows = [tokens.length];
    const all: Record<string, ArrayValue> = {
      ...this.further,
      ...this.past,
      token: { data: Int32Array.from(tokens), shape: rows },
      position: { data: Int32Array.from(this.positions), shape: rows },
      mask: table(this.mask),
      places: table(this.places),
    };
    const inputs = Object.fromEntries(this.inputNames.map((name) => [name, all[name]]));
    const { scores, ...found } = await this.stepper.run({ parameters: this.parameters, inputs });
    for (const [name, row] of Object.entries(found)) this.past[name] = appended(this.past[name], row);
    for (const [row, at] of this.positions.entries()) {
      this.places[row].push(at);
      this.mask[row].push(1);
      this.positions[row]++;
    }
    this.scores = scores;
  }

  /** Puts texts in place of others. */
  private choose(from: readonly number[]): void {
    for (const [name, { data, shape }] of Object.entries(this.past)) {
      const size = data.length / from.length;
      const chosen = new Float32Array(data.length);
      from.forEach((row, at) => chosen.set((data as Float32Array).subarray(row * size, (row + 1) * size), at * size));
      this.past[name] = { data: chosen, shape };
    }
    for (const rows of [this.mask, this.places]) rows.splice(0, rows.length, ...from.map((row) => [...rows[row]]));
    this.positions.splice(0, from.length, ...from.map((row) => this.positions[row]));
  }

  /** Frees what the device holds. */
  async release(): Promise<void> {
    await this.stepper.release();
  }
}
