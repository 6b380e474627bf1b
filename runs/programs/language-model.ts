/**
 * A backbone and a method as one trainable language model.
 * @module
 */
import type { TrainableParameter } from "../../engine/adamw.ts";
import { type Tensor, type Tensors, tf } from "../../engine/tensor.ts";
import type { ArrayValue, InputSpec, ProgramArguments, Signature, StoredTensor } from "../../engine/types.ts";
import type { Adaptation } from "../../methods/adaptation/compose.ts";
import type { Backbone, KeysAndValues, ReadTokens, WordScores } from "../../models/types.ts";
import { adaptBackbone, type AdaptedBackbone, shapesOf } from "./adapted-backbone.ts";
import type { SignedProgram } from "./classifier.ts";
import { startValues } from "./start-values.ts";

/**
 * The backbone's weights and those of a head that scores tokens, so that methods can train them.
 * @throws {Error} if the files lack the head's weights
 */
export function weightsWithHead(
  { weights, stored }: Pick<Backbone, "weights" | "stored">,
  head: WordScores,
): Backbone["weights"] {
  const lacking = Object.keys(head.weights).filter((name) => !Object.hasOwn(stored, name));
  const missing = lacking.find((name) => !head.mayLack?.includes(name));
  if (missing !== undefined) {
    throw new Error(
      `Cannot use the model as a language model: its files must hold its language model's head, they lack ${missing}`,
    );
  }
  const held = Object.entries(head.weights).filter(([name]) => !lacking.includes(name));
  return { ...weights, ...Object.fromEntries(held) };
}

/**
 * A backbone whose weights include those that score the next token, so that methods can train them.
 * @throws {Error} if it is no language model, or if its files lack these weights
 */
export function asLanguageModel<B extends Backbone>(backbone: B): B & Required<Pick<Backbone, "languageModel">> {
  const { languageModel, hiddenStates } = backbone;
  if (!languageModel || !hiddenStates) {
    throw new Error("Cannot use the model as a language model: it must be a decoder, it is an encoder");
  }
  return { ...backbone, languageModel, weights: weightsWithHead(backbone, languageModel) };
}

/** An adapted language model: what is trained, and the programs that compute with it. */
export interface TrainableLanguageModel {
  /** Every trained tensor: the method's, and the backbone's weights trained in place. */
  parameters: readonly TrainableParameter[];
  /**
   * Inputs → `scores` [batch, tokens of a prompt + length, vocabulary] of the token after each. In an encoder-decoder the
   * inputs, here and for the loss, are also those of its `target`, and the scores [batch, length, vocabulary] are those of
   * the token after each token of the target.
   */
  scores: SignedProgram;
  /**
   * Inputs → `scores` [batch, vocabulary] of the token after each text, and the keys and values of each layer, "keys.0",
   * "values.0" … [batch, tokens of a prompt + length, d_kv].
   */
  read: SignedProgram;
  /**
   * `stepInputs` of the language model, and the keys and values of the tokens read before, "keys.0", "values.0" … [batch,
   * length, d_kv] → the outputs of `read` for one more token of each text.
   */
  step: SignedProgram;
  /**
   * Inputs, and those of `labelInputs` [labels] → `loss`, the weighted sum of the cross-entropies of the tokens
   * `labels`, each predicted from those before it. Other tokens are not scored. The first token of a text does not
   * count unless a prompt stands before it.
   */
  loss: SignedProgram;
  /** The inputs of `loss` → `losses` [batch], what each text adds to it. */
  losses: SignedProgram;
  /** Start values of the parameters, by name. */
  start(seed: number): Promise<Record<string, Float32Array>>;
}

/** A backbone as `asLanguageModel` makes it. */
export type LanguageBackbone = ReturnType<typeof asLanguageModel>;

/** A language model with an adaptation. */
interface Adapted {
  backbone: LanguageBackbone;
  adapted: AdaptedBackbone;
}

/** A signature with the weights and parameters of the adapted model. */
function signatureOf({ adapted: { weights, parameters } }: Adapted, inputs: Signature["inputs"]): Signature {
  return { weights, parameters: shapesOf(parameters), inputs };
}

/** Inputs of whole texts, and of an encoder-decoder's targets. */
function textInputs({ inputs, languageModel: { target } }: LanguageBackbone): Signature["inputs"] {
  return { ...inputs, ...target?.inputs };
}

/** The last hidden state [batch, prompt + length, d]. */
function lastState({ backbone, adapted }: Adapted, args: ProgramArguments): Tensor {
  return backbone.hiddenStates!(adapted.currentWeights(args), args.inputs, adapted.hooks(args)).at(-1)!;
}

function scoresProgram(model: Adapted): SignedProgram {
  const { backbone, adapted } = model;
  return {
    signature: signatureOf(model, textInputs(backbone)),
    program(args) {
      const state = lastState(model, args);
      const [batch, length, width] = state.shape;
      const rows = state.reshape([batch * length!, width!]);
      const scores = backbone.languageModel.scores(adapted.currentWeights(args), rows);
      return { scores: scores.reshape([batch, length!, backbone.vocabularySize]) };
    },
  };
}

