/**
 * Using what was trained: one backbone in memory, and as many adapters as there are tasks.
 * @module
 */
import os from "node:os";
import { basename, resolve } from "node:path";
import { collectGarbage } from "../../engine/garbage.ts";
import { devices } from "../../engine/devices/mod.ts";
import type { Device } from "../../engine/types.ts";
import type { Backbone, Encoding, Model } from "../../models/types.ts";
import { queueBatches } from "./queue.ts";
import { readAdapterNote } from "../adapters/note.ts";
import { microBatches } from "../training/batches.ts";
import { findModel } from "../study/find-model.ts";
import { encodePrompt } from "../training/prompt.ts";
import { lookUp, UsageError } from "../../base/errors.ts";
import type { CompileProgram } from "../training/training-task.ts";
import { loadAdapter, type LoadedAdapter } from "./load.ts";
import { type Asked, batchOf, Classifier, formOf, Generator, Heads } from "./shared-program.ts";

/** What a predictor is made of. */
export interface PredictorOptions {
  /** The backbone, as a study names it; by default the one that the adapters name. */
  model?: string;
  /** Folders of adapters: results/adapters/<id>, or made by PEFT. */
  adapters: readonly string[];
  /** Name of the device, by default `cpu`. */
  device?: string;
  /** Processor threads, by default one for each core. */
  threads?: number;
}

/** A text to answer. */
export interface Line {
  /** The text. */
  text: string;
  /** The second text of a pair. */
  pair?: string;
  /** Which adapter answers, by its name or its folder's; by default every one. */
  adapter?: string;
}

/** What is known of an adapter. */
export interface AdapterInfo {
  /** Its name: its task's, or where that is unknown or another adapter's too, its folder's. */
  name: string;
  /** Its folder. */
  folder: string;
  /** Its task; null where PEFT made it. */
  task: string | null;
  /** What it does with a text. */
  kind: "classification" | "generation";
  /** Names of its classes; none where it generates. */
  labels: readonly string[];
}

/** Who answers what. */
export interface AnyAnswer {
  /** Name of the adapter that answers. */
  adapter: string;
  /** Its task; null where PEFT made it. */
  task: string | null;
  /** The text. */
  text: string;
  /** The second text of a pair. */
  pair?: string;
  /** Only the beginning of the text was read: it is longer than those that were trained on, or than the model reads. */
  truncated?: true;
}

/** A class. */
export interface Classified extends AnyAnswer {
  /** The likeliest class. */
  label: string;
  /** Probability of every class. */
  probabilities: Record<string, number>;
}

/** A text that was generated. */
export interface Generated extends AnyAnswer {
  /** What follows the text. */
  generated: string;
}

/** What an adapter says to a text. */
export type Answer = Classified | Generated;

/** A text that is being generated. */
export interface PartialGeneration extends AnyAnswer {
  /** Number of the answer that it will be, from 0. */
  answer: number;
  /** What follows the text so far. */
  generated: string;
}

/** How texts are answered. */
export interface PredictOptions {
  /** Told of texts as they grow, token by token. */
  onGrowth?(growing: PartialGeneration): void;
}

/** Lines that are worked on together. */
const MOST_LINES = 64;
/** Positions that are computed together. */
const MOST_ROWS = 512;
/** Texts that are gone on with together. */
const TOGETHER = 16;

/** Bytes of adapters that leave garbage worth collecting. */
const WORTH_SWEEPING = 2e6;

/** An adapter with its name. */
interface NamedAdapter {
  name: string;
  adapter: LoadedAdapter;
  /** Equal for adapters that share a program. */
  form: string;
  /** Equal for adapters whose texts may be computed at once. */
  batch: string;
}

/** A text for one adapter. */
interface Question extends Asked {
  by: NamedAdapter;
  about: AnyAnswer;
}

/** A program that answers. */
type Respondent = Classifier | Generator;

function bytesOf({ parameters, virtual, head }: LoadedAdapter): number {
  const values = [parameters, head].flatMap((of) => Object.values(of));
  for (const { data } of Object.values(virtual)) values.push(data as Float32Array);
  return values.reduce((sum, { byteLength }) => sum + byteLength, 0);
}

/** Names of adapters. @throws {UsageError} if two folders have the same name */
function nameAdapters(adapters: readonly LoadedAdapter[]): NamedAdapter[] {
  const folders = adapters.map(({ folder }) => basename(resolve(folder)));
  const twice = folders.find((name, at) => folders.indexOf(name) !== at);
  if (twice !== undefined) {
    throw new UsageError(`Cannot tell the adapters apart: their folders must differ in name, two are called ${twice}`);
  }
  const alone = (name: string | null) =>
    name !== null && !folders.includes(name) && adapters.filter(({ task }) => task === name).length === 1;
  return adapters.map((adapter, at) => ({
    name: alone(adapter.task) ? adapter.task! : folders[at],
    adapter,
    form: formOf(adapter),
    batch: batchOf(adapter, at),
  }));
}

