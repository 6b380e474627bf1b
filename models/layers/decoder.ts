/**
 * Decoders as GPT-2 (Radford et al., 2019) and Llama (Touvron et al., 2023, https://arxiv.org/abs/2302.13971) have them:
 * layers of causal attention and a feed-forward network, each with a normalisation before it, under any names.
 *
 * Virtual tokens: the n tokens of a prompt stand before the text and take the first n positions. After a prefix of n keys,
 * which are not rotated, the text starts at position n. Texts are padded on the right. The features are the output for the
 * last token of a text. With PEFT's reading of a prompt, they are the output for the last position of the batch, even
 * where that is padding.
 * @module
 */
import type { Design, LanguageModel } from "../types.ts";
import { collateTexts, textInputs } from "./batch.ts";
import { decoderStates, readBranches, readLastTokens, readNextTokens, readTree } from "./decoder-forward.ts";
import { type DecoderLayout, decoderLayout, type DecoderOptions } from "./decoder-layout.ts";
import { linearHead } from "./head.ts";
import { biasNames } from "./linear-maps.ts";
import { wordScores } from "./word-scores.ts";

function languageModel(layout: DecoderLayout): LanguageModel {
  const { sizes, scores, tied, window, end } = layout.options;
  return {
    weights: { [scores]: [sizes.vocabulary, sizes.hidden] },
    ...tied && { mayLack: [scores], tied: { [scores]: layout.wordEmbeddings } },
    end,
    ...wordScores((weights) => weights[scores] ?? weights[layout.wordEmbeddings]),
    read: (weights, inputs, hooks) => readLastTokens(layout, weights, inputs, { ...hooks, reading: undefined }),
    readBranches: (weights, inputs, branches, hooks) => readBranches(layout, weights, inputs, branches, hooks),
    readTree: (weights, inputs, hooks) => readTree(layout, weights, inputs, hooks),
    stepInputs: {
      token: { shape: ["batch"], dtype: "int32", below: sizes.vocabulary },
      position: { shape: ["batch"], dtype: "int32", below: sizes.positions },
      mask: { shape: ["batch", "length"], dtype: "float32" },
      ...window !== undefined && { places: { shape: ["batch", "length"] as const, dtype: "float32" as const } },
    },
    step: (weights, inputs, past, hooks) => readNextTokens(layout, weights, inputs, past, hooks),
  };
}

/**
 * The decoder that is described.
 * @throws {Error} if its heads cannot share keys and values evenly
 */
export function decoder(options: DecoderOptions): Design {
  const { hidden, layers, heads, keyValueHeads, head, positions, vocabulary } = options.sizes;
  if (heads % keyValueHeads !== 0) {
    throw new Error(`Cannot share keys among heads: ${heads} heads must be a multiple of ${keyValueHeads}`);
  }
  const layout = decoderLayout(options);
  const roleOf = (name: string) => options.linears.find((linear) => linear.name === name)!.role;
  return {
    prefix: options.names.prefix,
    weights: layout.weights,
    biases: biasNames(layout.weights),
    linears: [...layout.sites.values()],
    loraTargets: options.loraTargets,
    ia3Targets: options.ia3Targets,
    sublayerOutputs: {
      attention: roleOf(options.outputs.attention),
      feedForward: roleOf(options.outputs.feedForward),
    },
    norms: layout.norms.all,
    keyValueWidths: Array(layers).fill(keyValueHeads * head),
    attentionHeads: keyValueHeads,
    ...heads > keyValueHeads && { queryHeads: heads },
    embeddingWidth: hidden,
    featureWidth: hidden,
    maxLength: positions,
    positions,
    kinds: ["classification", "generation"],
    vocabularySize: vocabulary,
    embeddingWeight: layout.wordEmbeddings,
    inputs: textInputs(vocabulary),
    collate: (encoded) => collateTexts(encoded, options.padding),
    forward: (weights, inputs, hooks) => readLastTokens(layout, weights, inputs, hooks).state,
    hiddenStates: (weights, inputs, hooks) => decoderStates(layout, weights, inputs, hooks),
    languageModel: languageModel(layout),
    head: linearHead("score", hidden, false),
  };
}
