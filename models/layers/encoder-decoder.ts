/**
 * Encoder-decoders as T5 (Raffel et al., 2020, https://arxiv.org/abs/1910.10683) has them, under its names: layers without
 * biases, with an RMS normalisation before each part, and with relative positions in each stack's self-attention. The
 * encoder reads a text; the decoder generates another and attends to the encoder's output.
 *
 * Virtual tokens: the n tokens of a prompt stand before the encoder's text; the n keys of a prefix stand before the
 * generated tokens, in the decoder's self-attention. During generation, a layer's keys and values of the encoder's output
 * and of the generated tokens are kept as one tensor; each attention masks the other's.
 * @module
 */
import type { Design, LanguageModel } from "../types.ts";
import { collateTexts, textInputs } from "./batch.ts";
import { readAndStart, readBoth, readBranches, readNextTokens } from "./encoder-decoder-forward.ts";
import {
  type EncoderDecoderLayout,
  encoderDecoderLayout,
  type EncoderDecoderOptions,
  SCORES,
  STACK_WORDS,
  WORDS,
} from "./encoder-decoder-layout.ts";
import { wordScores } from "./word-scores.ts";

function languageModel(layout: EncoderDecoderLayout): LanguageModel {
  const { sizes: { vocabulary, hidden }, scaledScores, start, end } = layout.options;
  return {
    weights: { [SCORES]: [vocabulary, hidden] },
    mayLack: [SCORES],
    // As in transformers, whatever the config says.
    tied: Object.fromEntries([SCORES, ...STACK_WORDS].map((name) => [name, WORDS])),
    end,
    target: { start, inputs: { target: { shape: ["batch", "length"], dtype: "int32", below: vocabulary } } },
    ...wordScores((weights) => weights[SCORES] ?? weights[WORDS], {
      transform: (_, states) => scaledScores ? states.mul(hidden ** -0.5) : states,
    }),
    read: (weights, inputs, hooks) => readAndStart(layout, weights, inputs, hooks),
    readBranches: (weights, inputs, branches, hooks) => readBranches(layout, weights, inputs, branches, hooks),
    stepInputs: {
      token: { shape: ["batch"], dtype: "int32", below: vocabulary },
      position: { shape: ["batch"], dtype: "int32" },
      mask: { shape: ["batch", "length"], dtype: "float32" },
      places: { shape: ["batch", "length"], dtype: "float32" },
    },
    step: (weights, inputs, past, hooks) => readNextTokens(layout, weights, inputs, past, hooks),
  };
}

/** The encoder-decoder that is described. It has no features for a classifier. */
export function encoderDecoder(options: EncoderDecoderOptions): Design {
  const { vocabulary, hidden, layers, heads, head, length } = options.sizes;
  const layout = encoderDecoderLayout(options);
  return {
    prefix: "",
    weights: layout.weights,
    biases: [],
    linears: [...layout.sites.values()],
    loraTargets: ["q", "v"],
    ia3Targets: { outputs: ["k", "v"], inputs: ["wo"] },
    sublayerOutputs: { attention: "o", feedForward: "wo" },
    norms: layout.norms,
    keyValueWidths: Array(layers.decoder).fill(heads * head),
    attentionHeads: heads,
    embeddingWidth: hidden,
    featureWidth: hidden,
    maxLength: length,
    kinds: ["generation"],
    encoderDecoder: true,
    vocabularySize: vocabulary,
    embeddingWeight: WORDS,
    inputs: textInputs(vocabulary),
    collate: (encoded) => collateTexts(encoded, options.padding),
    forward() {
      throw new Error("Cannot classify: the model must have features for a classifier, an encoder-decoder has none");
    },
    hiddenStates: (weights, inputs, hooks) => readBoth(layout, weights, inputs, hooks),
    languageModel: languageModel(layout),
  };
}