/** The model that is asked for, or else the one that the adapters name. */
async function modelOf({ model, adapters }: PredictorOptions): Promise<Model> {
  if (model !== undefined) return await findModel(model);
  const named = new Set<string>();
  for (const folder of adapters) {
    const note = await readAdapterNote(folder);
    if (!note) throw new UsageError(`Cannot choose a model: --model must name it, as the folder ${folder} does not`);
    named.add(note.model.name);
  }
  const [first, ...others] = named;
  if (others.length > 0) {
    throw new UsageError(`Cannot choose a model: the adapters must be of one, they are of ${[...named].join(" and ")}`);
  }
  try {
    return await findModel(first);
  } catch {
    throw new UsageError(`Cannot find the model ${first} of the adapters: --model must name it, or its folder`);
  }
}

function softmax(logits: Float32Array): number[] {
  const top = Math.max(...logits);
  const weights = Array.from(logits, (logit) => Math.exp(logit - top));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** Answers texts with adapters of one backbone. */
export class Predictor {
  /** Adapters by every name that a line may have for them. */
  private readonly table: Record<string, NamedAdapter> = {};

  private constructor(
    private readonly backbone: Backbone,
    private readonly named: readonly NamedAdapter[],
    private readonly respondents: ReadonlyMap<string, Respondent>,
    private readonly heads: Heads,
  ) {
    for (const one of named) this.table[basename(resolve(one.adapter.folder))] = this.table[one.name] = one;
  }

  /**
   * Opens a backbone and adapters, and makes their programs ready: adapters of one form share one.
   *
   * Where several programs read the backbone (adapters of several forms, and every one that generates), its matrices
   * stay as they are stored, on devices that can do so, and are in memory once.
   * @throws {UsageError} if one of them cannot be used, or they do not belong together; what differs is listed
   */
  static async open(options: PredictorOptions): Promise<Predictor> {
    const { threads = os.availableParallelism() } = options;
    const device = lookUp("device", devices, options.device ?? "cpu");
    if (options.adapters.length === 0) throw new UsageError("Cannot predict: there must be an adapter, there is none");
    const model = await modelOf(options);
    const backbone = await model.open();
    const opened: LoadedAdapter[] = [];
    let unswept = 0;
    for (const folder of options.adapters) {
      try {
        opened.push(await loadAdapter(folder, model, backbone));
      } catch (error) {
        throw new UsageError((error as Error).message);
      }
      // Reading leaves several times an adapter's size, and further ones would lie beyond it.
      unswept += bytesOf(opened.at(-1)!);
      if (unswept < WORTH_SWEEPING) continue;
      collectGarbage("major");
      unswept = 0;
    }
    const named = nameAdapters(opened);
    const { unusable } = await device.inspect();
    if (unusable !== null) throw new UsageError(`Cannot use device ${device.name}: ${unusable}`);
    return new Predictor(backbone, named, ...await makePrograms(device, threads, backbone, named));
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
    this.askedBy(line);
  }

  /**
   * Answers lines in their order as they come; what has arrived is computed together. A line without an adapter is
   * answered by every one, in the order in which they were given.
   * @throws {UsageError} if a line cannot be answered
   */
  async *predict(
    lines: Iterable<Line | string> | AsyncIterable<Line | string>,
    { onGrowth }: PredictOptions = {},
  ): AsyncGenerator<Answer> {
    let answered = 0;
    for await (const batch of queueBatches(lines, MOST_LINES)) {
      const questions = batch.flatMap((line) => this.ask(line));
      const answers: Answer[] = [];
      let next = 0;
      for (const indices of this.batchesOf(questions)) {
        const chosen = indices.map((index) => questions[index]);
        const grown = onGrowth &&
          ((row: number, generated: string) =>
            onGrowth({ ...chosen[row].about, generated, answer: answered + indices[row] }));
        const found = await this.answer(chosen, grown);
        indices.forEach((index, row) => answers[index] = found[row]);
        while (next < questions.length && answers[next]) yield answers[next++];
      }
      answered += questions.length;
    }
  }

  /** Frees what the device holds. */
  async release(): Promise<void> {
    for (const respondent of this.respondents.values()) await respondent.release();
    await this.heads.release();
  }

  /** Who answers a line. @throws {UsageError} if it has no text, or if nobody can */
  private askedBy(given: Line | string): readonly NamedAdapter[] {
    const { text, pair, adapter }: Line = typeof given === "string" ? { text: given } : given;
    if (text.trim() === "") throw new UsageError("it must have a text, it is empty");
    const asked = adapter === undefined ? this.named : [lookUp("adapter", this.table, adapter)];
    const generating = asked.find(({ adapter }) => adapter.kind === "generation");
    if (pair !== undefined && generating) {
      throw new UsageError(`it must be one text to go on with, as ${generating.name} does, it is a pair`);
    }
    return asked;
  }

  /** A line as questions, one for each who answers it. */
  private ask(given: Line | string): Question[] {
    const { text, pair }: Line = typeof given === "string" ? { text: given } : given;
    return this.askedBy(given).map((by) => {
      const { adapter } = by;
      const encoded = this.encode(adapter, adapter.limit, text, pair);
      const about = {
        adapter: by.name,
        task: adapter.task,
        text,
        ...pair !== undefined && { pair },
        ...this.isCut(adapter, encoded, text, pair) && { truncated: true as const },
      };
      return { adapter, encoded, by, about };
    });
  }

  /** A text as the adapter's training read it. */
  private encode({ kind, asked }: LoadedAdapter, limit: number, text: string, pair?: string): Encoding {
    if (kind === "classification" || !asked) return this.backbone.encode(text, limit, pair);
    return encodePrompt(this.backbone, text, limit, asked === "chat" ? true : undefined);
  }

  /** Whether a text has more tokens than are read. */
  private isCut(adapter: LoadedAdapter, { length }: Encoding, text: string, pair?: string): boolean {
    const { limit, asked } = adapter;
    const { maxLength, tokenize, chat } = this.backbone;
    if (asked === "chat") return tokenize!(chat!(text)).length > limit;
    if (length < limit) return false;
    if (limit < maxLength) return this.encode(adapter, limit + 1, text, pair).length > limit;
    // Nothing reads more than this, so tokens are counted apart.
    const around = this.backbone.encode("", limit, pair && "").length;
    const parts = pair === undefined ? [text] : [text, pair];
    return tokenize !== undefined && parts.reduce((sum, part) => sum + tokenize(part).length, around) > limit;
  }

  /** Questions that are computed at once, those that wait longest first. */
  private batchesOf(questions: readonly Question[]): number[][] {
    const groups = Map.groupBy(questions.keys(), (index) => questions[index].by.batch);
    return [...groups.values()].flatMap((indices) => {
      if (questions[indices[0]].adapter.kind === "classification") {
        return microBatches(indices, questions.map(({ encoded }) => encoded.length), MOST_ROWS);
      }
      const count = Math.ceil(indices.length / TOGETHER);
      return Array.from({ length: count }, (_, at) => indices.slice(at * TOGETHER, (at + 1) * TOGETHER));
    });
  }

  /** Answers to questions that are computed at once. */
  private async answer(
    asked: readonly Question[],
    onText?: (row: number, generated: string) => void,
  ): Promise<Answer[]> {
    const respondent = this.respondents.get(asked[0].by.form)!;
    if (respondent instanceof Generator) {
      const texts = await respondent.texts(asked, onText);
      return asked.map(({ about }, row) => ({ ...about, generated: texts[row] }));
    }
    const logits = await respondent.logits(asked);
    return asked.map(({ about, adapter: { labels } }, row) => {
      if (logits[row].some(Number.isNaN)) throw new Error("Cannot predict: a logit is not a number");
      const probabilities = softmax(logits[row]);
      const label = labels[logits[row].indexOf(Math.max(...logits[row]))];
      return {
        ...about,
        label,
        probabilities: Object.fromEntries(labels.map((name, at) => [name, probabilities[at]])),
      };
    });
  }
}

/** The programs of every form, and of every number of classes. */
async function makePrograms(
  device: Device,
  threads: number,
  backbone: Backbone,
  named: readonly NamedAdapter[],
): Promise<[Map<string, Respondent>, Heads]> {
  const forms = new Map(named.map(({ form, adapter }) => [form, adapter]));
  const readers = forms.values().reduce((sum, { kind }) => sum + (kind === "generation" ? 2 : 1), 0);
  const options = { threads, small: readers > 1 && device.small === true };
  const compile: CompileProgram = ({ program, signature }) => device.compile(program, signature, options);
  const heads = new Heads(backbone, compile);
  const respondents = new Map<string, Respondent>();
  for (const [form, adapter] of forms) {
    respondents.set(
      form,
      adapter.kind === "generation"
        ? await Generator.open(backbone, adapter, compile)
        : await Classifier.open(backbone, adapter, compile, heads),
    );
  }
  for (const { adapter } of named) if (adapter.kind === "classification") await heads.open(adapter);
  return [respondents, heads];
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
