/**
 * A backbone and a method as one trainable language model.
 * @module
 */
import type { TrainableParameter } from "../../engine/adamw.ts";
import { type Tensor, type Tensors, tf } from "../../engine/tensor.ts";
import type { InputSpec, ProgramArguments, Signature, StoredTensor } from "../../engine/types.ts";
import type { Adaptation } from "../../methods/compose.ts";
import type { Backbone, KeysAndValues, ReadTokens } from "../../models/types.ts";
import { type SignedProgram, startValues } from "./classifier.ts";

/**
 * A backbone whose weights are also those that tell the next token, for a method to train.
 * @throws {Error} if it tells none, or if its files lack these weights
 */
export function asLanguageModel<B extends Backbone>(backbone: B): B & Required<Pick<Backbone, "languageModel">> {
  const { languageModel, hiddenStates, stored } = backbone;
  if (!languageModel || !hiddenStates) {
    throw new Error("Cannot use the model as a language model: it must be a decoder, it is an encoder");
  }
  const missing = Object.keys(languageModel.weights).find((name) => !Object.hasOwn(stored, name));
  if (missing === undefined) {
    return { ...backbone, languageModel, weights: { ...backbone.weights, ...languageModel.weights } };
  }
  if (languageModel.mayLackWeights) return { ...backbone, languageModel };
  throw new Error(`Cannot use the model as a language model: its files must hold ${missing}`);
}

/** What is trained of a language model, and the programs that compute with it. */
export interface TrainableLanguageModel {
  /** Every trained tensor: the method's, and the backbone's weights trained in place. */
  parameters: readonly TrainableParameter[];
  /**
   * Inputs → `scores` [batch, tokens of a prompt + length, vocabulary] of the token after each. Of an encoder-decoder, the
   * inputs here and for the loss are also those of its `target`, and scores [batch, length, vocabulary] those of the token
   * after each of this.
   */
  scores: SignedProgram;
  /**
   * Inputs → `scores` [batch, vocabulary] of the token after each text, and "keys.0", "values.0" [batch, tokens of a prompt +
   * length, d_kv] and so on, each layer's.
   */
  read: SignedProgram;
  /**
   * `stepInputs` of the language model, and "keys.0", "values.0" [batch, length, d_kv] and so on of the tokens read before
   * → the same outputs for one more token of each text.
   */
  step: SignedProgram;
  /**
   * Inputs with `labels` and `weights` [batch, length] → `loss`, the weighted sum of the cross-entropies of the tokens
   * `labels`, each told from those before it. Tokens of weight 0 have no label, nor has the first of a text unless a
   * prompt stands before it, or what a target starts with.
   */
  loss: SignedProgram;
  /** Start values of the parameters, by name. */
  start(seed: number): Promise<Record<string, Float32Array>>;
}

/**
 * Joins a language model and a method.
 * @param backbone made by `asLanguageModel`, as the adaptation's shape is
 * @param frozen where the adaptation's frozen tensors lie
 */
export function trainableLanguageModel(
  backbone: ReturnType<typeof asLanguageModel>,
  adaptation: Adaptation,
  frozen: Record<string, StoredTensor> = {},
): TrainableLanguageModel {
  const { languageModel } = backbone;
  const parameters = [
    ...adaptation.parameters.map(({ name, shape, learningRate }) => ({ name, shape, learningRate })),
    ...adaptation.trains.map(({ name, learningRate }) => ({ name, shape: backbone.weights[name], learningRate })),
  ];
  const trained = adaptation.trains.map(({ name }) => name);
  const signature: Signature = {
    weights: {
      ...Object.fromEntries(Object.entries(backbone.stored).filter(([name]) => !trained.includes(name))),
      ...frozen,
    },
    parameters: Object.fromEntries(parameters.map(({ name, shape }) => [name, shape])),
    inputs: backbone.inputs,
  };
  const { target } = languageModel;
  const whole: Signature = { ...signature, inputs: { ...backbone.inputs, ...target?.inputs } };
  const current = ({ weights, parameters }: ProgramArguments) => ({
    ...weights,
    ...Object.fromEntries(trained.map((name) => [name, parameters[name]])),
  });
  const hooksOf = (args: ProgramArguments) => adaptation.hooks({ ...current(args), ...args.parameters }, args.dropout);
  /** The last hidden state [batch, prompt + length, d]. */
  const states = (args: ProgramArguments): Tensor =>
    backbone.hiddenStates!(current(args), args.inputs, hooksOf(args)).at(-1)!;
  const outputs = (args: ProgramArguments, { state, layers }: ReadTokens): Tensors => ({
    scores: languageModel.scores(current(args), state),
    ...Object.fromEntries(
      layers.flatMap(({ keys, values }, layer) => [[`keys.${layer}`, keys], [`values.${layer}`, values]]),
    ),
  });
  const perToken: InputSpec = { shape: ["batch", "length"], dtype: "float32" };

  return {
    parameters,
    scores: {
      signature: whole,
      program(args) {
        const last = states(args);
        const [batch, total, width] = last.shape;
        const scores = languageModel.scores(current(args), last.reshape([batch * total!, width!]));
        return { scores: scores.reshape([batch, total!, backbone.vocabularySize]) };
      },
    },
    read: {
      signature,
      program: (args) => outputs(args, languageModel.read(current(args), args.inputs, hooksOf(args))),
    },
    step: {
      signature: {
        ...signature,
        inputs: {
          ...languageModel.stepInputs,
          ...Object.fromEntries(
            backbone.keyValueWidths.flatMap((width, layer) =>
              ["keys", "values"].map((
                kind,
              ): [string, InputSpec] => [`${kind}.${layer}`, { shape: ["batch", "length", width], dtype: "float32" }])
            ),
          ),
        },
      },
      program(args) {
        const past: KeysAndValues[] = backbone.keyValueWidths.map((_, layer) => ({
          keys: args.inputs[`keys.${layer}`],
          values: args.inputs[`values.${layer}`],
        }));
        const hooks = hooksOf(args);
        return outputs(args, languageModel.step(current(args), args.inputs, past, hooks));
      },
    },
    loss: {
      signature: {
        ...whole,
        inputs: {
          ...whole.inputs,
          labels: { shape: ["batch", "length"], dtype: "int32", below: backbone.vocabularySize },
          weights: perToken,
        },
      },
      program(args) {
        const last = states(args);
        const [batch, total, width] = last.shape;
        const [, length] = args.inputs.labels.shape;
        const promptLength = total! - length!;
        const first = promptLength === 0 && !target ? 1 : 0;
        const told = length! - first;
        const from = target ? 0 : promptLength - 1 + first;
        const rows = last.slice([0, from, 0], [batch, told, width!]).reshape([-1, width!]);
        const ofTold = (x: Tensor) => x.slice([0, first], [batch, told]).reshape([-1]);
        const logProbabilities = tf.logSoftmax(languageModel.scores(current(args), rows));
        const truth = tf.oneHot(ofTold(args.inputs.labels), backbone.vocabularySize);
        const likelihood = logProbabilities.mul(truth).sum(1);
        return { loss: likelihood.mul(ofTold(args.inputs.weights)).sum().neg() };
      },
    },
    start: (seed) => startValues(backbone, adaptation, [], seed),
  };
}
