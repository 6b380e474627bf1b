/**
 * A random backbone of the architecture of use-lite, small enough for differences of its loss.
 * @module
 */
import { sizeOf } from "../../../base/shapes.ts";
import { Random } from "../../../base/random.ts";
import { type NamedArray, readSafetensors, writeSafetensors } from "../../../engine/safetensors.ts";
import {
  useLiteBackbone,
  useLitePositions,
  useLiteShape,
  type UseLiteSizes,
} from "../../../models/use-lite/architecture.ts";
import type { Backbone } from "../../../models/types.ts";

/** Every size differs from the others, so that a mistaken one shows. */
export const tinySizes: UseLiteSizes = {
  vocabulary: 23,
  embedding: 8,
  hidden: 12,
  layers: 2,
  heads: 2,
  feedForward: 20,
  features: 10,
  maxLength: 32,
  positions: 64,
};

/** Random weights: norms near the identity, the rest N(0, 1 ÷ √rows), biases N(0, 0.1). */
function tinyWeights(seed: number): Record<string, NamedArray> {
  const tensors: Record<string, NamedArray> = {};
  for (const [name, shape] of Object.entries(useLiteShape(tinySizes).weights)) {
    const random = new Random(seed, name);
    const matrix = shape.length === 2;
    const centre = matrix || name.endsWith(".bias") ? 0 : 1;
    const scale = name === "embeddings.word" ? 1 : matrix ? shape[0] ** -0.5 : 0.1;
    const size = sizeOf(shape);
    tensors[name] = { shape, data: Float32Array.from({ length: size }, () => centre + scale * random.normal()) };
  }
  return tensors;
}

/** A tiny backbone with random weights. A token is a character: its code modulo the vocabulary. @param folder its weights are written there */
export async function tinyBackboneIn(folder: string, seed: number): Promise<Backbone> {
  const path = `${folder}/weights.safetensors`;
  await writeSafetensors(path, { ...tinyWeights(seed), ...useLitePositions(tinySizes) });
  return useLiteBackbone(tinySizes, {
    stored: await readSafetensors(path),
    sha256: `tiny-${seed}`,
    encode: (text, limit) =>
      Promise.resolve(
        [...text].slice(0, Math.min(limit, tinySizes.maxLength)).map((c) => c.codePointAt(0)! % tinySizes.vocabulary),
      ),
  });
}
