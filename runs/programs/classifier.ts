/**
 * A backbone, a method and a classifier as one trainable program.
 * @module
 */
import { sizeOf } from "../../base/shapes.ts";
import { Random } from "../../base/random.ts";
import { readStored } from "../../engine/safetensors.ts";
import type { TrainableParameter } from "../../engine/adamw.ts";
import { type Tensor, tf } from "../../engine/tensor.ts";
import type { InputSpec, Program, ProgramArguments, Signature, StoredTensor } from "../../engine/types.ts";
import type { Adaptation } from "../../methods/compose.ts";
import type { MethodParameter } from "../../methods/types.ts";
import { plainHead } from "../../models/layers/head.ts";
import type { Backbone } from "../../models/types.ts";

/** A program with what it takes. */
export interface SignedProgram {
  /** The computation. */
  program: Program;
  /** Its weights, parameters and inputs. */
  signature: Signature;
}

/** What is trained, and the programs that compute with it. */
export interface TrainableClassifier {
  /** Every trained tensor: the method's, the backbone's weights trained in place, the classifier's. */
  parameters: readonly TrainableParameter[];
  /** Which of them are the classifier's. */
  head: readonly TrainableParameter[];
  /** Whether features do not depend on anything trained, so that each text's features are computed once. */
  featuresFixed: boolean;
  /** Features of the backbone as it is: inputs → `features` [batch, d]. */
  backboneFeatures: SignedProgram;
  /** Features as adapted: inputs → `features` [batch, d]. */
  features: SignedProgram;
  /** Inputs (`features` where they are fixed) → `logits` [batch, classes]. */
  logits: SignedProgram;
  /** The same with `labels` and `weights` [batch] → `loss`, the weighted sum of the examples' cross-entropies. */
  loss: SignedProgram;
  /** Start values of the parameters, by name. */
  start(seed: number): Promise<Record<string, Float32Array>>;
}

/**
 * Joins a backbone, a method and a classifier.
 * @param labels names of the task's classes
 * @param headLearningRate AdamW step size of the classifier
 * @param frozen where the adaptation's frozen tensors lie
 */
export function trainableClassifier(
  backbone: Backbone,
  adaptation: Adaptation,
  labels: readonly string[],
  headLearningRate: number,
  frozen: Record<string, StoredTensor> = {},
): TrainableClassifier {
  const { classify, parameters: headParameters } = backbone.head ?? plainHead(backbone.featureWidth);
  const headStarts = headParameters(labels.length);
  const head = headStarts.map(({ name, shape }) => ({ name, shape, learningRate: headLearningRate }));
  const adapted: TrainableParameter[] = [
    ...adaptation.parameters.map(({ name, shape, learningRate }) => ({ name, shape, learningRate })),
    ...adaptation.trains.map(({ name, learningRate }) => ({ name, shape: backbone.weights[name], learningRate })),
  ];
  const parameters = [...adapted, ...head];
  const featuresFixed = adapted.length === 0;
  const trained = new Set(adaptation.trains.map(({ name }) => name));
  const weights = {
    ...Object.fromEntries(Object.entries(backbone.stored).filter(([name]) => !trained.has(name))),
    ...frozen,
  };
  const shapes = (of: readonly TrainableParameter[]) => Object.fromEntries(of.map(({ name, shape }) => [name, shape]));
  const featureInput: Record<string, InputSpec> = {
    features: { shape: ["batch", backbone.featureWidth], dtype: "float32" },
  };

  function computeFeatures({ weights, parameters, inputs, dropout }: ProgramArguments): Tensor {
    const current = { ...weights, ...Object.fromEntries([...trained].map((name) => [name, parameters[name]])) };
    return backbone.forward(current, inputs, adaptation.hooks({ ...current, ...parameters }, dropout));
  }
  const computeLogits = (args: ProgramArguments) =>
    classify(featuresFixed ? args.inputs.features : computeFeatures(args), args.parameters);
  const logitsSignature: Signature = {
    weights: featuresFixed ? {} : weights,
    parameters: shapes(parameters),
    inputs: featuresFixed ? featureInput : backbone.inputs,
  };

  return {
    parameters,
    head,
    featuresFixed,
    backboneFeatures: {
      program: ({ weights, inputs }) => ({ features: backbone.forward(weights, inputs, {}) }),
      signature: { weights: backbone.stored, parameters: {}, inputs: backbone.inputs },
    },
    features: {
      program: (args) => ({ features: computeFeatures(args) }),
      signature: { weights, parameters: shapes(adapted), inputs: backbone.inputs },
    },
    logits: { program: (args) => ({ logits: computeLogits(args) }), signature: logitsSignature },
    loss: {
      program: (args) => {
        const logProbabilities = tf.logSoftmax(computeLogits(args));
        const truth = tf.oneHot(args.inputs.labels, labels.length);
        const likelihood = tf.sum(tf.mul(logProbabilities, truth), 1);
        return { loss: tf.neg(tf.sum(tf.mul(likelihood, args.inputs.weights))) };
      },
      signature: {
        ...logitsSignature,
        inputs: {
          ...logitsSignature.inputs,
          labels: { shape: ["batch"], dtype: "int32", below: labels.length },
          weights: { shape: ["batch"], dtype: "float32" },
        },
      },
    },
    async start(seed) {
      const values = await startValues(backbone, adaptation, labels, seed);
      // The logits start as zeros: every class is equally likely, and no seed has a luckier start.
      for (const { name, shape, deviation } of headStarts) {
        const random = new Random(seed, `start/${name}`);
        const length = sizeOf(shape);
        values[name] = Float32Array.from({ length }, () => deviation === 0 ? 0 : deviation * random.normal());
      }
      return values;
    },
  };
}

/** Start values of what a method trains, the classifier excluded, by name. */
export async function startValues(
  backbone: Backbone,
  adaptation: Adaptation,
  labels: readonly string[],
  seed: number,
): Promise<Record<string, Float32Array>> {
  const values: Record<string, Float32Array> = {};
  for (const parameter of adaptation.parameters) {
    values[parameter.name] = await startValue(parameter, backbone, labels, seed);
  }
  for (const { name } of adaptation.trains) values[name] = await readStored(backbone.stored[name]);
  return values;
}

/** Start values of a method's parameter; only the rows that it asks for are read of the embedding. */
async function startValue(
  { name, start }: MethodParameter,
  backbone: Backbone,
  labels: readonly string[],
  seed: number,
): Promise<Float32Array> {
  const { embeddingWidth: width, vocabularySize } = backbone;
  const table = backbone.stored[backbone.embeddingWeight];
  return await start({
    random: new Random(seed, `start/${name}`),
    vocabularySize,
    encode: (text) => backbone.tokenize?.(text) ?? backbone.encode(text, backbone.maxLength),
    async embeddings(ids) {
      const rows = new Float32Array(ids.length * width);
      for (const [row, id] of ids.entries()) {
        rows.set(await readStored({ ...table, offset: table.offset + 4 * id * width, shape: [width] }), row * width);
      }
      return rows;
    },
    weight: (name) => readStored(backbone.stored[name]),
    labels,
  });
}
