/**
 * Using what was trained: one backbone in memory, and any number of adapters on it.
 * @module
 */
import os from "node:os";
import { lookUp, shorten, UsageError } from "../../base/errors.ts";
import { devices } from "../../engine/devices/mod.ts";
import { collectGarbage } from "../../engine/garbage.ts";
import type { Backbone, Model } from "../../models/types.ts";
import { AdapterPrograms } from "./adapter-programs.ts";
import { findAdaptersModel } from "./find-adapters-model.ts";
import { loadAdapter, type LoadedAdapter } from "./load.ts";
import { folderName, nameAdapters, type NamedAdapter } from "./name-adapters.ts";
import { queueBatches } from "./queue.ts";
import { type LineRequest, makeRequest, requestBatches } from "./request.ts";
import type { AdapterInfo, Answer, Line, PredictOptions, PredictorOptions } from "./types.ts";

/** Most lines that are worked on together. */
const MOST_LINES = 64;

/** Bytes of loaded adapters after which their garbage is worth collecting. */
const WORTH_COLLECTING = 2e6;

/** Answers texts with adapters of one backbone. */
export class Predictor {
  /** Adapters by every name that a line may use for them. */
  private readonly table: Record<string, NamedAdapter> = {};

  private constructor(
    private readonly backbone: Backbone,
    private readonly named: readonly NamedAdapter[],
    private readonly programs: AdapterPrograms,
  ) {
    for (const one of named) this.table[folderName(one.adapter)] = this.table[one.name] = one;
  }

  /**
   * Opens a backbone and adapters, and compiles their programs: adapters of one form share one.
   *
   * Where several programs read the backbone (adapters of several forms, and every one that generates), its matrices
   * stay as they are stored, on devices that can do so, and are in memory once.
   * @throws {UsageError} if one of them cannot be used, or they do not belong together; what differs is listed
   */
  static async open(options: PredictorOptions): Promise<Predictor> {
    const { threads = os.availableParallelism() } = options;
    const device = lookUp("device", devices, options.device ?? "cpu");
    if (options.adapters.length === 0) throw new UsageError("Cannot predict: there must be an adapter, there is none");
    const model = await findAdaptersModel(options);
    const backbone = await model.open({ apart: options.apart });
    const named = nameAdapters(await loadAdapters(options.adapters, model, backbone));
    const { unusable } = await device.inspect();
    if (unusable !== null) throw new UsageError(`Cannot use device ${device.name}: ${unusable}`);
    return new Predictor(backbone, named, await AdapterPrograms.open(device, threads, backbone, named));
  }

  /** The adapters, in the order given. */
  get adapters(): AdapterInfo[] {
    return this.named.map(({ name, adapter: { folder, task, kind, labels } }) => ({
      name,
      folder,
      task,
      kind,
      labels: [...labels],
    }));
  }

  /**
   * Makes sure that a line can be answered.
   * @throws {UsageError} one sentence on why it cannot
   */
  check(line: Line | string): void {
    this.adaptersFor(asLine(line));
  }

  /**
   * Answers lines in their order as they arrive; those that have arrived are computed together. A line without an
   * adapter is answered by every adapter, in the order in which they were given.
   * @throws {Error} if a line cannot be answered, unless there is `onRefused`
   */
  async *predict(
    lines: Iterable<Line | string> | AsyncIterable<Line | string>,
    { onPartial, onRefused }: PredictOptions = {},
  ): AsyncGenerator<Answer> {
    let answered = 0;
    for await (const batch of queueBatches(lines, MOST_LINES)) {
      const requests: LineRequest[] = [];
      for (const given of batch) {
        try {
          requests.push(...await this.requestsOf(asLine(given)));
        } catch (error) {
          // A TypeError is a mistake of the program.
          if (!onRefused || error instanceof TypeError) throw error;
          onRefused(given, error as Error);
        }
      }
      const answers: Answer[] = [];
      let next = 0;
      for (const indices of requestBatches(requests)) {
        const chosen = indices.map((index) => requests[index]);
        const onText = onPartial &&
          ((row: number, generated: string) =>
            onPartial({ ...chosen[row].context, generated, answer: answered + indices[row] }));
        const computed = await this.programs.answer(chosen, onText);
        indices.forEach((index, row) => answers[index] = computed[row]);
        while (next < requests.length && answers[next]) yield answers[next++];
      }
      answered += requests.length;
    }
  }

