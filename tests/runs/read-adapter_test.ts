import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { findFolder } from "../../models/mod.ts";
import { adapterParameters, readAdapter } from "../../runs/read-adapter.ts";
import { makeFolder } from "../models/folder.ts";

const golden = fileURLToPath(new URL("../golden/A/bert", import.meta.url));
const { shape } = await findFolder(`${golden}/model`);
const headNames = ["classifier.weight", "classifier.bias"];
const read = (name: string) => readAdapter(`${golden}/cls/${name}`, shape, headNames);

Deno.test("An adapter's options are those of its config", async () => {
  const { method, options } = await read("lora_prefix/lora");
  assert.equal(method.name, "lora");
  assert.deepEqual({ ...options, learningRate: 0, epochs: 0 }, {
    rank: 4,
    alpha: 8,
    dropout: 0,
    targets: ["query", "value"],
    learningRate: 0,
    epochs: 0,
  });
});

Deno.test("An adapter without a classifier has none", async () => {
  assert.deepEqual((await read("lora_prefix/lora")).head, {});
  assert.deepEqual(Object.keys((await read("lora_prefix/prefix")).head), headNames);
});

Deno.test("PEFT's target modules are ends of paths", async () => {
  const config = JSON.parse(await Deno.readTextFile(`${golden}/cls/lora/adapter/adapter_config.json`));
  const folder = await makeFolder({
    "adapter_config.json": { ...config, target_modules: ["output.dense", "self.key"] },
    "adapter_model.safetensors": await Deno.readFile(`${golden}/cls/lora/adapter/adapter_model.safetensors`),
  });
  const { options } = await readAdapter(folder, shape, headNames);
  assert.deepEqual((options as unknown as { targets: string[] }).targets, [
    "key",
    "attention.output.dense",
    "output.dense",
  ]);
});

Deno.test("What PEFT stores of P-tuning gives no parameters", async () => {
  const adapter = await read("ptuning_mlp/adapter");
  assert.throws(() => adapterParameters(adapter, shape), /^Error: Cannot read parameters of p-tuning: /);
});

Deno.test("Missing, unexpected and misshapen tensors are named", async () => {
  const adapter = await read("lora/adapter");
  const key = "base_model.model.bert.encoder.layer.1.attention.self.value.lora_A.weight";
  const { [key]: one, ...others } = adapter.stored;
  const named =
    /^Error: Cannot read parameters of lora: bert\.encoder\.layer\.1\.attention\.self\.value\.lora_A must be /;
  assert.throws(() => adapterParameters({ ...adapter, stored: others }, shape), named);
  const flat = { ...one, shape: [32, 4] };
  assert.throws(() => adapterParameters({ ...adapter, stored: { ...others, [key]: flat } }, shape), named);
  assert.throws(
    () => adapterParameters({ ...adapter, stored: { ...adapter.stored, extra: one } }, shape),
    /^Error: Cannot read parameters of lora: extra must be absent, current value is \[4,32\]$/,
  );
});

Deno.test("An adapter of an unknown kind is refused with those that are known", async () => {
  const folder = await makeFolder({ "adapter_config.json": { peft_type: "MAGIC" } });
  await assert.rejects(
    readAdapter(folder, shape, headNames),
    /^Error: Cannot read the adapter .*: its peft_type must be one of .*PROMPT_TUNING, .*LORA.*, current value is MAGIC$/,
  );
});
