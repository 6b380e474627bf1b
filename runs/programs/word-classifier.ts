/**
 * A backbone and a method as a classifier by the language model's own head: the logit of a label is the score of its word
 * (Schick and Schütze, 2021, https://arxiv.org/abs/2001.07676, section 3). Nothing is trained but the method.
 * @module
 */
import { type Tensor, type Tensors, tf } from "../../engine/tensor.ts";
import type { ArrayValue, InputSpec, ProgramArguments, Signature, StoredTensor } from "../../engine/types.ts";
import type { Adaptation } from "../../methods/adaptation/compose.ts";
import type { Backbone, BranchToken, Encoding, Hooks, WordScores } from "../../models/types.ts";
import { wordShape } from "../../models/word-shape.ts";
import { adaptBackbone, type AdaptedBackbone, shapesOf } from "./adapted-backbone.ts";
import { logitsProgram, lossProgram, type SignedProgram, type TrainableClassifier } from "./classifier.ts";
import { asLanguageModel, weightsWithHead } from "./language-model.ts";
import { objectiveOf } from "./objective.ts";
import { startValues, type StartWords } from "./start-values.ts";

/** Token ids of the words of each label: label → words → tokens. A word begins with the space before it, if it has one. */
export type LabelWords = readonly (readonly (readonly number[])[])[];

/** How words are scored, and what methods may start from. */
export interface WordOptions extends StartWords {
  /** Where the adaptation's frozen tensors lie; absent: it has none. */
  frozen?: Record<string, StoredTensor>;
  /** "length": the score of a word is the mean, instead of the sum, of the log-probabilities of its tokens. */
  normalise?: "length";
  /** What is taken from the score of each word, label → words: its score without a text. Absent: nothing. */
  priors?: readonly (readonly number[])[];
}

/** A classifier by words. Its programs take the inputs that `collate` makes. */
export interface WordClassifier extends TrainableClassifier {
  /**
   * Inputs → `scores` [batch, words], label by label: the sum of the log-probabilities of a word's tokens, or their mean;
   * nothing is taken from it.
   */
  wordScores: SignedProgram;
  /** Tokens that are computed for each text besides its own: words of several tokens branch off it. */
  branches: number;
  /** As {@linkcode roomOf} has it. */
  room: number;
  /** Encoded texts, up to the answer or with a mask at `answer`, as inputs. */
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
  return { ...wordShape({ ...backbone, weights }), languageModel: undefined, maskedLanguageModel, maskToken };
}

/** Words as a tree: each state that scores a token of a word is that of a text, or of a token that branches off it. */
interface WordTree {
  /** The tokens of words but each one's last, those that words share once. */
  branches: BranchToken[];
  /** For each word, the states that score its tokens: 0 for the text's, else 1 + the index of a branch token. */
  states: number[][];
}

/** @throws {Error} if a label has no word, or a word no token */
function wordTree(words: LabelWords): WordTree {
  const branches: BranchToken[] = [];
  const indices = new Map<string, number>();
  const statesOf = (word: readonly number[]) => {
    const states = [0];
    for (let end = 1; end < word.length; end++) {
      const path = word.slice(0, end).join(" ");
      const parent = states[end - 1] - 1;
      if (!indices.has(path)) indices.set(path, branches.push({ token: word[end - 1], parent }) - 1);
      states.push(1 + indices.get(path)!);
    }
    return states;
  };
  if (words.some((ofLabel) => ofLabel.length === 0 || ofLabel.some(({ length }) => length === 0))) {
    throw new Error("Cannot score words: each label must have a word, and each word a token, one has none");
  }
  return { states: words.flat().map(statesOf), branches };
}

/** Most tokens of words that follow a text one after the other: a text may have so many tokens fewer than the model reads. */
export function roomOf(words: LabelWords): number {
  return Math.max(...words.flat().map(({ length }) => length)) - 1;
}

/** What reads texts: the last states [batch, 1 + branches, d] of the texts' answers and of the branches. */
interface Reader extends Pick<WordClassifier, "collate"> {
  head: WordScores;
  inputs: Signature["inputs"];
  read(weights: Tensors, inputs: Tensors, branches: readonly BranchToken[], hooks: Hooks): Tensor;
}

/** @throws {Error} if a masked language model is given words of several tokens */
function readerOf(backbone: WordBackbone, words: LabelWords): Reader {
  const { languageModel: decoder, inputs, collate } = backbone;
  if (decoder) return { head: decoder, inputs, collate, read: decoder.readBranches };
  const longest = Math.max(...words.flat().map(({ length }) => length));
  if (longest > 1) {
    throw new Error(
      `Cannot score words: a masked language model scores words of one token, one has ${longest}`,
    );
  }
  const { maskedLanguageModel } = backbone;
  const answer: InputSpec = { shape: ["batch", "length"], dtype: "float32" };
  return {
    head: maskedLanguageModel,
    inputs: { ...inputs, answer },
    collate(encoded) {
      const collated = collate(encoded);
      const { shape } = collated.ids;
      const data = new Float32Array(shape[0] * shape[1]);
      encoded.forEach(({ answer }, row) => {
        if (answer === undefined) throw new Error("Cannot score words: each text must have a mask, one has none");
        data[row * shape[1] + answer] = 1;
      });
      return { ...collated, answer: { data, shape } };
    },
    read: (weights, inputs, _, hooks) => maskedLanguageModel.read(weights, inputs, inputs.answer, hooks).expandDims(1),
  };
}

