import assert from "node:assert/strict";
import { tf } from "../../../engine/tensor.ts";
import { findFolder } from "../../../models/mod.ts";
import type { Backbone } from "../../../models/types.ts";
import { asLanguageModel } from "../../../runs/programs/language-model.ts";
import { eagerWeights } from "../eager.ts";
import { makeFolder } from "../folder/copies.ts";
import { fileOf, golden, goldenFolder, valuesOf } from "./fixture.ts";
import { tinyLlama, writeGguf } from "./write-file.ts";
import "../test-cache.ts";

/** Scores of the token that follows each of some tokens. */
async function logits(backbone: Backbone): Promise<Float32Array> {
  const { languageModel, hiddenStates, collate, ...model } = asLanguageModel(backbone);
  const weights = await eagerWeights({ ...model, languageModel, hiddenStates, collate });
  return tf.tidy(() => {
    const { ids, mask } = collate([[1, 20, 30, 40, 50, 60, 70, 80, 90, 98], [1, 5, 6]]);
    const inputs = { ids: tf.tensor(ids.data, [...ids.shape], "int32"), mask: tf.tensor(mask.data, [...mask.shape]) };
    const states = hiddenStates!(weights, inputs, {}).at(-1)!;
    return languageModel!.scores(weights, states.reshape([-1, states.shape[2]!])).dataSync() as Float32Array;
  });
}

for (const arch of ["llama", "qwen2"]) {
  Deno.test(`a ${arch} in float32 has the weights and the logits of the folder that it was made from`, async () => {
    const model = await findFolder(golden(`${arch}.gguf`));
    const source = await findFolder(goldenFolder(arch));
    assert.deepEqual(JSON.parse(JSON.stringify(model.shape)), JSON.parse(JSON.stringify(source.shape)));
    const expected = await valuesOf(`${goldenFolder(arch)}/model.safetensors`);
    const actual = await valuesOf(`${model.folder}/model.safetensors`);
    assert.deepEqual(Object.keys(actual).sort(), Object.keys(expected).sort());
    for (const [name, values] of Object.entries(expected)) assert.deepEqual(actual[name], values, name);
    assert.deepEqual(await logits(await model.open()), await logits(await source.open()));
  });
}

Deno.test("rows of quantised queries and keys are put back in order", async () => {
  const { folder } = await findFolder(golden("llama-q8_0.gguf"));
  const actual = await valuesOf(`${folder}/model.safetensors`);
  const expected = await valuesOf(golden("llama-q8_0.safetensors"));
  assert.deepEqual(Object.keys(expected).length, 4);
  for (const [name, values] of Object.entries(expected)) assert.deepEqual(actual[name], values, name);
});

Deno.test("a file is a model named after it, converted once for its content, with its licence and chat template", async () => {
  const file = tinyLlama();
  file.metadata["general.license"] = "mit";
  file.metadata["tokenizer.chat_template"] = "{{ messages }}";
  const [first, second] = [await fileOf(file, "a.gguf"), await fileOf(file, "b.gguf")];
  const model = await findFolder(first);
  assert.deepEqual([model.name, model.licence], ["a.gguf", "mit"]);
  assert.match(model.revision, /^[0-9a-f]{64}$/);
  const made = (await Deno.stat(`${model.folder}/model.safetensors`)).mtime;
  const again = await findFolder(second);
  assert.deepEqual([again.name, again.revision, again.folder], ["b.gguf", model.revision, model.folder]);
  assert.deepEqual((await Deno.stat(`${model.folder}/model.safetensors`)).mtime, made);
  // Workers open the folder, not the file.
  assert.equal((await findFolder(model.folder!)).revision, model.revision);
  const settings = JSON.parse(await Deno.readTextFile(`${model.folder}/tokenizer_config.json`));
  assert.equal(settings.chat_template, "{{ messages }}");
  const backbone = await model.open();
  assert.deepEqual([...await backbone.encode("abc <tool>", 16)], [0, 7, 4, 6, 8]);
  assert.equal(await backbone.decode!([0, 7, 4, 1]), "abc");
  assert.notEqual((await findFolder(await fileOf(tinyLlama()))).folder, model.folder);
});

Deno.test("version 2, any alignment, and output weights other than the word embeddings are read", async () => {
  const file = tinyLlama();
  file.metadata["general.alignment"] = 8;
  file.tensors["output.weight"] = file.tensors["token_embd.weight"];
  const { bytes } = writeGguf(file);
  bytes[4] = 2;
  const folder = await makeFolder({ "tiny.gguf": bytes });
  const model = await findFolder(`${folder}/tiny.gguf`);
  const values = await valuesOf(`${model.folder}/model.safetensors`);
  const expected = new Float32Array(file.tensors["output.weight"].bytes.slice().buffer);
  assert.deepEqual(values["lm_head.weight"], expected);
});

Deno.test("calls at the same time get one folder, and a damaged one is replaced", async () => {
  const file = tinyLlama();
  file.metadata["general.name"] = "asked at once";
  const path = await fileOf(file);
  const [{ folder, revision }, ...others] = await Promise.all([1, 2, 3, 4].map(() => findFolder(path)));
  assert(others.every((model) => model.folder === folder && model.revision === revision));
  const files = Array.from(Deno.readDirSync(folder!), ({ name }) => name).sort();
  const whole = await Deno.readFile(`${folder}/model.safetensors`);
  // As a process leaves it that is killed before it has written the revision.
  await Deno.remove(`${folder}/revision`);
  await Deno.truncate(`${folder}/model.safetensors`, 1000);
  assert.equal((await findFolder(path)).revision, revision);
  assert.deepEqual(await Deno.readFile(`${folder}/model.safetensors`), whole);
  for (const damage of ["model.safetensors", "tokenizer.json", "config.json", "revision"]) {
    await Deno.truncate(`${folder}/${damage}`, 20);
    assert.equal((await findFolder(path)).revision, revision, damage);
    assert.deepEqual(await Deno.readFile(`${folder}/model.safetensors`), whole);
    await Deno.remove(`${folder}/${damage}`);
    assert.equal((await findFolder(path)).revision, revision, damage);
  }
  assert.deepEqual(Array.from(Deno.readDirSync(folder!), ({ name }) => name).sort(), files);
});
