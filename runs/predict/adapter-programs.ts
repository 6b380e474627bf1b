/**
 * All programs of a predictor: adapters of one form share one.
 * @module
 */
import type { Device } from "../../engine/types.ts";
import type { Backbone } from "../../models/types.ts";
import { sigmoid } from "../training/heads/label-sets.ts";
import type { CompileProgram } from "../training/training-task.ts";
import type { NamedAdapter } from "./name-adapters.ts";
import type { LineRequest } from "./request.ts";
import { ClassifierHeads, SharedClassifier } from "./shared-classifier.ts";
import { SharedGenerator } from "./shared-generator.ts";
import { SharedWords } from "./shared-words.ts";
import type { Answer } from "./types.ts";

/** Answers requests. */
export class AdapterPrograms {
  private constructor(
    private readonly programs: ReadonlyMap<string, SharedClassifier | SharedGenerator | SharedWords>,
    private readonly heads: ClassifierHeads,
  ) {}

  /**
   * Compiles a program for each program key, and one for each number of classes.
   *
   * Where several programs read the backbone (there are several keys, or an adapter generates), its matrices stay as
   * they are stored, on devices that can do so, and are in memory once.
   */
  static async open(
    device: Device,
    threads: number,
    backbone: Backbone,
    named: readonly NamedAdapter[],
  ): Promise<AdapterPrograms> {
    const representatives = new Map(named.map(({ programKey, adapter }) => [programKey, adapter]));
    const readers = representatives.values().reduce((sum, { kind }) => sum + (kind === "generation" ? 2 : 1), 0);
    const options = { threads, small: readers > 1 && device.small === true };
    const compile: CompileProgram = ({ program, signature }) => device.compile(program, signature, options);
    const heads = new ClassifierHeads(backbone, compile);
    const programs = new Map<string, SharedClassifier | SharedGenerator | SharedWords>();
    for (const [key, adapter] of representatives) {
      programs.set(
        key,
        adapter.kind === "generation"
          ? await SharedGenerator.open(backbone, adapter, compile)
          : adapter.words
          ? await SharedWords.open(adapter, compile)
          : await SharedClassifier.open(backbone, adapter, compile, heads),
      );
    }
    for (const { adapter } of named) if (adapter.kind !== "generation" && !adapter.words) await heads.open(adapter);
    return new AdapterPrograms(programs, heads);
  }

  /**
   * Answers to requests that are computed together.
   * @param requests of adapters with one batch key
   * @param onText called with what follows a text whenever it has a new token
   * @throws {Error} if a logit is not a number
   */
  async answer(
    requests: readonly LineRequest[],
    onText?: (row: number, generated: string) => void,
  ): Promise<Answer[]> {
    const program = this.programs.get(requests[0].named.programKey)!;
    if (program instanceof SharedGenerator) {
      const texts = await program.generate(requests, onText);
      return requests.map(({ context }, row) => ({ ...context, generated: texts[row] }));
    }
    // To a classifier each choice of a line is a text of its own.
    const texts = requests.flatMap((request) =>
      request.choices?.map((encoded) => ({ ...request, encoded })) ?? request
    );
    const logits = await program.logits(texts);
    let end = 0;
    return requests.map((request) => {
      const ofRequest = logits.slice(end, end += request.choices?.length ?? 1);
      const { choices, places } = request;
      if (choices) return answerOf(request, Float32Array.from(ofRequest, ([logit]) => logit));
      return answerOf(request, places ? Float32Array.from(places, (place) => ofRequest[0][place]) : ofRequest[0]);
    });
  }

  /** Frees what the device holds. */
  async release(): Promise<void> {
    for (const program of this.programs.values()) await program.release();
    await this.heads.release();
  }
}

/** The answer that the logits of a text give. @throws {Error} if a logit is not a number */
function answerOf(
  { context, labels, adapter: { kind, threshold } }: LineRequest,
  logits: Float32Array,
): Answer {
  if (logits.some(Number.isNaN)) throw new Error("Cannot predict: a logit is not a number");
  if (kind === "regression") return { ...context, value: logits[0] };
  const byLabel = (probabilities: readonly number[]) =>
    Object.fromEntries(labels.map((name, at) => [name, probabilities[at]]));
  if (kind === "multi-label") {
    const probabilities = Array.from(logits, sigmoid);
    return {
      ...context,
      labels: labels.filter((_, at) => probabilities[at] >= threshold),
      probabilities: byLabel(probabilities),
    };
  }
  return { ...context, label: labels[logits.indexOf(Math.max(...logits))], probabilities: byLabel(softmax(logits)) };
}

function softmax(logits: Float32Array): number[] {
  const top = Math.max(...logits);
  const weights = Array.from(logits, (logit) => Math.exp(logit - top));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}
