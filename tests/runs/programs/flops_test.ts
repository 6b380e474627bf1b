/** FLOPs that are counted in graphs, against closed forms in the sizes of the architectures. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { sizeOf } from "../../../base/shapes.ts";
import { countFlops } from "../../../engine/graph/flops.ts";
import { lower } from "../../../engine/graph/lower.ts";
import type { Program, Quadratic } from "../../../engine/types.ts";
import { compose } from "../../../methods/adaptation/compose.ts";
import { inferenceParts } from "../../../methods/adaptation/inference-parts.ts";
import { headOf } from "../../../models/layers/head.ts";
import { findFolder } from "../../../models/mod.ts";
import type { Backbone, LinearSite } from "../../../models/types.ts";
import { trainableClassifier } from "../../../runs/programs/classifier.ts";
import { storeFrozen } from "../../../runs/programs/frozen.ts";
import { asLanguageModel, trainableLanguageModel } from "../../../runs/programs/language-model.ts";
import { type Variant, variant, variants } from "../../methods/variants.ts";
import { tinyBackbone } from "../../models/use-lite/tiny.ts";

const LABELS = ["no", "maybe", "yes"];
/** Lengths at which the polynomials are compared. */
const LENGTHS = [5, 16, 61];

/** What a method adds to a text of n tokens, from its options alone. */
interface Added {
  /** Rows before the text. */
  prompt: number;
  /** Keys before those of the text. */
  prefix: number;
  /** FLOPs for each row of the output of a linear map. */
  perRow(site: LinearSite, backbone: Backbone): number;
}

const NOTHING: Added = { prompt: 0, prefix: 0, perRow: () => 0 };

function addedBy({ method: { name }, options }: Variant): Added {
  const { virtualTokens = 0, prefixLength = 0, bottleneck = 0, placement } = options as unknown as
    & Partial<Record<"virtualTokens" | "prefixLength" | "bottleneck", number>>
    & { placement?: string };
  return {
    prompt: virtualTokens,
    prefix: prefixLength,
    perRow(site, { sublayerOutputs }) {
      if (name !== "adapter") return 0;
      const roles = [sublayerOutputs!.feedForward, ...placement === "houlsby" ? [sublayerOutputs!.attention] : []];
      return roles.includes(site.role) ? 2 * 2 * bottleneck * site.out : 0;
    },
  };
}

/** FLOPs of the parts of a forward pass over a text, by what a backward pass makes of them. */
interface Forward {
  /** Products with the backbone's matrices. */
  linears: number;
  /** Products of queries, keys and values. */
  attention: number;
  /** Products that choose the last token of a text; `masks`: those of inputs alone. */
  chosen: number;
  masks: number;
  /** Products with the table of segments. */
  segments: number;
  /** Products with the classifier's matrices. */
  head: number;
}

/** The closed form: R = prompt + n rows; of the last layer, what the classifier reads is computed alone. */
function forward(name: string, backbone: Backbone, { prompt, prefix, perRow }: Added, n: number): Forward {
  const { linears, keyValueWidths, attentionHeads, queryHeads = attentionHeads, embeddingWidth: d } = backbone;
  const layers = keyValueWidths.length;
  const rows = prompt + n;
  const isDecoder = backbone.languageModel !== undefined;
  const lastRows = name === "use-lite" ? n : 1;
  const readsAll = (role: string) =>
    /qkv|key|value|k_lin|v_lin|[kv]_proj|c_attn/.test(role) || isDecoder && role === "q_proj";
  const rowsOf = ({ layer, role }: LinearSite) =>
    layer === layers ? 1 : layer < layers - 1 || readsAll(role) ? rows : lastRows;
  const queryWidths = keyValueWidths.map((width) => width * queryHeads / attentionHeads);
  const segments = backbone.weights["bert.embeddings.token_type_embeddings.weight"]?.[0] ?? 1;
  return {
    linears: linears.reduce(
      (sum, site) => sum + rowsOf(site) * (2 * site.in * site.out + perRow(site, backbone)),
      0,
    ),
    attention: queryWidths.reduce(
      (sum, width, layer) => sum + 4 * (layer === layers - 1 ? lastRows : rows) * (rows + prefix) * width,
      0,
    ),
    chosen: isDecoder ? 2 * n * (queryWidths.at(-1)! + d) : 0,
    masks: isDecoder ? 2 * n * (rows + prefix) : 0,
    segments: segments > 1 ? 2 * n * segments * d : 0,
    head: headOf(backbone).parameters(LABELS.length).filter(({ shape }) => shape.length === 2)
      .reduce((sum, { shape }) => sum + 2 * sizeOf(shape), 0),
  };
}

