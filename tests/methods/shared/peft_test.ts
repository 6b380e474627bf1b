import assert from "node:assert/strict";
import { storedForm } from "../../../methods/adaptation/stored-form.ts";
import { type Tensor, type Tensors, tf } from "../../../engine/tensor.ts";
import { difference } from "../../models/eager.ts";
import { goldenConfig, goldenShape, goldenTensors } from "../golden.ts";
import { type Variant, variant } from "../variants.ts";

const keep = (_: string, x: Tensor) => x;

/** Each case of PEFT and the same method here. */
const cases: [string, Variant][] = [
  ["prompt", variant("prompt-tuning", { virtualTokens: 5, start: "random" })],
  ["ptuning_mlp", variant("p-tuning", { virtualTokens: 4, hidden: 24 })],
  ["ptuning_lstm", variant("p-tuning", { virtualTokens: 4, hidden: 8, encoder: "lstm" })],
  ["prefix", variant("prefix-tuning", { prefixLength: 3 })],
  ["prefix_proj", variant("prefix-tuning", { prefixLength: 3, reparameterisation: 20 })],
  ["lora", variant("lora", { rank: 4, alpha: 8 })],
  ["dora", variant("lora", { rank: 4, alpha: 8, dora: true })],
  ["vera", variant("vera", { rank: 4, projectionSeed: 11 })],
  ["ia3", variant("ia3")],
  ["ln", variant("ln-tuning")],
];

/** Names of the linear maps and normalisations that end in one of these. */
function modulesEndingIn(ends: unknown): string[] {
  return [...goldenShape.linears.map(({ name }) => name), ...goldenShape.norms]
    .filter((name) => (ends as string[]).some((end) => `.${name}`.endsWith(`.${end}`)));
}

for (const [name, { title, method, options }] of cases) {
  Deno.test(`the configuration of ${title} says what PEFT's says`, async () => {
    const expected = await goldenConfig(name);
    // PEFT lists the modules of prompt methods twice.
    const modules = [...new Set(expected.modules_to_save as string[])];
    const config = storedForm(method, goldenShape, options).config!;
    for (const [key, value] of Object.entries(config)) {
      // PEFT knows modules by the ends of their names, so other lists may say the same.
      if (key === "target_modules" || key === "feedforward_modules") {
        assert.deepEqual(modulesEndingIn(value), modulesEndingIn(expected[key]), key);
      } else assert.deepEqual(value, key === "modules_to_save" ? modules : expected[key], key);
    }
    for (const key of ["peft_type", "task_type", "inference_mode"]) assert(key in config, key);
  });

  Deno.test(`the parameters of ${title} have the names and shapes of PEFT's`, async () => {
    const encoder = ["ptuning_mlp", "ptuning_lstm", "prefix_proj"].includes(name);
    const expected = await goldenTensors(
      `cls/${name}/${encoder ? "encoder" : "adapter/adapter_model"}.safetensors`,
    );
    const zeros: Tensors = Object.fromEntries([
      ...method.parameters(goldenShape, options).map(({ name, shape }) => [name, tf.zeros([...shape])]),
      ...method.trains(goldenShape, options).map((name) => [name, tf.zeros([...goldenShape.weights[name]])]),
    ]);
    const actual = encoder ? zeros : storedForm(method, goldenShape, options).tensors(zeros);
    const shapes = (tensors: Tensors) =>
      Object.entries(tensors).filter(([key]) => !key.includes("classifier")).map(([key, { shape }]) => [key, shape]);
    assert.deepEqual(Object.fromEntries(shapes(actual)), Object.fromEntries(shapes(expected)));
  });
}

for (const [name, { title, method, options }] of cases.filter(([name]) => name.includes("_"))) {
  Deno.test(`the encoder of ${title} gives the output that PEFT stored`, async () => {
    const parameters = await goldenTensors(`cls/${name}/encoder.safetensors`);
    const { prompt_embeddings } = await goldenTensors(`cls/${name}/adapter/adapter_model.safetensors`);
    const actual = storedForm(method, goldenShape, options).tensors(parameters);
    assert.deepEqual(Object.keys(actual), ["prompt_embeddings"]);
    assert(difference(actual.prompt_embeddings.dataSync(), prompt_embeddings.dataSync()) < 1e-6);
  });
}

Deno.test("PEFT's prefix table holds keys and values layer by layer", async () => {
  const { method, options } = variant("prefix-tuning", { prefixLength: 3, reparameterisation: 20 });
  const hooks = method.hooks(await goldenTensors("cls/prefix_proj/encoder.safetensors"), goldenShape, options, keep);
  const { prompt_embeddings: table } = await goldenTensors("cls/prefix_proj/adapter/adapter_model.safetensors");
  for (const layer of [0, 1]) {
    const { keys, values } = hooks.prefix!(layer);
    for (const [slot, actual] of [keys, values].entries()) {
      const columns = tf.slice(table, [0, (2 * layer + slot) * 32], [3, 32]);
      assert(difference(actual.dataSync(), columns.dataSync()) < 1e-6);
    }
  }
});

Deno.test("a prefix of unequal widths is stored as one tensor for each layer's keys and values", () => {
  const { method, options } = variant("prefix-tuning", { prefixLength: 3, reparameterisation: 20 });
  const shape = { ...goldenShape, keyValueWidths: [32, 24, 8] };
  const parameters = Object.fromEntries(
    method.parameters(shape, options).map(({ name, shape }) => [name, tf.ones([...shape])]),
  );
  const { config, tensors } = storedForm(method, shape, options);
  assert.equal(config, null);
  assert.deepEqual(Object.entries(tensors(parameters)).map(([name, tensor]) => [name, tensor.shape]), [
    ["layers.0.keys", [3, 32]],
    ["layers.0.values", [3, 32]],
    ["layers.1.keys", [3, 24]],
    ["layers.1.values", [3, 24]],
    ["layers.2.keys", [3, 8]],
    ["layers.2.values", [3, 8]],
  ]);
});

Deno.test("LoRA folded into a weight that is stored output first is the same as into its transpose", () => {
  const { method, options } = variant("lora", { rank: 4, alpha: 8, targets: ["query"] });
  const [site] = goldenShape.linears;
  const shape = (outputFirst?: true) => ({ ...goldenShape, linears: [{ ...site, out: 16, outputFirst }] });
  const parameters = {
    [`${site.name}.lora_A`]: tf.randomNormal([4, 32], 0, 1, "float32", 1),
    [`${site.name}.lora_B`]: tf.randomNormal([16, 4], 0, 1, "float32", 2),
  };
  const name = `${site.name}.weight`;
  const merged = (site: ReturnType<typeof shape>, sizes: [number, number]) =>
    method.merged!(parameters, { [name]: tf.zeros(sizes) }, site, options)[name];
  const [outputFirst, inputFirst] = [merged(shape(true), [16, 32]), merged(shape(), [32, 16])];
  assert(difference(outputFirst.dataSync(), tf.transpose(inputFirst).dataSync()) < 1e-6);
});

Deno.test("target modules are whole names if PEFT would find other modules by the role", () => {
  const { method, options } = variant("lora", { targets: ["output.dense"] });
  const { target_modules: modules } = storedForm(method, goldenShape, options).config!;
  assert.deepEqual(modules, [0, 1].map((layer) => `bert.encoder.layer.${layer}.output.dense`));
  const read = method.peft!.options(
    { path: "", values: { r: 8, lora_alpha: 8, target_modules: modules } },
    goldenShape,
  );
  assert.deepEqual(read.targets, ["output.dense"]);
});
