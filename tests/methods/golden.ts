/**
 * Adapters of Hugging Face PEFT 0.21.2 in tests/golden/A: cases bert/cls of generate.py --seed 7 --shape A.
 * @module
 */
import { readSafetensors, readStored } from "../../engine/safetensors.ts";
import { type Tensors, tf } from "../../engine/tensor.ts";
import type { BackboneShape } from "../../models/types.ts";

function path(name: string): string {
  return new URL(`../golden/A/bert/${name}`, import.meta.url).pathname;
}

/** The tensors of a file. */
export async function goldenTensors(name: string): Promise<Tensors> {
  tf.setBackend("cpu");
  const tensors: Tensors = {};
  for (const [key, stored] of Object.entries(await readSafetensors(path(name)))) {
    tensors[key] = tf.tensor(await readStored(stored), [...stored.shape]);
  }
  return tensors;
}

/** adapter_config.json of a case. */
export async function goldenConfig(name: string): Promise<Record<string, unknown>> {
  return JSON.parse(await Deno.readTextFile(path(`cls/${name}/adapter/adapter_config.json`)));
}

const norms = [
  "bert.embeddings.LayerNorm",
  ...[0, 1].flatMap((layer) =>
    ["attention.output", "output"].map((part) => `bert.encoder.layer.${layer}.${part}.LayerNorm`)
  ),
];

/** The BERT that the values were made with, as far as adapters need it. */
export const goldenShape: BackboneShape = {
  weights: Object.fromEntries(norms.flatMap((name) => [[`${name}.weight`, [32]], [`${name}.bias`, [32]]])),
  biases: [],
  linears: [0, 1].flatMap((layer) =>
    [
      ["query", "attention.self.query", 32],
      ["key", "attention.self.key", 32],
      ["value", "attention.self.value", 32],
      ["attention.output.dense", "attention.output.dense", 32],
      ["output.dense", "output.dense", 64],
    ].map(([role, name, from]) => ({
      name: `bert.encoder.layer.${layer}.${name}`,
      role: String(role),
      layer,
      in: Number(from),
      out: 32,
      outputFirst: true as const,
    }))
  ),
  loraTargets: ["query", "value"],
  ia3Targets: { outputs: ["key", "value"], inputs: ["attention.output.dense", "output.dense"] },
  sublayerOutputs: { attention: "attention.output.dense", feedForward: "output.dense" },
  norms,
  keyValueWidths: [32, 32],
  attentionHeads: 4,
  embeddingWidth: 32,
  featureWidth: 32,
  maxLength: 64,
};
