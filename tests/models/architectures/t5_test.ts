import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { UsageError } from "../../../base/errors.ts";
import { Random } from "../../../base/random.ts";
import { cpu } from "../../../engine/devices/cpu.ts";
import { type Tensors, tf } from "../../../engine/tensor.ts";
import { compose, type Part } from "../../../methods/adaptation/compose.ts";
import { findFolder } from "../../../models/mod.ts";
import type { Hooks } from "../../../models/types.ts";
import { cellsOf } from "../../../runs/launch/cells.ts";
import { beamSearch } from "../../../runs/programs/beam-search.ts";
import { generate } from "../../../runs/programs/decoding.ts";
import { asLanguageModel, labelInputs, trainableLanguageModel } from "../../../runs/programs/language-model.ts";
import { presets } from "../../../runs/study/presets.ts";
import { variant } from "../../methods/variants.ts";
import { difference, eagerWeights } from "../eager.ts";
import { goldenConfig, goldenTensors, makeFolder, safetensors } from "../folder/copies.ts";

const model = fileURLToPath(new URL("../../golden/T5A/t5/model", import.meta.url));
const backbone = asLanguageModel(await (await findFolder(model)).open());
const texts = [[15, 70, 45, 77, 21], [20], [33, 34, 35]];

/** Inputs of the texts and of what is written after the first token, as long as the longest text. */
function inputs(written: readonly (readonly number[])[]): Tensors {
  const { ids, mask } = backbone.collate(texts);
  const target = written.map((row) => [0, ...row, 0, 0, 0, 0, 0].slice(0, ids.shape[1]));
  return {
    ids: tf.tensor(ids.data, [...ids.shape], "int32"),
    mask: tf.tensor(mask.data, [...mask.shape]),
    target: tf.tensor2d(target, undefined, "int32"),
  };
}

Deno.test("every linear map of T5 calls the hook with its input and output", async () => {
  const weights = await eagerWeights(backbone);
  const seen: string[] = [];
  const linear: Hooks["linear"] = (site, x, y) => {
    assert.deepEqual([x.shape[1], y.shape[1]], [site.in, site.out]);
    assert.deepEqual(backbone.stored[`${site.name}.weight`].shape, [site.out, site.in]);
    seen.push(site.name);
    return y;
  };
  tf.tidy(() => {
    backbone.hiddenStates!(weights, inputs(texts), { linear });
  });
  assert.deepEqual(seen, backbone.linears.map(({ name }) => name));
  tf.dispose(weights);
});

Deno.test("the states of T5 depend neither on later tokens nor on the padding of the text that is read", async () => {
  const weights = await eagerWeights(backbone);
  const states = (written: number[][]) =>
    tf.tidy(() => backbone.hiddenStates!(weights, inputs(written), {}).at(-1)!.dataSync());
  const [a, b] = [[1, 2, 3, 4], [1, 2, 3, 90]].map((row) => states([row, row, row]));
  const width = backbone.embeddingWidth;
  assert(difference(a.slice(0, 4 * width), b.slice(0, 4 * width)) < 1e-6);
  assert(difference(a.slice(4 * width, 5 * width), b.slice(4 * width, 5 * width)) > 1e-2);
  tf.dispose(weights);
});

const joined: [string, Part[]][] = [
  ["nothing", []],
  ["a prompt and a prefix", [variant("prompt-tuning", { start: "random" }), variant("prefix-tuning", { std: 1 })]],
  ["all of LoRA, IA³, adapters", [variant("lora"), variant("ia3"), variant("adapter", { placement: "pfeiffer" })]],
];
for (const [name, parts] of joined) {
  Deno.test(`with ${name}, T5 generates for each text what it generates for it alone, the likeliest by a whole pass`, async () => {
    const adaptation = compose(parts, backbone);
    const trainable = trainableLanguageModel(backbone, adaptation);
    const random = new Random(1, "away from the start");
    const parameters = Object.fromEntries(
      Object.entries(await trainable.start(1)).map((
        [name, values],
      ) => [name, values.map((value) => value + 0.2 * random.normal())]),
    );
    const options = { device: cpu, threads: 1, parameters, tokens: 5 };
    const write = (texts: number[][]) => generate(backbone, adaptation, trainable, texts, options);
    const together = await write(texts);
    const alone: number[][] = [];
    for (const text of texts) alone.push(...await write([text]));
    assert.deepEqual(together, alone);
    const oneBeam = { ...options, beams: 1, lengthPenalty: 1 };
    assert.deepEqual(await beamSearch(backbone, adaptation, trainable, texts, oneBeam), together);

    const weights = await eagerWeights(backbone);
    tf.tidy(() => {
      const shapes = Object.fromEntries(trainable.parameters.map(({ name, shape }) => [name, [...shape]]));
      const tensors = Object.fromEntries(
        Object.entries(parameters).map(([name, values]) => [name, tf.tensor(values, shapes[name])]),
      );
      const last = backbone.hiddenStates!(weights, inputs(together), adaptation.hooks(tensors, (_, x) => x)).at(-1)!;
      const scores = backbone.languageModel.scores(weights, last.reshape([-1, backbone.embeddingWidth]));
      assert.deepEqual([...scores.argMax(1).dataSync()], together.flat());
    });
    tf.dispose(weights);
  });
}

