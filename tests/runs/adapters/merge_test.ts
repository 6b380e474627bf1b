import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { cpu } from "../../../engine/devices/cpu.ts";
import { methods } from "../../../methods/mod.ts";
import { compose } from "../../../methods/adaptation/compose.ts";
import { findFolder, models } from "../../../models/mod.ts";
import { validateAdapter } from "../../../runs/adapters/validate.ts";
import { asLanguageModel, trainableLanguageModel } from "../../../runs/programs/language-model.ts";
import { mergeAdapter } from "../../../runs/adapters/merge.ts";
import type { SignedProgram } from "../../../runs/programs/classifier.ts";
import { UsageError } from "../../../base/errors.ts";
import { folders, readValues } from "../../golden/files.ts";
import { Golden, type GoldenTask } from "../../golden/golden.ts";
import { difference } from "../../models/eager.ts";
import { makeFolder } from "../../models/folder/copies.ts";

const golden = fileURLToPath(new URL("../../golden/", import.meta.url));

/** Logits of the model of a folder for the inputs of golden values. */
async function logitsOf(folder: string, { task, inputs }: Golden): Promise<Float32Array> {
  const opened = await (await findFolder(folder)).open();
  const written = await readValues(`${folder}/model.safetensors`);
  let signed: SignedProgram;
  let parameters: Record<string, Float32Array> = {};
  if (task === "cls") {
    const { id2label } = JSON.parse(await Deno.readTextFile(`${folder}/config.json`));
    const head = opened.head!.parameters(Object.keys(id2label).length);
    parameters = Object.fromEntries(head.map(({ name }) => [name, written[name]]));
    signed = {
      program: ({ weights, parameters, inputs }) => ({
        scores: opened.head!.classify(opened.forward(weights, inputs, {}), parameters),
      }),
      signature: {
        weights: opened.stored,
        parameters: Object.fromEntries(head.map(({ name, shape }) => [name, shape])),
        inputs: opened.inputs,
      },
    };
  } else {
    const backbone = asLanguageModel(opened);
    signed = trainableLanguageModel(backbone, compose([], backbone)).scores;
  }
  const executable = await cpu.compile(signed.program, signed.signature, { threads: 1 });
  const own = Object.fromEntries(Object.keys(signed.signature.inputs).map((name) => [name, inputs[name]]));
  const { scores } = await executable.run({ parameters, inputs: own });
  await executable.release();
  return scores;
}

const foldable = Object.values(methods).filter(({ merged, name }) => merged || name === "ln-tuning");
/** Merges every adapter of a model that can be folded, and counts the merges and the weights that were compared. */
async function compareMerged(root: string, arch: string, task: GoldenTask) {
  let [merges, compared] = [0, 0];
  const place = `${golden}${root}/${arch}`;
  const model = await findFolder(`${place}/model`);
  const values = await Golden.open(golden + root, arch, task);
  for (const method of await folders(`${place}/${task}`)) {
    const adapter = `${place}/${task}/${method}/adapter`;
    const found = await validateAdapter(adapter, model.shape).catch(() => undefined);
    if (!found?.parts.every(({ method }) => foldable.includes(method))) continue;
    const out = `${await makeFolder({})}/merged`;
    await mergeAdapter(adapter, out, model);
    const { logits, merged_logits, ...others } = await readValues(
      `${place}/${task}/${method}/values.safetensors`,
    );
    const expected = merged_logits ?? logits;
    const actual = values.cut(await logitsOf(out, values), expected);
    const worst = difference(actual, expected);
    assert(worst < 1e-4, `${method}: logits differ by ${worst}`);
    merges++;
    const written = await readValues(`${out}/model.safetensors`);
    for (const [name, weight] of Object.entries(others)) {
      if (!name.startsWith("merged_weight.")) continue;
      assert(difference(written[name.slice("merged_weight.".length)], weight) < 1e-5, name);
      compared++;
    }
  }
  return { merges, compared };
}

