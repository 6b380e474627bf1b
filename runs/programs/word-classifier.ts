/**
 * A backbone and a method as a classifier by the language model's own head: the logit of a label is the score of its word
 * (Schick and Schütze, 2021, https://arxiv.org/abs/2001.07676, section 3). Nothing is trained but the method.
 * @module
 */
import { type Tensor, tf } from "../../engine/tensor.ts";
import type { ArrayValue, ProgramArguments, StoredTensor } from "../../engine/types.ts";
import type { Adaptation } from "../../methods/adaptation/compose.ts";
import type { Backbone, Encoding } from "../../models/types.ts";
import { adaptBackbone, shapesOf } from "./adapted-backbone.ts";
import { logitsProgram, lossProgram, type SignedProgram, type TrainableClassifier } from "./classifier.ts";
import { asLanguageModel, weightsWithHead } from "./language-model.ts";
import { objectiveOf } from "./objective.ts";
import { startValues } from "./start-values.ts";

/** Token ids of the words of each label: label → words → tokens. A word begins with the space before it, if it has one. */
export type LabelWords = readonly (readonly (readonly number[])[])[];

/** How words are scored. */
export interface WordOptions {
  /** Names of the labels, which methods may start from. */
  labels: readonly string[];
  /** Where the adaptation's frozen tensors lie; absent: it has none. */
  frozen?: Record<string, StoredTensor>;
  /** "length": the score of a word is the mean, instead of the sum, of the log-probabilities of its tokens. */
  normalise?: "length";
  /** What is taken from the score of each word, label → words: its score without a text. Absent: nothing. */
  priors?: readonly (readonly number[])[];
}

/** A classifier by words. Its programs take the inputs that `collate` makes. */
export interface WordClassifier extends TrainableClassifier {
  /** Most tokens of a word that are read after a text: a text may have so many fewer than the model reads. */
  room: number;
  /** Inputs → `scores` [batch, words], the log-probability of each word, label by label. */
  wordScores: SignedProgram;
  /** Encoded texts, up to the answer, as inputs. */
  collate(encoded: readonly Encoding[]): Record<string, ArrayValue>;
}

/** A backbone that scores words, with the weights that it does so by. */
export type WordBackbone =
  & Backbone
  & (
    | Required<Pick<Backbone, "languageModel">>
    | Required<Pick<Backbone, "maskedLanguageModel" | "maskToken">> & { languageModel?: undefined }
  );

/**
 * A backbone whose weights include those that score words, so that methods can train them: a masked or a causal language
 * model, or an encoder-decoder.
 * @throws {Error} if it has no language model's head, or if its files lack that or the tokenizer a mask
 */
export function asWordBackbone(backbone: Backbone): WordBackbone {
  const { maskedLanguageModel, maskToken } = backbone;
  if (backbone.languageModel) return asLanguageModel(backbone);
  if (!maskedLanguageModel) {
    throw new Error("Cannot score words: the model must have a language model's head, it has none");
  }
  if (maskToken === undefined) throw new Error("Cannot score words: the tokenizer must have a mask, it has none");
  const weights = weightsWithHead(backbone, maskedLanguageModel);
  return { ...backbone, languageModel: undefined, maskedLanguageModel, maskToken, weights };
}

/**
 * Joins a language model, a method, and the words that stand for labels.
 * @param backbone made by `asWordBackbone`, as the adaptation's shape is
 * @throws {Error} if a label has no word, or a word no token
 */
export function wordClassifier(
  backbone: WordBackbone,
  adaptation: Adaptation,
  words: LabelWords,
  { labels, frozen = {}, priors }: WordOptions,
): WordClassifier {
  const adapted = adaptBackbone(backbone, adaptation, frozen);
  const { languageModel } = backbone;
  if (!languageModel) throw new Error("Cannot score words: the model must be a decoder, it is an encoder");
  const signature = { weights: adapted.weights, parameters: shapesOf(adapted.parameters), inputs: backbone.inputs };
  const tokens = words.flat().map(([token, ...others]) => {
    if (others.length > 0) throw new Error("Cannot score a word: it must have one token");
    return token;
  });
  const stateOf = (args: ProgramArguments) =>
    languageModel.read(adapted.currentWeights(args), args.inputs, adapted.hooks(args)).state;
  /** Scores [batch, words], up to a constant of each text. */
  const scoresOf = (args: ProgramArguments) =>
    languageModel.scoresOf(adapted.currentWeights(args), stateOf(args), tf.tensor1d(tokens, "int32"));
  const logits = {
    compute: (args: ProgramArguments) => logitsOfLabels(scoresOf(args), words, priors),
    signature,
  };
  const answers = logitsProgram(logits);
  return {
    parameters: adapted.parameters,
    head: [],
    featuresFixed: false,
    room: 0,
    backboneFeatures: {
      program: ({ weights, inputs }) => ({ features: languageModel.read(weights, inputs, {}).state }),
      signature: { weights: backbone.stored, parameters: {}, inputs: backbone.inputs },
    },
    features: { program: (args) => ({ features: stateOf(args) }), signature },
    logits: answers,
    answers,
    wordScores: {
      program(args) {
        const all = languageModel.scores(adapted.currentWeights(args), stateOf(args));
        return { scores: scoresOf(args).sub(tf.logSumExp(all, 1, true)) };
      },
      signature,
    },
    loss: lossProgram(logits, objectiveOf("classification", words.length)),
    start: (seed) => startValues(backbone, adaptation, labels, seed),
    collate: (encoded) => backbone.collate(encoded),
  };
}

/** Scores of words [batch, words] → logits of labels [batch, labels]: of a label with several words, the log of their summed probability. */
function logitsOfLabels(scores: Tensor, words: LabelWords, priors?: WordOptions["priors"]): Tensor {
  const relative = priors ? scores.sub(tf.tensor1d(priors.flat())) : scores;
  if (words.every(({ length }) => length === 1)) return relative;
  const parts = tf.split(relative, words.map(({ length }) => length), 1);
  return tf.concat(parts.map((part) => part.shape[1] === 1 ? part : tf.logSumExp(part, 1, true)), 1);
}
