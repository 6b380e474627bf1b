/**
 * A decoder and a method as what chooses: the logit of a choice is the sum of the log-probabilities of its tokens behind the text
 * (Brown et al., 2020, https://arxiv.org/abs/2005.14165, section 2.4). Nothing is trained but the method.
 * @module
 */
import { type Tensor, type Tensors, tf } from "../../engine/tensor.ts";
import type { ArrayValue, InputSpec, ProgramArguments, StoredTensor } from "../../engine/types.ts";
import type { Adaptation } from "../../methods/adaptation/compose.ts";
import { leadsTo } from "../../models/token-tree.ts";
import type { Hooks } from "../../models/types.ts";
import { adaptBackbone, shapesOf } from "./adapted-backbone.ts";
import type { ChoiceEncoding } from "./choice-tree.ts";
import { logitsProgram, lossProgram, type TrainableClassifier } from "./classifier.ts";
import type { LanguageBackbone } from "./language-model.ts";
import { choiceOfTree } from "./objective.ts";
import { startValues, type StartWords } from "./start-values.ts";

/** How choices are scored, and what methods may start from. */
export interface ChoiceOptions extends StartWords {
  /** Where the adaptation's frozen tensors lie; absent: it has none. */
  frozen?: Record<string, StoredTensor>;
  /** "length": the score of a choice is the mean, instead of the sum, of the log-probabilities of its tokens. */
  normalise?: "length";
}

const perToken = (dtype: InputSpec["dtype"]): InputSpec => ({ shape: ["batch", "length"], dtype });

/** What programs take of trees besides ids and mask, as {@linkcode collateTrees} makes it. */
const treeInputs: Record<"until" | "position" | "parent" | "answer", InputSpec> = {
  until: perToken("float32"),
  position: perToken("float32"),
  parent: perToken("int32"),
  answer: perToken("float32"),
};

/** Trees as inputs. Nothing but the text leads to padding. */
export function collateTrees(
  { collate }: Pick<LanguageBackbone, "collate">,
  encoded: readonly ChoiceEncoding[],
): Record<string, ArrayValue> {
  const texts = collate(encoded);
  const { shape } = texts.ids;
  const length = shape[1];
  const fill = <A extends Float32Array | Int32Array>(
    data: A,
    valuesOf: (tree: ChoiceEncoding) => readonly number[],
  ) => {
    for (const [row, tree] of encoded.entries()) data.set(valuesOf(tree), row * length);
    return { data, shape };
  };
  const size = shape[0] * length;
  return {
    ...texts,
    until: fill(
      new Float32Array(size),
      ({ until, textLength }) => until.map((at, place) => place < textLength ? length : at),
    ),
    position: fill(new Float32Array(size), ({ positions }) => positions),
    parent: fill(new Int32Array(size), ({ parents }) => parents),
    answer: fill(new Float32Array(size), (tree) => tree.map((_, place) => Number(place >= tree.textLength))),
  };
}

/**
 * Joins a decoder and a method. Logits are [batch, length]: at the last token of each choice stands the score of the choice.
 * @param backbone made by `asLanguageModel`, as the adaptation's shape is
 * @throws {Error} if it is no decoder
 */
export function choiceClassifier(
  backbone: LanguageBackbone,
  adaptation: Adaptation,
  { frozen = {}, normalise, ...startWords }: ChoiceOptions,
): TrainableClassifier {
  const { languageModel: { readTree, scoreOfEach, logSumExp } } = backbone;
  if (!readTree) throw new Error("Cannot score choices: the model must be a decoder, it is none");
  const adapted = adaptBackbone(backbone, adaptation, frozen);
  const inputs = { ...backbone.inputs, ...treeInputs };
  const signature = { weights: adapted.weights, parameters: shapesOf(adapted.parameters), inputs };
  /** [batch · length, d]. */
  const statesOf = (weights: Tensors, inputs: Tensors, hooks: Hooks) => {
    const states = readTree(weights, inputs, hooks);
    return states.reshape([-1, states.shape[2]!]);
  };
  const adaptedStates = (args: ProgramArguments) =>
    statesOf(adapted.currentWeights(args), args.inputs, adapted.hooks(args));
  const scores = (args: ProgramArguments): Tensor => {
    const { ids, until, parent, answer } = args.inputs;
    const [batch, length] = ids.shape;
    const weights = adapted.currentWeights(args);
    const rows = parent.add(tf.range(0, batch * length!, length, "int32").reshape([batch, 1])).reshape([-1]);
    const before = tf.gather(adaptedStates(args), rows);
    const ofTokens = scoreOfEach(weights, before, ids.reshape([-1])).sub(logSumExp(weights, before));
    // Sums over the tokens on the way to each, those of the text left out.
    const counted = leadsTo(until).mul(answer.expandDims(1));
    const sums = counted.matMul(ofTokens.reshape([batch, length!, 1])).squeeze([2]);
    return normalise ? sums.div(counted.sum(2).maximum(1)) : sums;
  };
  const logits = { compute: scores, signature };
  const answers = logitsProgram(logits);
  return {
    parameters: adapted.parameters,
    head: [],
    featuresFixed: false,
    backboneFeatures: {
      program: ({ weights, inputs }) => ({ features: statesOf(weights, inputs, {}) }),
      signature: { weights: backbone.stored, parameters: {}, inputs },
    },
    features: { program: (args) => ({ features: adaptedStates(args) }), signature },
    logits: answers,
    answers,
    loss: lossProgram(logits, choiceOfTree),
    start: (seed) => startValues(backbone, adaptation, startWords, seed),
  };
}
