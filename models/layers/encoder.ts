/**
 * The encoder of BERT (Devlin et al., 2019, https://arxiv.org/abs/1810.04805) and similar models: layers of attention and a
 * feed-forward network, each with a normalisation after its residual, under any names.
 *
 * Virtual tokens: the n tokens of a prompt stand before the text, take the first n positions and the first segment, and
 * pass through the embeddings' normalisation like words. After a prefix of n keys, the text starts at position n.
 * @module
 */
import type { Design, MaskedLanguageModel } from "../types.ts";
import { headWidth } from "./attention.ts";
import { collateTexts, padded, textInputs } from "./batch.ts";
import { encoderFeatures, encoderStates, encoderTokens } from "./encoder-forward.ts";
import { type EncoderLayout, encoderLayout, type EncoderOptions, lastPart } from "./encoder-layout.ts";
import { activations, biasNames, layerNorm } from "./linear-maps.ts";
import { wordScores } from "./word-scores.ts";

/** @throws {Error} if the sizes do not fit together */
function checkSizes({ sizes, firstPosition, padding }: EncoderOptions): void {
  headWidth(sizes.hidden, sizes.heads);
  if (padding >= sizes.vocabulary) {
    throw new Error(
      `Cannot pad texts: the padding's id must be below the ${sizes.vocabulary} rows of the word embeddings, ` +
        `current value is ${padding}`,
    );
  }
  if (sizes.positions <= firstPosition) {
    throw new Error(
      `Cannot place a text: there must be more than ${firstPosition} positions, current value is ${sizes.positions}`,
    );
  }
}

/** Token ids, the mask and, where there are several segments, the segment of each token. */
function inputsOf({ sizes: { vocabulary, segments }, padding }: EncoderOptions): Pick<Design, "inputs" | "collate"> {
  if (segments < 2) {
    return { inputs: textInputs(vocabulary), collate: (encoded) => collateTexts(encoded, padding) };
  }
  return {
    inputs: {
      ...textInputs(vocabulary),
      types: { shape: ["batch", "length"], dtype: "int32", below: segments },
    },
    collate: (encoded) => ({
      ...collateTexts(encoded, padding),
      types: padded(encoded.map((ids) => ids.types ?? ids.map(() => 0)), 0),
    }),
  };
}

function maskedLanguageModel(layout: EncoderLayout): MaskedLanguageModel {
  const { sizes: { vocabulary, hidden }, epsilon, masked } = layout.options;
  const { dense, norm, activation, decoder, bias, tied } = masked;
  const rows = `${decoder}.weight`;
  const rowBias = tied ? bias : `${decoder}.bias`;
  const { words } = layout.embeddings;
  return {
    weights: {
      [`${dense}.weight`]: [hidden, hidden],
      [`${dense}.bias`]: [hidden],
      [`${norm}.weight`]: [hidden],
      [`${norm}.bias`]: [hidden],
      [rows]: [vocabulary, hidden],
      [rowBias]: [vocabulary],
    },
    ...tied && { mayLack: [rows], tied: { [rows]: words } },
    ...wordScores((weights) => weights[rows] ?? weights[words], {
      transform(weights, states) {
        const mapped = states.matMul(weights[`${dense}.weight`], false, true).add(weights[`${dense}.bias`]);
        return layerNorm(activations[activation](mapped), weights, norm, epsilon);
      },
      bias: (weights) => weights[rowBias],
    }),
    read: (weights, inputs, places, hooks) => encoderTokens(layout, weights, inputs, places, hooks),
  };
}

/**
 * The encoder that is described. Its features are those of the first token of a text.
 * @throws {Error} if its sizes do not fit together
 */
export function encoder(options: EncoderOptions): Design {
  checkSizes(options);
  const { sizes: { vocabulary, positions, hidden, layers, heads }, names: { prefix, attention, feedForward } } =
    options;
  const layout = encoderLayout(options);
  const usable = positions - options.firstPosition;
  return {
    prefix,
    weights: layout.weights,
    biases: biasNames(layout.weights),
    linears: [...layout.sites.values()],
    loraTargets: [attention.query, attention.value].map(lastPart),
    ia3Targets: {
      outputs: [attention.key, attention.value].map(lastPart),
      // PEFT matches names by their ends: BERT's "output.dense" also matches "attention.output.dense".
      inputs: [attention.output, feedForward.outer].filter((name) => `.${name}`.endsWith(`.${feedForward.outer}`)),
    },
    sublayerOutputs: { attention: attention.output, feedForward: feedForward.outer },
    norms: layout.norms,
    keyValueWidths: Array(layers).fill(hidden),
    attentionHeads: heads,
    embeddingWidth: hidden,
    featureWidth: hidden,
    maxLength: usable,
    positions: usable,
    ...options.withoutCache && { withoutCache: true },
    vocabularySize: vocabulary,
    embeddingWeight: layout.embeddings.words,
    ...inputsOf(options),
    forward: (weights, inputs, hooks) => encoderFeatures(layout, weights, inputs, hooks),
    hiddenStates: (weights, inputs, hooks) => encoderStates(layout, weights, inputs, hooks),
    head: options.head,
    maskedLanguageModel: maskedLanguageModel(layout),
  };
}