function total(forward: Forward): number {
  return Object.values(forward).reduce((sum, part) => sum + part, 0);
}

function at([constant, linear, square]: Quadratic, n: number): number {
  return constant + linear * n + square * n * n;
}

function assertEqual(counted: Quadratic | null, closed: (n: number) => number): void {
  assert.deepEqual(LENGTHS.map((n) => at(counted!, n)), LENGTHS.map(closed));
}

async function classifierOf(backbone: Backbone, parts: readonly Variant[]) {
  const adaptation = compose(parts, backbone);
  return trainableClassifier(backbone, adaptation, LABELS, 1e-3, await storeFrozen(adaptation));
}

async function answering(backbone: Backbone, parts: readonly Variant[]): Promise<Quadratic | null> {
  const { answers } = await classifierOf(
    backbone,
    inferenceParts(parts, backbone).map((part) => ({ title: part.method.name, ...part })),
  );
  return countFlops(answers.program, answers.signature, false, 1);
}

async function backboneOf(name: string): Promise<Backbone> {
  if (name === "use-lite") return await tinyBackbone(1);
  return await (await findFolder(fileURLToPath(new URL(`../../golden/A/${name}/model`, import.meta.url)))).open();
}

for (const name of ["use-lite", "bert", "roberta", "distilbert", "gpt2", "llama", "mistral", "qwen2"]) {
  // Targets are linear maps of use-lite, and prefixes must fit the heads.
  const tried = variants.filter(({ options }) =>
    name === "use-lite" ||
    !("targets" in options && options.targets !== null) && !("outputs" in options && options.outputs !== null)
  );
  Deno.test(`on ${name}, answering a text costs what the sizes of backbone and method say, for every method`, async () => {
    const backbone = await backboneOf(name);
    assertEqual(await answering(backbone, []), (n) => total(forward(name, backbone, NOTHING, n)));
    for (const one of tried) {
      assertEqual(await answering(backbone, [one]), (n) => total(forward(name, backbone, addedBy(one), n)));
    }
  });

  Deno.test(`on ${name}, a step costs three forward passes in full, and two of frozen matrices below a prompt`, async () => {
    const backbone = await backboneOf(name);
    const batch = 4;
    const step = async (one: Variant) => {
      const { loss } = await classifierOf(backbone, [one]);
      return countFlops(loss.program, loss.signature, true, batch);
    };
    assertEqual(await step(variant("full")), (n) => {
      const { linears, attention, chosen, masks, segments, head } = forward(name, backbone, NOTHING, n);
      return batch * (3 * (linears + attention + head) + 2 * (chosen + segments) + masks);
    });
    const prompt = variant("prompt-tuning", { virtualTokens: 3 });
    assertEqual(await step(prompt), (n) => {
      const { linears, attention, chosen, masks, segments, head } = forward(name, backbone, addedBy(prompt), n);
      return batch * (3 * (attention + head) + 2 * (linears + chosen) + masks + segments);
    });
    const probe = await classifierOf(backbone, [variant("linear-probe")]);
    assert(
      at(countFlops(probe.loss.program, probe.loss.signature, true, batch)!, 50) <=
        3 * batch * forward(name, backbone, NOTHING, 1).head,
    );
  });
}