/** Largest gradient of each trained tensor, on targets that are the texts. */
async function gradientsOf(parts: Part[]): Promise<Record<string, Float32Array>> {
  const { loss, parameters, start } = trainableLanguageModel(backbone, compose(parts, backbone));
  const values = await start(1);
  const gradients = Object.fromEntries(parameters.map(({ name }) => [name, new Float32Array(values[name].length)]));
  const executable = await cpu.compile(loss.program, loss.signature, { gradients: true, threads: 1 });
  const { ids, mask } = backbone.collate(texts);
  const target = { ...ids, data: Int32Array.from(ids.data, (_, at) => at % 5 === 0 ? 0 : ids.data[at - 1]) };
  const tokens = [...ids.data.entries()].filter(([at]) => mask.data[at] === 1).map(([at, label]) => (
    { text: Math.floor(at / 5), place: at % 5, label, weight: 1 / 9 }
  ));
  await executable.run({
    inputs: { ids, mask, target, ...labelInputs(tokens) },
    parameters: values,
    gradients,
  });
  await executable.release();
  return gradients;
}
const isZero = (values: Float32Array) => values.every((value) => value === 0);

Deno.test("all trained tensors of a prefix and a prompt of T5 have gradients; in PEFT's reading, half of them", async () => {
  const sound = await gradientsOf([variant("prompt-tuning"), variant("prefix-tuning")]);
  assert(Object.values(sound).every((values) => !isZero(values)));
  const peft = await gradientsOf([
    variant("prompt-tuning", { reading: "peft" }),
    variant("prefix-tuning", { reading: "peft" }),
  ]);
  const prompt = peft["prompt-tuning/prompt_embeddings"];
  assert.equal(prompt.length, 2 * sound["prompt-tuning/prompt_embeddings"].length);
  assert(!isZero(prompt.subarray(0, prompt.length / 2)) && isZero(prompt.subarray(prompt.length / 2)));
  assert(!isZero(peft["prefix-tuning/layers.0.keys"]) && isZero(peft["prefix-tuning/layers.1.keys"]));
});

const config = await goldenConfig("t5");
const tensors = await goldenTensors("t5");

Deno.test("scores of T5 come from their own weights if the files have them", async () => {
  const words = tensors["shared.weight"];
  const twice = Float32Array.from(new Float32Array(words.bytes.buffer), (value) => 2 * value);
  const withScores = { ...tensors, "lm_head.weight": { ...words, bytes: new Uint8Array(twice.buffer) } };
  const folder = await makeFolder({ "config.json": config, "model.safetensors": safetensors(withScores) });
  const untied = asLanguageModel(await (await findFolder(folder)).open());
  assert("lm_head.weight" in untied.weights && !("lm_head.weight" in backbone.weights));
  const states = tf.ones([1, backbone.embeddingWidth]);
  const scores = async (model: typeof backbone) => {
    const weights = await eagerWeights(model);
    return model.languageModel.scores(weights, states).dataSync();
  };
  assert(difference(await scores(untied), (await scores(backbone)).map((value) => 2 * value)) < 1e-5);
});

const refused: [string, Record<string, unknown>, RegExp][] = [
  ["an activation that is unknown", { feed_forward_proj: "gated-swish2" }, /feed_forward_proj/],
  ["a distance that the buckets do not reach", { relative_attention_max_distance: 4 }, /more than half of the 8 buck/],
  ["a first token that has no embedding", { decoder_start_token_id: 99 }, /below the 99 rows .* are 0 and 99$/],
];
for (const [name, changes, message] of refused) {
  Deno.test(`a T5 config with ${name} is refused in one sentence`, async () => {
    const files = { "config.json": { ...config, ...changes }, "model.safetensors": safetensors(tensors) };
    await assert.rejects(async () => await findFolder(await makeFolder(files)), message);
  });
}

Deno.test("a classification task with T5 is refused as a mistake of the user", async () => {
  const files = { "config.json": config, "model.safetensors": safetensors(tensors) };
  const study = { ...presets.smoke.study, models: [await makeFolder(files, "tiny-t5")] };
  const message =
    /^Cannot use the model tiny-t5 for \S+: the task must be one of generation, it is one of classification$/;
  await assert.rejects(cellsOf(study), (error) => error instanceof UsageError && message.test(error.message));
});