/** The outputs of `read` and `step`: scores, and the keys and values of each layer. */
function readOutputs({ backbone, adapted }: Adapted, args: ProgramArguments, { state, layers }: ReadTokens): Tensors {
  return {
    scores: backbone.languageModel.scores(adapted.currentWeights(args), state),
    ...Object.fromEntries(
      layers.flatMap(({ keys, values }, layer) => [[`keys.${layer}`, keys], [`values.${layer}`, values]]),
    ),
  };
}

function readProgram(model: Adapted): SignedProgram {
  const { backbone, adapted } = model;
  return {
    signature: signatureOf(model, backbone.inputs),
    program(args) {
      const tokens = backbone.languageModel.read(adapted.currentWeights(args), args.inputs, adapted.hooks(args));
      return readOutputs(model, args, tokens);
    },
  };
}

function stepProgram(model: Adapted): SignedProgram {
  const { backbone: { languageModel, keyValueWidths }, adapted } = model;
  const pastInputs = keyValueWidths.flatMap((width, layer) =>
    ["keys", "values"].map((kind): [string, InputSpec] => [
      `${kind}.${layer}`,
      { shape: ["batch", "length", width], dtype: "float32" },
    ])
  );
  return {
    signature: signatureOf(model, { ...languageModel.stepInputs, ...Object.fromEntries(pastInputs) }),
    program(args) {
      const past: KeysAndValues[] = keyValueWidths.map((_, layer) => ({
        keys: args.inputs[`keys.${layer}`],
        values: args.inputs[`values.${layer}`],
      }));
      const tokens = languageModel.step(adapted.currentWeights(args), args.inputs, past, adapted.hooks(args));
      return readOutputs(model, args, tokens);
    },
  };
}

/** A token that is learnt, or whose loss is asked for. */
export interface LabelledToken {
  /** Which text of the batch it belongs to. */
  text: number;
  /** Its place in the text, or in an encoder-decoder's target. */
  place: number;
  /** Its id. */
  label: number;
  /** What its loss is multiplied by. */
  weight: number;
}

/** Whole numbers, one for each label. */
const labelSpec = (below?: number): InputSpec => ({ shape: ["labels"], dtype: "int32", below });

/** The inputs of a loss that say what is learnt. */
export function labelInputs(tokens: readonly LabelledToken[]): Record<string, ArrayValue> {
  const shape = [tokens.length];
  const whole = (key: "text" | "place" | "label") => ({ data: Int32Array.from(tokens, (token) => token[key]), shape });
  return {
    texts: whole("text"),
    places: whole("place"),
    labels: whole("label"),
    weights: { data: Float32Array.from(tokens, ({ weight }) => weight), shape },
  };
}

/** @param outputsOf what is given out of the weighted log-likelihoods [labels], and of the text of each, of so many texts */
function lossProgram(
  model: Adapted,
  outputsOf: (likelihoods: Tensor, texts: Tensor, count: number) => Tensors,
): SignedProgram {
  const { backbone: { languageModel, vocabularySize }, adapted } = model;
  return {
    signature: signatureOf(model, {
      ...textInputs(model.backbone),
      texts: labelSpec(),
      places: labelSpec(),
      labels: labelSpec(vocabularySize),
      weights: { shape: ["labels"], dtype: "float32" },
    }),
    program(args) {
      const { ids, texts, places, labels } = args.inputs;
      const state = lastState(model, args);
      const [batch, total, width] = state.shape;
      const whole = (value: number) => tf.scalar(value, "int32");
      // A target's token is predicted at its own place, a text's at the place before it, where a prompt may stand.
      const before = languageModel.target ? places : places.add(whole(total! - ids.shape[1]! - 1));
      const isFirst = before.less(whole(0));
      const rows = texts.mul(whole(total!)).add(before.maximum(whole(0)));
      const states = state.reshape([batch * total!, width!]).gather(rows);
      const weights = adapted.currentWeights(args);
      const likelihood = languageModel.scoreOfEach(weights, states, labels)
        .sub(languageModel.logSumExp(weights, states));
      // Nothing stands before the first token of a text without a prompt, so nothing predicts it.
      const counted = args.inputs.weights.mul(isFirst.logicalNot().toFloat());
      return outputsOf(likelihood.mul(counted), texts, batch);
    },
  };
}

/**
 * Joins a language model and a method.
 * @param backbone made by `asLanguageModel`, as the adaptation's shape is
 * @param frozen where the adaptation's frozen tensors lie
 */
export function trainableLanguageModel(
  backbone: LanguageBackbone,
  adaptation: Adaptation,
  frozen: Record<string, StoredTensor> = {},
): TrainableLanguageModel {
  const model = { backbone, adapted: adaptBackbone(backbone, adaptation, frozen) };
  return {
    parameters: model.adapted.parameters,
    scores: scoresProgram(model),
    read: readProgram(model),
    step: stepProgram(model),
    loss: lossProgram(model, (likelihoods) => ({ loss: likelihoods.sum().neg() })),
    losses: lossProgram(model, (likelihoods, texts, count) => ({
      losses: tf.unsortedSegmentSum(likelihoods, texts.as1D(), count).neg(),
    })),
    start: (seed) => startValues(backbone, adaptation, { labels: [] }, seed),
  };
}
