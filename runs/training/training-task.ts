/**
 * What a kind of task provides for training. The training loop is the same for every kind.
 * @module
 */
import type { TrainableParameter } from "../../engine/adamw.ts";
import type { ArrayValue, Executable, MemoryPlan } from "../../engine/types.ts";
import type { Adaptation, Part } from "../../methods/adaptation/compose.ts";
import type { Backbone } from "../../models/types.ts";
import type { Metric } from "../../tasks/types.ts";
import type { EncodedExamples } from "./examples.ts";
import type { Measured, NoScores, Prediction, RunRecord, Scores } from "../study/record.ts";
import type { RunSpec } from "../study/spec.ts";
import type { Splits } from "./split.ts";
import type { SignedProgram } from "../programs/classifier.ts";

/** What a training task is made from, besides its examples. */
export interface TaskContext {
  /** What decides the result. */
  spec: RunSpec;
  /** The backbone as stored, without a method. */
  backbone: Backbone;
  /** The method's parts. */
  parts: readonly Part[];
  /** Processor threads. */
  threads: number;
}

/**
 * Compiles a program for the device of the run.
 * @param small whether its frozen weights stay as stored, where the device can do so: programs then share one copy of
 * them in memory
 */
export type CompileProgram = (program: SignedProgram, small?: boolean) => Promise<Executable>;

/** The result of an evaluation. */
export interface Evaluation {
  /** The score by each metric. */
  scores: Scores;
  /** Mean loss of an example. */
  loss: Measured;
  /** A prediction for each example. */
  predictions: Prediction[];
  /** The probability from which a label is answered, chosen on the validation examples; absent where answers need none. */
  threshold?: number;
}

/** The compiled programs that predict. */
export interface Evaluator {
  /** Planned memory of the most expensive call of each program. */
  plan(): MemoryPlan[];
  /** Makes a first call, which brings the weights into memory. */
  warmUp(parameters: Record<string, Float32Array>): Promise<void>;
  /** Predicts and scores. */
  evaluate(split: "validation" | "test", parameters: Record<string, Float32Array>): Promise<Evaluation>;
  /** Frees what the device holds. */
  release(): Promise<void>;
}

/** Features of all examples, computed once because training does not change them. */
export interface FeatureCache {
  /** Inputs → `features` [batch, d]. */
  program: SignedProgram;
  /** Inputs of one example. */
  sample: Record<string, ArrayValue>;
  /** Computes the features, which then take the place of the texts in every split. */
  fill(executable: Executable): Promise<void>;
}

/** What is learnt and how it is judged. */
export interface TrainingTask {
  /** The backbone, with the weights that this kind of task reads. */
  backbone: Backbone;
  /** The method, joined with the backbone. */
  adaptation: Adaptation;
  /** The examples; a trial has none to test on. */
  splits: Splits;
  /** The metrics; the first chooses the epoch. */
  metrics: readonly Pick<Metric, "name" | "unit" | "direction">[];
  /** Every trained tensor. */
  parameters: readonly TrainableParameter[];
  /** Those of them that belong to a classifier. */
  head: readonly TrainableParameter[];
  /** The training examples: texts, or features once the cache is filled. */
  readonly trainExamples: EncodedExamples;
  /** Gives `loss`. */
  loss: SignedProgram;
  /** Start values of the parameters, by name. */
  start(seed: number): Promise<Record<string, Float32Array>>;
  /** Two programs whose `output` is equal where a method starts as the identity, and inputs to compare them with. */
  identity: { backbone: SignedProgram; adapted: SignedProgram; output: string; inputs: Record<string, ArrayValue> };
  /** Programs that answer a text, one after the other: of what is left of the method once it is trained, and of the backbone alone. */
  inference: { adapted: readonly SignedProgram[]; backbone: readonly SignedProgram[] };
  /** Absent where training changes the features. */
  featureCache?: FeatureCache;
  /** Fields of PEFT's adapter config that say what the task is; absent for classification. */
  peftConfig?: Record<string, unknown>;
  /** Test scores of always giving the answer that is most frequent in training, or its mean. */
  majority: Scores | NoScores;
  /** That answer in words; absent where there is none. */
  constantName?: string;
  /** That answer, where it does not follow from the predictions. */
  baseline?: RunRecord["baseline"];
  /** Compiles the programs that predict. */
  evaluator(compile: CompileProgram): Promise<Evaluator>;
}
