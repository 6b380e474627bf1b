import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { readHeader, readStored } from "../../../engine/safetensors.ts";
import { findFolder, models } from "../../../models/mod.ts";
import { readAdapterNote } from "../../../runs/adapters/note.ts";
import { validateAdapter } from "../../../runs/adapters/validate.ts";
import { adapterParameters, adapterValues, plainAdapter, readPart } from "../../../runs/adapters/values.ts";
import { cellsOf } from "../../../runs/launch/cells.ts";
import { presets } from "../../../runs/study/presets.ts";
import { runCell } from "../../../runs/training/run-cell.ts";
import { type AnyTensor, makeFolder, safetensors } from "../../models/folder/copies.ts";
import type { Files } from "../../in-folder.ts";

const golden = fileURLToPath(new URL("../../golden/A/bert", import.meta.url));
const { shape } = await findFolder(`${golden}/model`);
const headNames = ["classifier.weight", "classifier.bias"];
const find = (name: string) => validateAdapter(`${golden}/cls/${name}`, shape);
const read = async (name: string) => await readPart((await find(name)).parts[0], shape);

/** A copy of a golden adapter with something changed. */
async function changed(
  name: string,
  config: Record<string, unknown>,
  tensors: (tensors: Record<string, AnyTensor>) => Record<string, AnyTensor> = (same) => same,
): Promise<string> {
  const folder = `${golden}/cls/${name}/adapter`;
  const all: Record<string, AnyTensor> = {};
  for (const [key, entry] of Object.entries(await readHeader(`${folder}/adapter_model.safetensors`))) {
    all[key] = {
      dtype: entry.dtype,
      shape: entry.shape,
      bytes: new Uint8Array((await readStored(entry)).buffer as ArrayBuffer),
    };
  }
  const files: Files = {
    "adapter_config.json": { ...JSON.parse(await Deno.readTextFile(`${folder}/adapter_config.json`)), ...config },
    "adapter_model.safetensors": safetensors(tensors(all)),
  };
  return await makeFolder(files);
}

async function refused(folder: string, message: RegExp): Promise<void> {
  await assert.rejects(
    async () => await readPart((await validateAdapter(folder, shape)).parts[0], shape),
    (error: Error) => {
      assert.match(error.message, message);
      return error.constructor === Error;
    },
  );
}

