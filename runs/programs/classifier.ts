/**
 * A backbone, a method and a classifier as one trainable program.
 * @module
 */
import { Random } from "../../base/random.ts";
import { sizeOf } from "../../base/shapes.ts";
import type { TrainableParameter } from "../../engine/adamw.ts";
import { type Tensor, tf } from "../../engine/tensor.ts";
import type { Program, ProgramArguments, Signature, StoredTensor } from "../../engine/types.ts";
import type { Adaptation } from "../../methods/adaptation/compose.ts";
import { headOf } from "../../models/layers/head.ts";
import type { Backbone, HeadParameter } from "../../models/types.ts";
import { adaptBackbone, type AdaptedBackbone, shapesOf } from "./adapted-backbone.ts";
import { type Objective, objectiveOf } from "./objective.ts";
import { startValues } from "./start-values.ts";

/** A program with its signature. */
export interface SignedProgram {
  /** The computation. */
  program: Program;
  /** Its weights, parameters and inputs. */
  signature: Signature;
}

/** A classifier on an adapted backbone: what is trained, and the programs that compute with it. */
export interface TrainableClassifier {
  /** Every trained tensor: the method's, the backbone's weights trained in place, the classifier's. */
  parameters: readonly TrainableParameter[];
  /** Which of them are the classifier's. */
  head: readonly TrainableParameter[];
  /** Whether nothing that is trained changes the features, so that those of each text need to be computed once only. */
  featuresFixed: boolean;
  /** Features of the unchanged backbone: inputs → `features` [batch, d]. */
  backboneFeatures: SignedProgram;
  /** Features of the adapted backbone: inputs → `features` [batch, d]. */
  features: SignedProgram;
  /** Inputs, or `features` [batch, d] if they are fixed → `logits` [batch, outputs]. */
  logits: SignedProgram;
  /** Inputs → `logits` [batch, outputs], the features computed even if they are fixed: what answering a text takes. */
  answers: SignedProgram;
  /** `features` [batch, d] → `logits` [batch, outputs]; absent where logits are not made of features alone. */
  onFeatures?: SignedProgram;
  /** The inputs of `logits`, `labels` as the objective reads them and `weights` [batch] → `loss`, the weighted sum of the texts' losses. */
  loss: SignedProgram;
  /** Start values of the parameters, by name. */
  start(seed: number): Promise<Record<string, Float32Array>>;
}

/**
 * Makes sure that a model's files hold what its features are made by: those of a masked language model may lack it.
 * @throws {Error} if they do
 */
export function requireFeatures({ weights, stored }: Pick<Backbone, "weights" | "stored">): void {
  const missing = Object.keys(weights).find((name) => !Object.hasOwn(stored, name));
  if (missing === undefined) return;
  throw new Error(
    `Cannot put a classifier on the model: its files must hold the pooler that makes its features, they lack ${missing}, as those ` +
      "of a masked language model do; --head language-model answers without it",
  );
}

/** Features of the adapted backbone. */
function computeFeatures(backbone: Backbone, adapted: AdaptedBackbone, args: ProgramArguments): Tensor {
  return backbone.forward(adapted.currentWeights(args), args.inputs, adapted.hooks(args));
}

/** What computes logits. */
export interface Logits {
  /** Logits [batch, outputs]. */
  compute(args: ProgramArguments): Tensor;
  /** What it takes. */
  signature: Signature;
}

/** The logits of the adapted backbone for texts. */
function textLogits(
  backbone: Backbone,
  adapted: AdaptedBackbone,
  parameters: readonly TrainableParameter[],
): Logits {
  const { classify } = headOf(backbone);
  return {
    compute: (args) => classify(computeFeatures(backbone, adapted, args), args.parameters),
    signature: { weights: adapted.weights, parameters: shapesOf(parameters), inputs: backbone.inputs },
  };
}

/** The logits for features that are an input. */
function featureLogits(backbone: Backbone, parameters: readonly TrainableParameter[]): Logits {
  const { classify } = headOf(backbone);
  return {
    compute: (args) => classify(args.inputs.features, args.parameters),
    signature: {
      weights: {},
      parameters: shapesOf(parameters),
      inputs: { features: { shape: ["batch", backbone.featureWidth], dtype: "float32" } },
    },
  };
}

/** Computes `logits`. */
export function logitsProgram({ compute, signature }: Logits): SignedProgram {
  return { program: (args) => ({ logits: compute(args) }), signature };
}

/** The weighted sum of the losses of logits, with the right answers and the texts' weights as further inputs. */
export function lossProgram(
  { compute, signature }: Logits,
  { answers, logLikelihood }: Omit<Objective, "outputs">,
): SignedProgram {
  return {
    program: (args) => {
      const likelihood = logLikelihood(compute(args), args.inputs.labels);
      return { loss: tf.neg(tf.sum(tf.mul(likelihood, args.inputs.weights))) };
    },
    signature: {
      ...signature,
      inputs: {
        ...signature.inputs,
        labels: answers,
        weights: { shape: ["batch"], dtype: "float32" },
      },
    },
  };
}

/** Start values of a classifier's tensor. */
function headStart({ name, shape, deviation }: HeadParameter, seed: number): Float32Array {
  const random = new Random(seed, `start/${name}`);
  return Float32Array.from({ length: sizeOf(shape) }, () => deviation === 0 ? 0 : deviation * random.normal());
}

/**
 * Joins a backbone, a method and a classifier.
 * @param labels names of the task's classes or labels
 * @param headLearningRate AdamW step size of the classifier
 * @param frozen where the adaptation's frozen tensors lie
 * @param objective what the classifier is trained for; left out: one of the classes
 * @throws {Error} if the model's files lack what makes its features
 */
export function trainableClassifier(
  backbone: Backbone,
  adaptation: Adaptation,
  labels: readonly string[],
  headLearningRate: number,
  frozen: Record<string, StoredTensor> = {},
  objective: Objective = objectiveOf("classification", labels.length),
): TrainableClassifier {
  requireFeatures(backbone);
  const headParameters = headOf(backbone).parameters(objective.outputs);
  const head = headParameters.map(({ name, shape }) => ({ name, shape, learningRate: headLearningRate }));
  const adapted = adaptBackbone(backbone, adaptation, frozen);
  const parameters = [...adapted.parameters, ...head];
  const featuresFixed = adapted.parameters.length === 0;
  const ofTexts = textLogits(backbone, adapted, parameters);
  const ofFeatures = featureLogits(backbone, head);
  const [answers, onFeatures] = [ofTexts, ofFeatures].map(logitsProgram);
  return {
    parameters,
    head,
    featuresFixed,
    backboneFeatures: {
      program: ({ weights, inputs }) => ({ features: backbone.forward(weights, inputs, {}) }),
      signature: { weights: backbone.stored, parameters: {}, inputs: backbone.inputs },
    },
    features: {
      program: (args) => ({ features: computeFeatures(backbone, adapted, args) }),
      signature: { weights: adapted.weights, parameters: shapesOf(adapted.parameters), inputs: backbone.inputs },
    },
    logits: featuresFixed ? onFeatures : answers,
    answers,
    onFeatures,
    loss: lossProgram(featuresFixed ? ofFeatures : ofTexts, objective),
    async start(seed) {
      const values = await startValues(backbone, adaptation, { labels }, seed);
      // The last layer of every classifier starts as zeros, and with it the logits: no seed has a luckier start.
      for (const parameter of headParameters) values[parameter.name] = headStart(parameter, seed);
      return values;
    },
  };
}
