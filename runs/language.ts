/**
 * A backbone and a method as one trainable language model.
 * @module
 */
import type { StateParameter } from "../engine/state.ts";
import { type Tensor, tf } from "../engine/tensor.ts";
import type { ArrayValue, Device, InputSpec, ProgramArguments, Signature } from "../engine/types.ts";
import type { Adaptation } from "../methods/compose.ts";
import type { Backbone } from "../models/types.ts";
import { type SignedProgram, startValues } from "./trainable.ts";

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
  if (missing) throw new Error(`Cannot use the model as a language model: its files must hold ${missing}`);
  return { ...backbone, languageModel, weights: { ...backbone.weights, ...languageModel.weights } };
}

/** What is trained of a language model, and the programs that compute with it. */
export interface LanguageTrainable {
  /** Every trained tensor: the method's, and the backbone's weights trained in place. */
  parameters: readonly StateParameter[];
  /** Inputs → `scores` [batch, tokens of a prompt + length, vocabulary] of the token after each. */
  scores: SignedProgram;
  /** Inputs → `token` [batch], the most likely one after each text. */
  next: SignedProgram;
  /**
   * Inputs with `labels` and `weights` [batch, length] → `loss`, the weighted sum of the cross-entropies of the tokens
   * `labels`, each told from those before it. Tokens of weight 0 have no label, nor has the first of a text unless a
   * prompt stands before it.
   */
  loss: SignedProgram;
  /** Start values of the parameters, by name. */
  start(seed: number): Promise<Record<string, Float32Array>>;
}

/**
 * Joins a language model and a method.
 * @param backbone made by `asLanguageModel`, as the adaptation's shape is
 */
export function languageTrainable(
  backbone: ReturnType<typeof asLanguageModel>,
  adaptation: Adaptation,
): LanguageTrainable {
  const { languageModel } = backbone;
  const parameters = [
    ...adaptation.parameters.map(({ name, shape, learningRate }) => ({ name, shape, learningRate })),
    ...adaptation.trains.map(({ name, learningRate }) => ({ name, shape: backbone.weights[name], learningRate })),
  ];
  const trained = adaptation.trains.map(({ name }) => name);
  const signature: Signature = {
    weights: Object.fromEntries(Object.entries(backbone.stored).filter(([name]) => !trained.includes(name))),
    parameters: Object.fromEntries(parameters.map(({ name, shape }) => [name, shape])),
    inputs: backbone.inputs,
  };
  const current = ({ weights, parameters }: ProgramArguments) => ({
    ...weights,
    ...Object.fromEntries(trained.map((name) => [name, parameters[name]])),
  });
  /** The last hidden state [batch, prompt + length, d]. */
  const states = (args: ProgramArguments): Tensor =>
    backbone.hiddenStates!(current(args), args.inputs, adaptation.hooks(args.parameters, args.dropout)).at(-1)!;
  const perToken: InputSpec = { shape: ["batch", "length"], dtype: "float32" };

  return {
    parameters,
    scores: {
      signature,
      program(args) {
        const last = states(args);
        const [batch, total, width] = last.shape;
        const scores = languageModel.scores(current(args), last.reshape([batch * total!, width!]));
        return { scores: scores.reshape([batch, total!, backbone.vocabularySize]) };
      },
    },
    next: {
      signature,
      program(args) {
        // The features of a decoder are the last hidden state of a text's last token.
        const hooks = adaptation.hooks(args.parameters, args.dropout);
        const last = backbone.forward(current(args), args.inputs, { ...hooks, reading: undefined });
        return { token: languageModel.scores(current(args), last).argMax(1).cast("float32") };
      },
    },
    loss: {
      signature: {
        ...signature,
        inputs: {
          ...backbone.inputs,
          labels: { shape: ["batch", "length"], dtype: "int32", below: backbone.vocabularySize },
          weights: perToken,
        },
      },
      program(args) {
        const last = states(args);
        const [batch, total, width] = last.shape;
        const [, length] = args.inputs.labels.shape;
        const promptLength = total! - length!;
        const first = promptLength === 0 ? 1 : 0;
        const told = length! - first;
        const rows = last.slice([0, promptLength - 1 + first, 0], [batch, told, width!]).reshape([-1, width!]);
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

/**
 * Texts with the most likely tokens after them, one at a time; each token takes a pass over the whole text.
 * @param next of `LanguageTrainable`
 * @param parameters values of what is trained
 * @param tokens how many are added
 */
export async function generateGreedily(
  device: Device,
  { program, signature }: SignedProgram,
  parameters: Record<string, Float32Array>,
  collate: Backbone["collate"],
  texts: readonly (readonly number[])[],
  tokens: number,
  threads: number,
): Promise<number[][]> {
  const executable = await device.compile(program, signature, { threads });
  const grown = texts.map((ids) => [...ids]);
  try {
    for (let at = 0; at < tokens; at++) {
      const inputs: Record<string, ArrayValue> = collate(grown);
      const { token } = await executable.run({ parameters, inputs });
      grown.forEach((ids, row) => ids.push(token[row]));
    }
  } finally {
    await executable.release();
  }
  return grown;
}
