/**
 * A backbone, a method and a classifier as one trainable program.
 * @module
 */
import { Random } from "../engine/random.ts";
import { readStored } from "../engine/safetensors.ts";
import type { StateParameter } from "../engine/state.ts";
import { type Tensor, tf } from "../engine/tensor.ts";
import type { InputSpec, Program, ProgramArguments, Signature } from "../engine/types.ts";
import type { Method } from "../methods/types.ts";
import { classify, headShapes } from "../models/head.ts";
import { composeHooks } from "../models/hooks.ts";
import type { Backbone } from "../models/types.ts";

/** A method of a composition with its options. */
export interface Part {
  method: Method;
  options: ReturnType<Method["options"]["parse"]>;
}

/** Group of the classifier's parameters. */
export const HEAD_GROUP = "head";

/** A trainable tensor with its start values. */
export interface AdaptedParameter extends StateParameter {
  start(seed: number): Promise<Float32Array>;
}

/** What is trained, and the programs that compute with it. */
export interface Adaptation {
  parameters: readonly AdaptedParameter[];
  /** Names of the backbone's weights that are trained in place. */
  trained: readonly string[];
  /** Whether features do not depend on anything trained, so that each text's features are computed once. */
  featuresFixed: boolean;
  /** Features of the unadapted backbone: inputs → `features` [batch, d]. */
  backboneFeatures: { program: Program; signature: Signature };
  /** Features as adapted: inputs → `features` [batch, d]. */
  features: { program: Program; signature: Signature };
  /** Inputs (or `features` where they are fixed) → `logits` [batch, classes]. */
  logits: { program: Program; signature: Signature };
  /** The same with `labels` and `weights` [batch] → `loss`, the weighted sum of the examples' cross-entropies. */
  loss: { program: Program; signature: Signature };
}

/** Parameters of a part carry its name, so that any methods can be joined. */
function own(part: Part, name: string): string {
  return `${part.method.name}/${name}`;
}

function trainedWeights(backbone: Backbone, parts: readonly Part[]): Map<string, Part> {
  const trained = new Map<string, Part>();
  for (const part of parts) {
    for (const name of part.method.trains(backbone, part.options)) {
      const other = trained.get(name);
      if (other) {
        throw new Error(
          `Cannot join ${other.method.name} and ${part.method.name}: a weight must be trained by one part, ` +
            `both train ${name}`,
        );
      }
      trained.set(name, part);
    }
  }
  return trained;
}

/**
 * Joins a backbone, the parts of a method and a classifier.
 * @param labels names of the task's classes
 * @throws {Error} if two parts train the same weight
 */
export function adapt(backbone: Backbone, parts: readonly Part[], labels: readonly string[]): Adaptation {
  const trained = trainedWeights(backbone, parts);
  const head = headShapes(backbone.featureWidth, labels.length);

  const startContext = async (seed: number, name: string) => {
    const table = await readStored(backbone.stored[backbone.embeddingWeight]);
    const width = backbone.embeddingWidth;
    return {
      random: new Random(seed, `start/${name}`),
      vocabularySize: backbone.vocabularySize,
      encode: (text: string) => backbone.encode(text, backbone.maxLength),
      embeddings: (ids: readonly number[]) => {
        const rows = new Float32Array(ids.length * width);
        ids.forEach((id, row) => rows.set(table.subarray(id * width, (id + 1) * width), row * width));
        return rows;
      },
      labels,
    };
  };
  const parameters: AdaptedParameter[] = [
    ...parts.flatMap((part) =>
      part.method.parameters(backbone, part.options).map((parameter) => {
        const name = own(part, parameter.name);
        const start = async (seed: number) => parameter.start(await startContext(seed, name));
        return { name, shape: parameter.shape, group: part.method.name, start };
      })
    ),
    ...[...trained].map(([name, part]) => ({
      name: `backbone/${name}`,
      shape: backbone.weights[name],
      group: part.method.name,
      start: () => readStored(backbone.stored[name]),
    })),
    ...Object.entries(head).map(([name, shape]) => ({
      name,
      shape,
      group: HEAD_GROUP,
      start: () => Promise.resolve(new Float32Array(shape.reduce((product, size) => product * size, 1))),
    })),
  ];

  const shapes = (of: readonly StateParameter[]) => Object.fromEntries(of.map(({ name, shape }) => [name, shape]));
  const inBackbone = parameters.filter(({ group }) => group !== HEAD_GROUP);
  const featuresFixed = inBackbone.length === 0;
  const frozen = Object.fromEntries(Object.entries(backbone.stored).filter(([name]) => !trained.has(name)));
  const featureInput: Record<string, InputSpec> = {
    features: { shape: ["batch", backbone.featureWidth], dtype: "float32" },
  };

  function computeFeatures({ weights, parameters, inputs, dropout }: ProgramArguments): Tensor {
    const current = { ...weights };
    for (const name of trained.keys()) current[name] = parameters[`backbone/${name}`];
    const hooks = parts.map(({ method, options }) => {
      const names = method.parameters(backbone, options).map(({ name }) => name);
      const values = Object.fromEntries(names.map((name) => [name, parameters[`${method.name}/${name}`]]));
      return method.hooks(values, backbone, options, dropout);
    });
    return backbone.forward(current, inputs, composeHooks(hooks));
  }
  const computeLogits = (args: ProgramArguments) =>
    classify(featuresFixed ? args.inputs.features : computeFeatures(args), args.parameters);
  const logitsSignature: Signature = {
    weights: featuresFixed ? {} : frozen,
    parameters: shapes(parameters),
    inputs: featuresFixed ? featureInput : backbone.inputs,
  };

  return {
    parameters,
    trained: [...trained.keys()],
    featuresFixed,
    backboneFeatures: {
      program: ({ weights, inputs }) => ({ features: backbone.forward(weights, inputs, {}) }),
      signature: { weights: backbone.stored, parameters: {}, inputs: backbone.inputs },
    },
    features: {
      program: (args) => ({ features: computeFeatures(args) }),
      signature: { weights: frozen, parameters: shapes(inBackbone), inputs: backbone.inputs },
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
  };
}
