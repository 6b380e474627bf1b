/**
 * What differs between the kinds of task that a classifier on the backbone's features answers.
 * @module
 */
import type { ArrayValue } from "../../../engine/types.ts";
import type { Adaptation } from "../../../methods/adaptation/compose.ts";
import type { StoredTensor } from "../../../engine/types.ts";
import type { Backbone } from "../../../models/types.ts";
import type { Metric, TextInput } from "../../../tasks/types.ts";
import type { ChoiceTexts } from "../../../tasks/templates/choices.ts";
import type { ChoiceEncoding } from "../../programs/choice-tree.ts";
import type { TrainableClassifier } from "../../programs/classifier.ts";
import type { Objective } from "../../programs/objective.ts";
import type { Prediction } from "../../study/record.ts";
import type { AnyExample } from "../split.ts";
import type { CompileProgram } from "../training-task.ts";

/** What answers texts: a classifier on the backbone's features, or words of its language model. */
export interface Head {
  /** The backbone, with the weights that answering reads. */
  backbone: Backbone;
  /** How texts are read. */
  reading: Pick<Backbone, "encode" | "collate">;
  /**
   * Of multiple choice by a language model: token ids of an example with its choices, for `reading.collate`, none on a longer way than `limit`
   * tokens. Outputs are then those at each token, of which those at the ends of choices are their scores. Absent: texts are read alone.
   */
  encodeChoices?(texts: ChoiceTexts, limit: number): Promise<ChoiceEncoding>;
  /** Tokens that are computed for each text besides its own. */
  branches: number;
  /** Most of these that follow one another: a text may have so many tokens fewer than the model reads. */
  room: number;
  /** The backbone with a method, as what gives logits. @param frozen where the adaptation's frozen tensors lie */
  classifier(adaptation: Adaptation, frozen: Record<string, StoredTensor>): TrainableClassifier;
  /** Of a decoder: the model behind tokens that all texts begin with, and what it takes of these, read once. Absent: texts are read whole. */
  beginning?: {
    adaptation(length: number): Adaptation;
    read(ids: readonly number[], compile: CompileProgram): Promise<Record<string, Float32Array>>;
  };
  /** Fields of PEFT's adapter config that say what the task is; absent: those of a classifier. */
  peftConfig?: Record<string, unknown>;
}

/** A kind of task with examples `E`, whose right answers `T` and predictions `P` are classes, numbers, sets of labels, or choices. */
export interface HeadKind<E extends AnyExample, T, P = T> {
  /** What the classifier is trained for. */
  objective: Objective;
  /** The task's metrics, in its order. */
  metrics: readonly Metric<T, P>[];
  /** Probabilities from which a label may be answered, of which the best on the validation examples is chosen; absent: none is needed. */
  thresholds?: readonly number[];
  /** The texts that an example is read in, one for each of its choices; absent: it is read in its own. */
  textsOf?(example: E): readonly TextInput[];
  /** The same for a language model, with what each choice is; absent: the task is none of multiple choice. */
  choosing?: {
    textsOf(example: E): ChoiceTexts;
    /** Each one of {@linkcode CHOICE}. */
    standingsOf(right: T): readonly number[];
  };
  /** The right answer of an example. */
  rightOf(example: E): T;
  /** Names the group of an example; absent unless a metric scores groups. @throws {Error} if it is in none */
  groupOf?(example: E): string;
  /** Right answers as the loss reads them. */
  collate(answers: readonly T[]): ArrayValue;
  /**
   * The answer that the classifier's outputs for a text stand for, or its one output for each choice.
   * @param threshold one of the thresholds
   */
  read(outputs: Float32Array, threshold: number): P;
  /** The loss of outputs. */
  lossOf(outputs: Float32Array, right: T): number;
  /** The answer that is best without a look at a text: the most frequent one, or the mean. */
  constantOf(answers: readonly T[]): P;
  /** That answer in words: "most frequent class". */
  constantName: string;
  /** Whether records name that answer, as it does not follow from the predictions. */
  namesConstant: boolean;
  /** A prediction as records have it. */
  predictionOf(example: E, predicted: P): Prediction;
}
