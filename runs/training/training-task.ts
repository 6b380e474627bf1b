/**
 * What a kind of task asks of a cell. The run loop is the same for all of them.
 * @module
 */
import type { TrainableParameter } from "../../engine/adamw.ts";
import type { ArrayValue, Executable } from "../../engine/types.ts";
import type { Adaptation, Part } from "../../methods/compose.ts";
import type { Backbone } from "../../models/types.ts";
import type { Metric } from "../../tasks/types.ts";
import type { EncodedExamples } from "./examples.ts";
import type { NoScores, Prediction, Scores } from "../study/record.ts";
import type { RunSpec } from "../study/spec.ts";
import type { Splits } from "./split.ts";
import type { SignedProgram } from "../programs/classifier.ts";

/** What a task is made ready for. */
export interface TaskContext {
  /** What decides the result. */
  spec: RunSpec;
  /** The backbone as it is. */
  backbone: Backbone;
  /** The method's parts. */
  parts: readonly Part[];
  /** Processor threads. */
  threads: number;
}

/**
 * Makes a program ready to run.
 * @param small where the device can, its frozen weights are not laid out for it: programs then share them in memory
 */
export type CompileProgram = (of: SignedProgram, small?: boolean) => Promise<Executable>;

/** What came out of a split. */
export interface Outcome {
  /** Every metric. */
  scores: Scores;
  /** One for each example. */
  predictions: Prediction[];
}

/** Programs that predict. */
export interface Evaluator {
  /** A first call, which loads the weights. */
  load(parameters: Record<string, Float32Array>): Promise<void>;
  /** Predicts and scores. */
  evaluate(split: "validation" | "test", parameters: Record<string, Float32Array>): Promise<Outcome>;
  /** Frees what the device holds. */
  release(): Promise<void>;
}

/** What is learnt and how it is judged. */
export interface TrainingTask {
  /** The backbone, with the weights that this kind of task reads. */
  backbone: Backbone;
  /** The method on it. */
  adaptation: Adaptation;
  /** The examples. */
  splits: Splits;
  /** The metrics, of which the first decides. */
  metrics: readonly Pick<Metric, "name" | "unit" | "direction">[];
  /** Every trained tensor. */
  parameters: readonly TrainableParameter[];
  /** Which of them are a classifier's. */
  head: readonly TrainableParameter[];
  /** What is trained on: where features are fixed, these once they are computed. */
  readonly train: EncodedExamples;
  /** Gives `loss`. */
  loss: SignedProgram;
  /** Start values of the parameters, by name. */
  start(seed: number): Promise<Record<string, Float32Array>>;
  /** Two programs that give the same `output` where the method starts as the identity, and inputs to see it with. */
  identity: { backbone: SignedProgram; adapted: SignedProgram; output: string; inputs: Record<string, ArrayValue> };
  /** Absent: what a text is to the model changes in training. */
  fixedFeatures?: {
    /** The program that computes them. */
    program: SignedProgram;
    /** Inputs of one example. */
    inputs: Record<string, ArrayValue>;
    /** Puts them in the place of texts. */
    compute(executable: Executable): Promise<void>;
  };
  /** What PEFT's config of the adapter says of the task, where it is not to classify. */
  peft?: Record<string, unknown>;
  /** Test scores of always answering the class most frequent in training. */
  majority: Scores | NoScores;
  /** Compiles what predicts. */
  evaluator(compile: CompileProgram): Promise<Evaluator>;
}
