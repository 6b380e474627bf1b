/**
 * Variants of every method, one for each option that changes its parameters, and values for these.
 * @module
 */
import { Random } from "../../base/random.ts";
import { readStored } from "../../engine/safetensors.ts";
import { type Tensors, tf } from "../../engine/tensor.ts";
import type { ArrayValue } from "../../engine/types.ts";
import { methods } from "../../methods/mod.ts";
import { parseOptions } from "../../methods/shared/options.ts";
import type { CommonOptions, Method, StartContext } from "../../methods/types.ts";
import type { Backbone } from "../../models/types.ts";

/** A method with options. */
export interface Variant {
  title: string;
  method: Method;
  options: CommonOptions;
}

/** A method with some of its options. */
export function variant(name: string, raw: Record<string, unknown> = {}): Variant {
  const method = methods[name];
  return { title: `${name} ${JSON.stringify(raw)}`, method, options: parseOptions(method, raw) };
}

/** Every form of every method. */
export const variants: Variant[] = [
  variant("full"),
  variant("linear-probe"),
  variant("bitfit"),
  variant("ln-tuning"),
  variant("prompt-tuning", { virtualTokens: 3 }),
  variant("p-tuning", { virtualTokens: 3, hidden: 5 }),
  variant("p-tuning", { virtualTokens: 3, hidden: 5, encoder: "lstm" }),
  variant("prefix-tuning", { prefixLength: 3 }),
  variant("prefix-tuning", { prefixLength: 3, reparameterisation: 5 }),
  variant("lora", { rank: 2 }),
  variant("lora", { rank: 3, targets: ["attention.output", "residual", "ffn.in", "ffn.out", "pooler"] }),
  variant("lora", { rank: 2, dora: true }),
  variant("vera", { rank: 5, projectionSeed: 3 }),
  variant("vera", { rank: 5, projectionSeed: 3, targets: ["attention.output", "ffn.in", "ffn.out", "pooler"] }),
  variant("ia3"),
  variant("ia3", { outputs: ["attention.output", "pooler"], inputs: ["attention.qkv", "residual"] }),
  variant("adapter", { bottleneck: 8 }),
  variant("adapter", { bottleneck: 8, placement: "pfeiffer" }),
];

/** The start context of a parameter of that name, for a task with the labels "no" and "yes". */
export async function startContext(backbone: Backbone, name: string): Promise<StartContext> {
  const table = await readStored(backbone.stored[backbone.embeddingWeight]);
  const width = backbone.embeddingWidth;
  return {
    random: new Random(1, name),
    vocabularySize: backbone.vocabularySize,
    encode: (text) => backbone.encode(text, backbone.maxLength),
    embeddings: (ids) =>
      Promise.resolve(
        Float32Array.from(ids.flatMap((id) => Array.from(table.subarray(id * width, (id + 1) * width)))),
      ),
    weight: (name) => readStored(backbone.stored[name]),
    labels: ["no", "yes"],
  };
}

/** Start values of a method's own parameters, each entry moved by a normal number times `noise`. */
export async function startValues(
  { method, options }: Variant,
  backbone: Backbone,
  noise = 0,
): Promise<Record<string, ArrayValue>> {
  const values: Record<string, ArrayValue> = {};
  for (const { name, shape, start } of method.parameters(backbone, options)) {
    const random = new Random(2, name);
    const data = (await start(await startContext(backbone, name))).map((value) => value + noise * random.normal());
    values[name] = { data, shape };
  }
  return values;
}

/** The same as tensors. */
export async function startTensors(variant: Variant, backbone: Backbone, noise = 0): Promise<Tensors> {
  const values = Object.entries(await startValues(variant, backbone, noise));
  return Object.fromEntries(values.map(([name, { data, shape }]) => [name, tf.tensor(data, [...shape])]));
}

/** A method's frozen tensors. */
export function frozenTensors({ method, options }: Variant, backbone: Backbone): Tensors {
  const frozen = method.frozen?.(backbone, options) ?? [];
  return Object.fromEntries(
    frozen.map(({ name, shape, draw }) => [name, tf.tensor(draw(options.projectionSeed!), [...shape])]),
  );
}