Deno.test("an adapter's options are those of its config", async () => {
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

Deno.test("an adapter without a classifier is read without one", async () => {
  assert.deepEqual((await read("lora_prefix/lora")).head, {});
  assert.deepEqual(Object.keys((await read("lora_prefix/prefix")).head), headNames);
});

Deno.test("the folders of joined methods that PEFT wrote are read together, virtual tokens last", async () => {
  const found = await find("lora_prefix");
  assert.deepEqual(found.parts.map(({ method }) => method.name), ["lora", "prefix-tuning"]);
  assert.equal(found.note, undefined);
  const values = await adapterValues(found, shape);
  assert.deepEqual(values["prefix-tuning/layers.1.keys"].shape, [3, 32]);
  assert.deepEqual(values["lora/bert.encoder.layer.0.attention.self.query.lora_A"].shape, [4, 32]);
  assert.deepEqual(values["classifier.weight"].shape, [2, 32]);
});

Deno.test("PEFT's target modules are ends of paths", async () => {
  const folder = await changed("lora", { target_modules: ["query", "self.value", "alue"] });
  const { parts: [{ options }] } = await validateAdapter(folder, shape);
  assert.deepEqual((options as unknown as { targets: string[] }).targets, ["query", "value"]);
});

Deno.test("a rank-stabilised update is scaled by alpha ÷ √rank", async () => {
  const { parts: [{ options }] } = await validateAdapter(await changed("lora", { use_rslora: true }), shape);
  assert.deepEqual((options as unknown as { alpha: number }).alpha / 4, 8 / Math.sqrt(4));
});

Deno.test("the tensors that PEFT stores of P-tuning are parameters of prompt tuning, not of P-tuning", async () => {
  const adapter = await read("ptuning_mlp/adapter");
  assert.throws(() => adapterParameters(adapter, shape), /^Error: Cannot read parameters of p-tuning: /);
  const plain = plainAdapter(adapter, shape);
  assert.equal(plain.method.name, "prompt-tuning");
  assert.deepEqual(adapterParameters(plain, shape), {
    prompt_embeddings: adapter.stored.prompt_embeddings,
  });
  const prefix = plainAdapter(await read("prefix_proj/adapter"), shape);
  assert.deepEqual(Object.keys(adapterParameters(prefix, shape)).length, 4);
});

Deno.test("missing, unexpected and misshapen tensors are listed", async () => {
  const key = "base_model.model.bert.encoder.layer.1.attention.self.value.lora_A.weight";
  const named = (what: string) => new RegExp(`^Cannot use .*: its tensors must fit the model: ${what}$`);
  const lacking = await changed("lora", {}, ({ [key]: _, ...others }) => others);
  await refused(lacking, named(`${key} must be \\[4,32\\], current value is absent`));
  const flat = await changed("lora", {}, (all) => ({ ...all, [key]: { ...all[key], shape: [32, 4] } }));
  await refused(flat, named(`${key} must be \\[4,32\\], current value is \\[32,4\\]`));
  const more = await changed("lora", {}, (all) => ({ ...all, extra: all[key] }));
  await refused(more, named("extra must be absent, current value is \\[4,32\\]"));
  const { shape: gpt2 } = await findFolder(`${golden}/../gpt2/model`);
  await assert.rejects(
    validateAdapter(`${golden}/cls/ln/adapter`, gpt2),
    /must fit the model: (\S+ must be (\[32\], current value is absent|absent, current value is \[32\]); ){5}and \d+ more$/,
  );
});

Deno.test("a classifier whose tensors have different numbers of classes is refused", async () => {
  const key = "base_model.model.classifier.bias";
  const other = await changed("lora", {}, (all) => ({ ...all, [key]: { ...all[key], shape: [1, 2] } }));
  await refused(other, /classifier\.bias must be \[2\], current value is \[1,2\]$/);
});

Deno.test("half-precision tensors are read as float32, other types and values that are not finite are refused", async () => {
  const key = "base_model.model.classifier.bias";
  const bits = (dtype: string, ...values: number[]) => (all: Record<string, AnyTensor>) => ({
    ...all,
    [key]: { dtype, shape: [2], bytes: new Uint8Array(Uint16Array.from(values).buffer) },
  });
  for (const [dtype, one, half] of [["F16", 0x3c00, 0x3800], ["BF16", 0x3f80, 0x3f00]] as const) {
    const { parts: [part] } = await validateAdapter(await changed("lora", {}, bits(dtype, one, half)), shape);
    assert.deepEqual((await readPart(part, shape)).head["classifier.bias"].data, Float32Array.of(1, 0.5));
  }
  await refused(
    await changed("lora", {}, bits("F16", 0x7c00, 0)),
    /every weight must be a finite number, classifier\.bias/,
  );
  await refused(await changed("lora", {}, bits("I16", 1, 1)), /tensors must be F32, F16, BF16, base_model\S+ is I16$/);
});

Deno.test("a missing file of an adapter's folder is named", async () => {
  await refused(
    "./no-such-folder",
    /^Cannot read the adapter \.\/no-such-folder: there must be such a folder, it was looked for at \/.*no-such-folder$/,
  );
  await refused(
    await makeFolder({}),
    /^Cannot read the adapter .*: there must be adapter_config\.json, as PEFT writes it, or tunebench\.json$/,
  );
  const config = await Deno.readTextFile(`${golden}/cls/lora/adapter/adapter_config.json`);
  await refused(
    await makeFolder({ "adapter_config.json": config }),
    /there must be a file adapter_model\.safetensors$/,
  );
  await refused(
    await makeFolder({ "adapter_config.json": config, "adapter_model.bin": "" }),
    /adapter_model\.bin is a pickle, which may run any program; PEFT converts it/,
  );
});

Deno.test("a config that needs a missing feature is refused with the field and its value", async () => {
  const cases: [string, Record<string, unknown>, RegExp][] = [
    ["lora", { peft_type: "MAGIC" }, /: peft_type must be one of .*PROMPT_TUNING, .*LORA.*, current value is "MAGIC"$/],
    ["lora", { task_type: "TOKEN_CLS" }, /: task_type must be one of SEQ_CLS, .*, current value is "TOKEN_CLS"$/],
    [
      "lora",
      { modules_to_save: ["classifier", "embed_tokens"] },
      /modules_to_save must be among .* is "embed_tokens"$/,
    ],
    ["lora", { rank_pattern: { query: 8 } }, /"rank_pattern" must be off, as it is not supported, current value is \{/],
    ["lora", { alpha_pattern: { query: 8 } }, /"alpha_pattern" must be off/],
    ["lora", { layers_to_transform: [0] }, /"layers_to_transform" must be off.*, current value is \[0\]$/],
    ["lora", { lora_bias: true }, /"lora_bias" must be off.*, current value is true$/],
    ["lora", { a_field_of_tomorrow: "x" }, /"a_field_of_tomorrow" must be off/],
    ["lora", { bias: "all" }, /: bias .*current value is "all"$/],
    ["lora", { init_lora_weights: "pissa" }, /: init_lora_weights .*current value is "pissa"$/],
    ["lora", { r: 0 }, /: r .*current value is 0$/],
    ["lora", { r: 2 ** 31 }, /: r .*current value is 2147483648$/],
    ["lora", { lora_alpha: 0 }, /: lora_alpha .*current value is 0$/],
    ["lora", { target_modules: ".*(query|value)" }, /: target_modules must be a list of names or "all-linear", /],
    ["lora", { target_modules: ["nothing"] }, /targets must not be empty/],
    [
      "prompt",
      { num_layers: 12, token_dim: 768 },
      /it is of another model: num_layers must be 2, .* 12; token_dim must be 32, .* 768$/,
    ],
    ["ptuning_lstm", { encoder_num_layers: 1e9 }, /: encoder_num_layers .*current value is 1000000000$/],
    ["ia3", { exclude_modules: ["key"] }, /"exclude_modules" must be off/],
    ["vera", { projection_prng_key: -1 }, /: projection_prng_key must be at least 0, current value is -1$/],
  ];
  for (const [name, config, message] of cases) {
    await refused(await changed(name, config), new RegExp(`^Cannot [^\n]*${message.source}`));
  }
});

Deno.test("projections that PEFT stored are read where the seed makes the same, and refused where it does not", async () => {
  const folder = fileURLToPath(new URL("../../golden/A/gpt2", import.meta.url));
  const { shape } = await findFolder(`${folder}/model`);
  const adapter = `${folder}/cls/vera/adapter`;
  const { parts: [part] } = await validateAdapter(adapter, shape);
  assert.deepEqual(Object.keys(part.frozen), ["vera_A", "vera_B"]);
  await readPart(part, shape);
  const other = { ...part, options: { ...part.options, projectionSeed: 12 } };
  await assert.rejects(
    readPart(other, shape),
    /vera_A must be what PyTorch draws from projection_prng_key 12, the file holds another$/,
  );
});

Deno.test("the note of an adapter says the seed of its projections, which are not stored", async () => {
  const out = await makeFolder({});
  const [{ spec, id }] = await cellsOf({ ...presets.smoke.study, methods: [{ vera: { rank: 7 } }], seeds: [5] });
  const { parameters } = await runCell(spec, { threads: 1, out, keep: false, onProgress() {} });
  const { linears, loraTargets } = models["use-lite"].shape;
  const sites = linears.filter(({ role }) => loraTargets.includes(role));
  const widest = (side: "in" | "out") => Math.max(...sites.map((site) => site[side]));
  assert.equal(parameters.frozen, 7 * (widest("in") + widest("out")));
  const stored = Object.keys(await readHeader(`${out}/adapters/${id}/adapter_model.safetensors`));
  assert.ok(stored.length > 2 && stored.every((key) => /lambda|classifier/.test(key)), String(stored));
  const note = await readAdapterNote(`${out}/adapters/${id}`);
  assert.equal(note!.method[0].options.projectionSeed, 5);
  assert.equal(spec.method[0].options.projectionSeed, null);
});
