/**
 * The forward pass of use-lite for one text, written as sums over plain arrays in float64: no tensors, no batches, no mask.
 * @module
 */
import type { UseLiteSizes } from "../../../models/use-lite/architecture.ts";

type Vector = number[];
type Matrix = Vector[];

/** Reads a weight as rows; a vector is one row. */
export type Weights = (name: string) => Matrix;

function affine(weights: Weights, name: string, x: Vector): Vector {
  const matrix = weights(`${name}.weight`);
  return weights(`${name}.bias`)[0].map((bias, to) =>
    x.reduce((sum, value, from) => sum + value * matrix[from][to], bias)
  );
}

function layerNorm(weights: Weights, name: string, x: Vector): Vector {
  const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
  const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
  const [scale] = weights(`${name}.weight`);
  const [bias] = weights(`${name}.bias`);
  return x.map((value, at) => (value - mean) / Math.sqrt(variance + 1e-6) * scale[at] + bias[at]);
}

function add(a: Vector, b: Vector): Vector {
  return a.map((value, at) => value + b[at]);
}

/**
 * Features of a text.
 * @param prompt virtual tokens before the text
 * @param prefix keys and values before those of a layer; the positions begin after them
 */
export function referenceFeatures(
  weights: Weights,
  sizes: UseLiteSizes,
  ids: readonly number[],
  prompt: Matrix = [],
  prefix: (layer: number) => { keys: Matrix; values: Matrix } = () => ({ keys: [], values: [] }),
): Vector {
  const half = sizes.embedding / 2;
  let x = [...prompt, ...ids.map((id) => weights("embeddings.word")[id])].map((row, at) =>
    row.map((value, j) => {
      const angle = (at + prefix(0).keys.length) * 10000 ** (-(j % half) / (half - 1));
      return 2 * value + (j < half ? Math.sin(angle) : Math.cos(angle));
    })
  );
  for (let layer = 0; layer < sizes.layers; layer++) {
    const name = `layers.${layer}`;
    const width = x[0].length;
    const head = width / sizes.heads;
    const qkv = x.map((row) =>
      affine(weights, `${name}.attention.qkv`, layerNorm(weights, `${name}.attention.norm`, row))
    );
    const keys = [...prefix(layer).keys, ...qkv.map((row) => row.slice(width, 2 * width))];
    const values = [...prefix(layer).values, ...qkv.map((row) => row.slice(2 * width))];
    x = x.map((row, at) => {
      const mixed = Array.from({ length: width }, () => 0);
      for (let start = 0; start < width; start += head) {
        const scores = keys.map((key) => {
          let dot = 0;
          for (let j = start; j < start + head; j++) dot += qkv[at][j] * key[j];
          return Math.exp(dot / Math.sqrt(head));
        });
        const total = scores.reduce((sum, score) => sum + score, 0);
        for (let j = start; j < start + head; j++) {
          mixed[j] = values.reduce((sum, value, other) => sum + scores[other] / total * value[j], 0);
        }
      }
      const residual = layer === 0 ? affine(weights, `${name}.residual`, row) : row;
      const y = add(residual, affine(weights, `${name}.attention.output`, mixed));
      const inner = affine(weights, `${name}.ffn.in`, layerNorm(weights, `${name}.ffn.norm`, y));
      return add(y, affine(weights, `${name}.ffn.out`, inner.map((value) => Math.max(value, 0))));
    });
  }
  const text = x.slice(prompt.length);
  const pooled = text[0].map((_, j) => text.reduce((sum, row) => sum + row[j], 0) / text.length);
  return affine(weights, "pooler", pooled).map(Math.tanh);
}