for (const name of ["gpt2", "llama"]) {
  Deno.test(`on ${name}, reading a text and scoring the next token costs a classifier's pass with a larger head`, async () => {
    const backbone = asLanguageModel(await backboneOf(name));
    const { read } = trainableLanguageModel(backbone, compose([], backbone));
    assertEqual(countFlops(read.program, read.signature, false, 1), (n) => {
      const { head: _, ...rest } = forward(name, backbone, NOTHING, n);
      return total({ ...rest, head: 2 * backbone.embeddingWidth * backbone.vocabularySize });
    });
  });
}

Deno.test("answering costs what features and a classifier on them cost, and a program that was lowered is not traced again", async () => {
  const model = await classifierOf(await backboneOf("bert"), [variant("bitfit")]);
  const [features, onFeatures] = [model.features, model.onFeatures!].map(({ program, signature }) =>
    countFlops(program, signature, false, 1)!
  );
  const { program, signature } = model.answers;
  let traces = 0;
  const counting: Program = (args) => (traces++, program(args));
  lower(counting, signature, false);
  const traced = traces;
  const flops = countFlops(counting, signature, false, 1);
  assert.equal(traces, traced);
  assert.deepEqual(flops, features.map((coefficient, at) => coefficient + onFeatures[at]));
  const another = { ...signature, inputs: { ...signature.inputs } };
  assert.deepEqual(countFlops(counting, another, false, 1), flops);
  assert.equal(traces, 2 * traced);
});

Deno.test("below the lowest LoRA a step computes no gradients", async () => {
  const backbone = await backboneOf("bert");
  const rank = 2;
  const { loss } = await classifierOf(backbone, [variant("lora", { rank })]);
  assertEqual(countFlops(loss.program, loss.signature, true, 1), (n) => {
    const { linears, attention, segments, head } = forward("bert", backbone, NOTHING, n);
    const d = backbone.embeddingWidth;
    // Nothing is trained below the first layer, and its keys are not adapted: no gradients of its inputs and keys.
    const firstInputs = 3 * n * 2 * d * d;
    const firstKeys = 2 * n * n * d;
    // Two products a map, of queries and of values, each with two gradients; in the last layer one row of queries is read.
    const lora = (rows: number) => 2 * 3 * rows * 2 * rank * d;
    const firstLora = 2 * 2 * n * rank * d;
    return 3 * (attention + head) + 2 * linears + segments - firstInputs - firstKeys + 3 * lora(n) + lora(1) -
      firstLora;
  });
});

Deno.test("reading with an encoder-decoder costs its encoder over the text and its decoder over one token", async () => {
  const path = fileURLToPath(new URL("../../golden/T5A/t5/model", import.meta.url));
  const backbone = asLanguageModel(await (await findFolder(path)).open());
  const { keyValueWidths, attentionHeads: heads, weights, linears } = backbone;
  const prompt = 3;
  const prefix = 2;
  const parts = [
    variant("prompt-tuning", { virtualTokens: prompt }),
    variant("prefix-tuning", { prefixLength: prefix }),
  ];
  const { read } = trainableLanguageModel(backbone, compose(parts, backbone));
  const [buckets] = weights["encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight"];
  const [width] = keyValueWidths;
  const count = (part: RegExp) =>
    linears.filter(({ name }) => part.test(name)).reduce((sum, site) => sum + 2 * site.in * site.out, 0);
  const encoders = linears.filter(({ name }) => /^encoder.*SelfAttention\.q$/.test(name)).length;
  assertEqual(countFlops(read.program, read.signature, false, 1), (n) => {
    const rows = prompt + n;
    const encoder = rows * count(/^encoder/) + encoders * 4 * rows * rows * width + 2 * rows * rows * buckets * heads;
    const crossed = rows * count(/EncDecAttention\.[kv]$/);
    const decoder = count(/^decoder/) - count(/EncDecAttention\.[kv]$/);
    const attention = keyValueWidths.length * 4 * width * (1 + prefix + rows);
    return encoder + crossed + decoder + attention + 2 * backbone.embeddingWidth * backbone.vocabularySize;
  });
});