  /** Frees what the device holds. */
  async release(): Promise<void> {
    await this.programs.release();
    await this.backbone.release?.();
  }

  /** A line for each of its adapters. @throws {Error} if it cannot be encoded */
  private requestsOf(line: Line): Promise<LineRequest[]> {
    return Array.fromAsync(this.adaptersFor(line), (named) => makeRequest(this.backbone, named, line));
  }

  /** The adapters that answer a line. @throws {UsageError} if it has no text, or if they cannot answer it */
  private adaptersFor(line: Line): readonly NamedAdapter[] {
    if (line.text.trim() === "") throw new UsageError("it must have a text, it is empty");
    const adapters = line.adapter === undefined ? this.named : [lookUp("adapter", this.table, line.adapter)];
    const generating = adapters.find(({ adapter }) => adapter.kind === "generation");
    if (line.pair !== undefined && generating) {
      throw new UsageError(`it must be one text to go on with, as ${generating.name} does, it is a pair`);
    }
    const chooses = ({ adapter }: NamedAdapter) => adapter.kind === "multiple choice";
    if (line.choices === undefined) {
      const choosing = adapters.find(chooses);
      if (choosing) {
        throw new UsageError(`it must have choices, as ${choosing.name} answers with one of them, it has none`);
      }
    } else {
      const other = adapters.find((named) => !chooses(named));
      if (other) {
        throw new UsageError(`it must have no choices, as ${other.name} answers with none of them, it has some`);
      }
      requireChoices(line.choices);
      const gapped = adapters.find(({ adapter: { placeholder } }) =>
        placeholder !== undefined && !line.pair?.includes(placeholder)
      );
      if (gapped) {
        const { name, adapter: { placeholder } } = gapped;
        throw new UsageError(`its pair must have ${placeholder} where ${name} puts a choice, it has none`);
      }
    }
    return adapters;
  }
}

/** @throws {UsageError} if there are fewer than two choices, or if one is empty or there twice */
function requireChoices(choices: readonly string[]): void {
  if (choices.length < 2) throw new UsageError(`it must have two choices, current number is ${choices.length}`);
  if (choices.some((choice) => choice.trim() === "")) {
    throw new UsageError("its choices must have a text, one is empty");
  }
  const twice = choices.find((choice, at) => choices.indexOf(choice) !== at);
  if (twice !== undefined) throw new UsageError(`its choices must differ, ${shorten(twice)} is there twice`);
}

function asLine(line: Line | string): Line {
  return typeof line === "string" ? { text: line } : line;
}

/** Loads adapters one after the other, with little garbage between them. @throws {UsageError} if one cannot be used */
async function loadAdapters(folders: readonly string[], model: Model, backbone: Backbone): Promise<LoadedAdapter[]> {
  const adapters: LoadedAdapter[] = [];
  let uncollected = 0;
  for (const folder of folders) {
    try {
      adapters.push(await loadAdapter(folder, model, backbone));
    } catch (error) {
      throw new UsageError((error as Error).message);
    }
    // Reading leaves several times an adapter's size as garbage, and memory would grow with every further adapter.
    uncollected += bytesOf(adapters.at(-1)!);
    if (uncollected < WORTH_COLLECTING) continue;
    collectGarbage("major");
    uncollected = 0;
  }
  return adapters;
}

function bytesOf({ parameters, virtual, head }: LoadedAdapter): number {
  const values = [parameters, head].flatMap((tensors) => Object.values(tensors));
  for (const { data } of Object.values(virtual)) values.push(data as Float32Array);
  return values.reduce((sum, { byteLength }) => sum + byteLength, 0);
}

/**
 * Opens a backbone and adapters, see {@linkcode Predictor}.
 *
 * ```ts ignore
 * import { openPredictor } from "@tunebench/tunebench";
 *
 * const predictor = await openPredictor({ model: "use-lite", adapters: ["results/adapters/0123456789abcdef"] });
 * for await (const answer of predictor.predict(["It works as it should."])) console.log(answer);
 * await predictor.release();
 * ```
 * @throws {UsageError} if one of them cannot be used, or they do not belong together; what differs is listed
 */
export function openPredictor(options: PredictorOptions): Promise<Predictor> {
  return Predictor.open(options);
}