/** Computes the scores of words. */
class WordScorer {
  readonly reader: Reader;
  readonly tree: WordTree;
  private readonly words: readonly (readonly number[])[];

  constructor(
    backbone: WordBackbone,
    private readonly adapted: AdaptedBackbone,
    labelWords: LabelWords,
    private readonly normalise: WordOptions["normalise"],
  ) {
    this.tree = wordTree(labelWords);
    this.words = labelWords.flat();
    this.reader = readerOf(backbone, labelWords);
  }

  /** The last states [batch, 1 + branches, d]. */
  states(args: ProgramArguments): Tensor {
    return this.reader.read(
      this.adapted.currentWeights(args),
      args.inputs,
      this.tree.branches,
      this.adapted.hooks(args),
    );
  }

  /** What the log-probability of a token counts in the score of its word. */
  private share({ length }: readonly number[]): number {
    return this.normalise === "length" ? 1 / length : 1;
  }

  /**
   * Scores [batch, words].
   * @param exact whether they are log-probabilities; if not, a number that is the same for all words of a text may be missing
   */
  scores(args: ProgramArguments, exact: boolean): Tensor {
    const { words, tree } = this;
    const states = this.states(args);
    const [batch, count, width] = states.shape;
    const tokens = [...new Set(words.flat())];
    const rows = states.reshape([batch * count!, width!]);
    const weights = this.adapted.currentWeights(args);
    const logits = this.reader.head.scoresOf(weights, rows, tf.tensor1d(tokens, "int32"));
    // Of the logits of all tokens by all states, those that words are made of, one word after the other.
    const chosen = words.flatMap((word, at) =>
      word.map((token, place) => tree.states[at][place] * tokens.length + tokens.indexOf(token))
    );
    const ofTokens = tf.gather(logits.reshape([batch, count! * tokens.length]), tf.tensor1d(chosen, "int32"), 1);
    const owners = words.flatMap((word, at) => word.map(() => at));
    const summed = ofTokens.matMul(
      tf.tensor2d(owners.map((owner) => words.map((word, at) => at === owner ? this.share(word) : 0))),
    );
    // All words begin behind the text: its sum over the vocabulary changes no comparison of words, unless words count unequally.
    const shares = words.map((word) => this.share(word));
    const first = exact || shares.some((share) => share !== shares[0]) ? 0 : 1;
    if (first === count) return summed;
    const read = states.slice([0, first, 0], [batch, count! - first, width!]);
    const normalisers = this.reader.head.logSumExp(weights, read.reshape([batch * (count! - first), width!]));
    const uses = Array.from(
      { length: count! - first },
      (_, at) => words.map((word, index) => tree.states[index].includes(first + at) ? this.share(word) : 0),
    );
    return summed.sub(normalisers.reshape([batch, count! - first]).matMul(tf.tensor2d(uses)));
  }
}

/** Scores of words [batch, words] → logits of labels [batch, labels]: of several words of a label, the log of their summed probability. */
function logitsOfLabels(scores: Tensor, words: LabelWords, priors: WordOptions["priors"]): Tensor {
  const relative = priors ? scores.sub(tf.tensor1d(priors.flat())) : scores;
  if (words.every(({ length }) => length === 1)) return relative;
  const parts = tf.split(relative, words.map(({ length }) => length), 1);
  return tf.concat(parts.map((part) => part.shape[1] === 1 ? part : tf.logSumExp(part, 1, true)), 1);
}

/**
 * Joins a language model, a method, and the words that stand for labels.
 * @param backbone made by `asWordBackbone`, as the adaptation's shape is
 * @throws {Error} if a label has no word, or a word no token, or, for a masked language model, several
 */
export function wordClassifier(
  backbone: WordBackbone,
  adaptation: Adaptation,
  words: LabelWords,
  { frozen = {}, normalise, priors, ...startWords }: WordOptions,
): WordClassifier {
  const adapted = adaptBackbone(backbone, adaptation, frozen);
  const scorer = new WordScorer(backbone, adapted, words, normalise);
  const { reader: { inputs, collate, read }, tree } = scorer;
  const signature = { weights: adapted.weights, parameters: shapesOf(adapted.parameters), inputs };
  const logits = {
    compute: (args: ProgramArguments) => logitsOfLabels(scorer.scores(args, false), words, priors),
    signature,
  };
  const answers = logitsProgram(logits);
  const ofText = (states: Tensor) => ({ features: states.slice([0, 0, 0], [-1, 1, -1]).squeeze([1]) });
  return {
    parameters: adapted.parameters,
    head: [],
    featuresFixed: false,
    backboneFeatures: {
      program: ({ weights, inputs }) => ofText(read(weights, inputs, [], {})),
      signature: { weights: backbone.stored, parameters: {}, inputs },
    },
    features: { program: (args) => ofText(scorer.states(args)), signature },
    logits: answers,
    answers,
    loss: lossProgram(logits, objectiveOf("classification", words.length)),
    start: (seed) => startValues(backbone, adaptation, startWords, seed),
    wordScores: { program: (args) => ({ scores: scorer.scores(args, true) }), signature },
    branches: tree.branches.length,
    room: roomOf(words),
    collate,
  };
}
