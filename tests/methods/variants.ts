/**
 * What the tests know of every method, its variants, and values for these.
 * @module
 */
import { Random } from "../../base/random.ts";
import { readStored } from "../../engine/safetensors.ts";
import { type Tensors, tf } from "../../engine/tensor.ts";
import type { ArrayValue } from "../../engine/types.ts";
import { type MethodName, methods } from "../../methods/mod.ts";
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

/** What the tests know of a method. */
interface MethodRow {
  /** Options, and how many values the method then trains on use-lite: computed by another implementation, or by hand. */
  onUseLite: { options: Record<string, unknown>; count: number };
  /** Options for a tiny backbone, a set for each option that changes the parameters. */
  variants: Record<string, unknown>[];
}

/** A row for each method of the table, in its order. */
export const methodRows: Record<MethodName, MethodRow> = {
  "full": { onUseLite: { options: {}, count: 6_975_744 }, variants: [{}] },
  "linear-probe": { onUseLite: { options: {}, count: 0 }, variants: [{}] },
  "bitfit": { onUseLite: { options: {}, count: 10_240 }, variants: [{}] },
  "ln-tuning": { onUseLite: { options: {}, count: 3_584 }, variants: [{}] },
  "prompt-tuning": {
    onUseLite: { options: { virtualTokens: 8 }, count: 2_048 },
    variants: [{ virtualTokens: 3 }],
  },
  "p-tuning": {
    onUseLite: { options: { virtualTokens: 8, hidden: 128 }, count: 84_480 },
    variants: [{ virtualTokens: 3, hidden: 5 }, { virtualTokens: 3, hidden: 5, encoder: "lstm" }],
  },
  "prefix-tuning": {
    onUseLite: { options: { prefixLength: 8 }, count: 12_288 },
    variants: [{ prefixLength: 3 }, { prefixLength: 3, reparameterisation: 5 }],
  },
  "lora": {
    onUseLite: { options: { rank: 8 }, count: 24_576 },
    variants: [
      { rank: 2 },
      { rank: 3, targets: ["attention.output", "residual", "ffn.in", "ffn.out", "pooler"] },
      { rank: 2, dora: true },
    ],
  },
  "vera": {
    onUseLite: { options: { rank: 256 }, count: 2_816 },
    variants: [
      { rank: 5, projectionSeed: 3 },
      { rank: 5, projectionSeed: 3, targets: ["attention.output", "ffn.in", "ffn.out", "pooler"] },
    ],
  },
  "ia3": {
    onUseLite: { options: {}, count: 5_376 },
    variants: [{}, { outputs: ["attention.output", "pooler"], inputs: ["attention.qkv", "residual"] }],
  },
  "adapter": {
    onUseLite: { options: { bottleneck: 16 }, count: 67_648 },
    variants: [{ bottleneck: 8 }, { bottleneck: 8, placement: "pfeiffer" }],
  },
  // These are not trained: there is no variant to train.
  "hand-written": { onUseLite: { options: {}, count: 0 }, variants: [] },
  "in-context": { onUseLite: { options: {}, count: 0 }, variants: [] },
};

/** Every form of every method. */
export const variants: Variant[] = Object.entries(methodRows).flatMap(([name, { variants }]) =>
  variants.map((options) => variant(name, options))
);

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
    template: [3, 5, 2],
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