Deno.test("golden adapters folded into their model's weights give the logits of PEFT", async (t) => {
  let [merges, compared] = [0, 0];
  for (const root of ["A", "T5A"]) {
    for (const arch of await folders(golden + root)) {
      for (const task of (await folders(`${golden}${root}/${arch}`)).filter((name) => name !== "model")) {
        await t.step(`${arch}, ${task}`, async () => {
          const counts = await compareMerged(root, arch, task as GoldenTask);
          merges += counts.merges;
          compared += counts.compared;
        });
      }
    }
  }
  assert.equal(merges, 26);
  assert.equal(compared, 7);
});

Deno.test("a merged folder says what it is, and keeps the tokenizer", async () => {
  const model = await makeFolder({ "vocab.txt": "[PAD]\n[UNK]\n[CLS]\n[SEP]" });
  for (const name of ["config.json", "model.safetensors"]) {
    await Deno.copyFile(`${golden}A/bert/model/${name}`, `${model}/${name}`);
  }
  const out = `${await makeFolder({})}/merged`;
  await mergeAdapter(`${golden}A/bert/cls/lora/adapter`, out, await findFolder(model));
  const files = [];
  for await (const { name } of Deno.readDir(out)) files.push(name);
  assert.deepEqual(files.sort(), ["config.json", "model.safetensors", "vocab.txt"]);
  assert.match(await Deno.readTextFile(`${out}/config.json`), /"hidden_dropout_prob": 0\.0,/);
  const { architectures, id2label, label2id, num_labels } = JSON.parse(await Deno.readTextFile(`${out}/config.json`));
  assert.deepEqual({ architectures, id2label, label2id, num_labels }, {
    architectures: ["BertForSequenceClassification"],
    id2label: { 0: "LABEL_0", 1: "LABEL_1" },
    label2id: { LABEL_0: 0, LABEL_1: 1 },
    num_labels: 2,
  });
});

Deno.test("merging copies nothing from outside the model's folder through a link, and leaves no folder", async () => {
  const model = await makeFolder({});
  const secret = `${await makeFolder({ secret: "not of the model" })}/secret`;
  for (const name of ["config.json", "model.safetensors"]) {
    await Deno.copyFile(`${golden}A/bert/model/${name}`, `${model}/${name}`);
  }
  await Deno.symlink(secret, `${model}/generation_config.json`);
  const parent = await makeFolder({});
  await assert.rejects(
    async () => await mergeAdapter(`${golden}A/bert/cls/lora/adapter`, `${parent}/merged`, await findFolder(model)),
    { message: `Cannot read ${model}/generation_config.json: links must stay inside its folder, it leads elsewhere` },
  );
  assert.deepEqual(await Array.fromAsync(Deno.readDir(parent)), []);
});

Deno.test("an adapter that cannot be merged is refused as a usage error", async () => {
  const [bert, gpt2] = [await findFolder(`${golden}A/bert/model`), await findFolder(`${golden}A/gpt2/model`)];
  const fresh = `${await makeFolder({})}/merged`;
  const cls = `${golden}A/bert/cls`;
  const refused = async (message: RegExp, folder: string, model = bert, out = fresh) => {
    await assert.rejects(mergeAdapter(folder, out, model), (error: Error) => {
      assert.match(error.message, message);
      return error instanceof UsageError;
    });
    await assert.rejects(Deno.stat(fresh), Deno.errors.NotFound);
  };
  for (const name of ["prompt", "ptuning_mlp", "prefix"]) {
    await refused(
      /^Cannot merge .*: a method must change the model's weights, \S+ adds to the model instead$/,
      `${cls}/${name}/adapter`,
    );
  }
  await refused(/prefix-tuning adds to the model/, `${cls}/lora_prefix`);
  await refused(/^Cannot merge .*: it must have a classifier, it has none$/, `${cls}/lora_prefix/lora`);
  await refused(/^Cannot write .*: there must be no such file or folder yet$/, `${cls}/lora/adapter`, bert, golden);
  await refused(
    /^Cannot merge into the model use-lite: it must lie in a folder/,
    `${cls}/lora/adapter`,
    models["use-lite"],
  );
  await refused(/must fit the model|targets must/, `${cls}/lora/adapter`, gpt2);
  await refused(/there must be such a folder, it was looked for at \/.*nowhere$/, "./nowhere");
});
