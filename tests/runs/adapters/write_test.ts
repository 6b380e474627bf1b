import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { storedForm } from "../../../methods/adaptation/stored-form.ts";
import { sizeOf } from "../../../base/shapes.ts";
import { Random } from "../../../base/random.ts";
import { type NamedArray, readHeader } from "../../../engine/safetensors.ts";
import { compose, type Part } from "../../../methods/adaptation/compose.ts";
import { plainHead } from "../../../models/layers/head.ts";
import { architectures, findFolder, models } from "../../../models/mod.ts";
import type { BackboneShape } from "../../../models/types.ts";
import { writeAdapter } from "../../../runs/adapters/write.ts";
import { validateAdapter } from "../../../runs/adapters/validate.ts";
import { adapterValues } from "../../../runs/adapters/values.ts";
import { folders, readTensors } from "../../golden/files.ts";
import { variant } from "../../methods/variants.ts";
import { makeFolder } from "../../models/folder/copies.ts";

const golden = fileURLToPath(new URL("../../golden/", import.meta.url));
const rootOf = (arch: string) => arch === "t5" ? "T5A" : "A";
const shapeOf = async (arch: string): Promise<BackboneShape> =>
  arch === "use-lite" ? models[arch].shape : (await findFolder(`${golden}${rootOf(arch)}/${arch}/model`)).shape;

const prompt = variant("prompt-tuning", { virtualTokens: 3 });
const lora = variant("lora", { rank: 3, alpha: 5 });
const prefix = variant("prefix-tuning", { prefixLength: 3 });
const combinations: Part[][] = [
  [variant("linear-probe")],
  [variant("full")],
  [variant("bitfit")],
  [variant("ln-tuning")],
  [prompt],
  [variant("prompt-tuning", { virtualTokens: 3, reading: "peft", start: "labels" })],
  [variant("p-tuning", { virtualTokens: 3, hidden: 5 })],
  [variant("p-tuning", { virtualTokens: 3, hidden: 5, encoder: "lstm", lstmLayers: 1 })],
  [prefix],
  [variant("prefix-tuning", { prefixLength: 3, reparameterisation: 5 })],
  [variant("prefix-tuning", { prefixLength: 3, reading: "peft" })],
  [lora],
  [variant("lora", { rank: 2, dora: true })],
  [variant("ia3")],
  [variant("adapter", { bottleneck: 4 })],
  [lora, prompt],
  [prefix, lora],
  [variant("ia3"), variant("ln-tuning")],
];

/** Every tensor that methods and a classifier of three classes train, filled with random numbers. */
function randomValues(parts: Part[], shape: BackboneShape): { values: Record<string, NamedArray>; head: string[] } {
  const { parameters, trains } = compose(parts, shape);
  const head = (shape.head ?? plainHead(shape.featureWidth)).parameters(3);
  const shapes = [
    ...parameters,
    ...trains.map(({ name }) => ({ name, shape: shape.weights[name] })),
    ...head,
  ];
  const values = shapes.map(({ name, shape }) => {
    const random = new Random(1, name);
    const length = sizeOf(shape);
    return [name, { shape: [...shape], data: Float32Array.from({ length }, () => random.normal()) }] as const;
  });
  return { values: Object.fromEntries(values), head: head.map(({ name }) => name) };
}

const isPeft = (parts: Part[], shape: BackboneShape) =>
  parts.map(({ method, options }) => storedForm(method, shape, options).config !== null);

for (const arch of [...Object.keys(architectures), "use-lite"]) {
  Deno.test(`adapters of every method on ${arch} are read as they were written, and are as large as the methods say`, async () => {
    const shape = await shapeOf(arch);
    for (const parts of combinations) {
      // As large as use-lite itself.
      if (arch === "use-lite" && parts[0].method.name === "full") continue;
      const adaptation = compose(parts, shape);
      const { values, head } = randomValues(parts, shape);
      const folder = `${await makeFolder({})}/adapter`;
      const method = parts.map(({ method, options }) => ({ name: method.name, options: { ...options } }));
      await writeAdapter(folder, adaptation, values, head, {
        note: {
          version: 1,
          run: "run",
          model: { name: "org/name@main", revision: "commit" },
          task: { name: "task", version: 1, kind: "classification", labels: ["a", "b", "c"] },
          method,
          maxLength: 8,
        },
      });
      const found = await validateAdapter(folder, shape, { name: "org/name", revision: "commit" });
      const title = JSON.stringify(method);
      assert.deepEqual(found.note!.forms, isPeft(parts, shape).map((peft) => peft ? "peft" : "tunebench"), title);
      assert.deepEqual(found.parts.map(({ method, options }) => ({ name: method.name, options })), method, title);
      const read = await adapterValues(found, shape);
      assert.deepEqual(Object.keys(read).sort(), Object.keys(values).sort(), title);
      for (const [name, value] of Object.entries(values)) assert.deepEqual(read[name], value, `${title} ${name}`);

      let stored = 0;
      for (const part of found.parts) {
        for (const { shape } of Object.values(await readHeader(`${part.folder}/adapter_model.safetensors`))) {
          stored += sizeOf(shape);
        }
        const config = await Deno.readTextFile(`${part.folder}/adapter_config.json`).then(JSON.parse, () => null);
        assert.equal(config !== null, isPeft([part], shape)[0], title);
        if (config) assert.deepEqual([config.base_model_name_or_path, config.revision], ["org/name", "commit"]);
      }
      const ofHead = head.reduce((sum, name) => sum + values[name].data.length, 0);
      assert.equal(stored, adaptation.storedCount + ofHead, title);
    }
  });
}

Deno.test("PEFT loads methods with virtual tokens last: their folder has the classifier, whatever the order of the parts", async () => {
  const shape = await shapeOf("bert");
  for (const parts of [[lora, prompt], [prompt, lora], [prefix, lora]]) {
    const { values, head } = randomValues(parts, shape);
    const folder = `${await makeFolder({})}/adapter`;
    await writeAdapter(folder, compose(parts, shape), values, head);
    const [outer] = parts.filter(({ method }) => method.virtualTokens);
    const keys = Object.keys(await readHeader(`${folder}/${outer.method.name}/adapter_model.safetensors`));
    assert(keys.includes("base_model.classifier.weight"));
    const inner = JSON.parse(await Deno.readTextFile(`${folder}/lora/adapter_config.json`));
    assert.deepEqual([inner.task_type, inner.modules_to_save], [null, null]);
    assert(!Object.keys(await readHeader(`${folder}/lora/adapter_model.safetensors`)).join().includes("classifier"));
  }
});

/** Names of the modules that end in one of these. */
function modulesEndingIn({ linears, norms }: BackboneShape, ends: string[]): string[] {
  return [...linears.map(({ name }) => name), ...norms].filter((name) =>
    ends.some((end) => `.${name}`.endsWith(`.${end}`))
  );
}

const taskFields: Record<string, Record<string, unknown> | undefined> = {
  lm: { task_type: "CAUSAL_LM", modules_to_save: null },
  s2s: { task_type: "SEQ_2_SEQ_LM", modules_to_save: null },
};

for (const arch of Object.keys(architectures)) {
  Deno.test(`adapters that PEFT made for ${arch} are written again as they were`, async () => {
    const shape = await shapeOf(arch);
    const place = `${golden}${rootOf(arch)}/${arch}`;
    let compared = 0;
    for (const task of (await folders(place)).filter((name) => name !== "model")) {
      for (const name of await folders(`${place}/${task}`)) {
        const caseFolder = `${place}/${task}/${name}`;
        const [only, ...others] = await folders(caseFolder);
        if (only === undefined) continue;
        // PEFT has no place for an encoder; here it lies beside what it made.
        const source = await makeFolder({});
        for (const part of others.length > 0 ? [only, ...others] : [""]) {
          await Deno.mkdir(`${source}/${part}`, { recursive: true });
          for (const file of ["adapter_config.json", "adapter_model.safetensors"]) {
            await Deno.copyFile(`${caseFolder}/${part || only}/${file}`, `${source}/${part}/${file}`);
          }
        }
        await Deno.copyFile(`${caseFolder}/encoder.safetensors`, `${source}/encoder.safetensors`).catch(() => {});
        const found = await validateAdapter(source, shape);
        const values = await adapterValues(found, shape);
        const out = `${await makeFolder({})}/adapter`;
        const head = Object.keys(values).filter((key) => found.parts.some(({ head }) => Object.hasOwn(head, key)));
        await writeAdapter(out, compose(found.parts, shape), values, head, { peft: taskFields[task] });
        for (const part of found.parts) {
          const place = found.parts.length === 1 ? out : `${out}/${part.method.name}`;
          const config = await Deno.readTextFile(`${place}/adapter_config.json`).then(JSON.parse, () => null);
          // What PEFT does not have was made by a script of this project.
          if (!config) {
            assert(shape.withoutCache, caseFolder);
            continue;
          }
          const [expectedTensors, tensors] = await Promise.all(
            [part.folder, place].map((folder) => readTensors(`${folder}/adapter_model.safetensors`)),
          );
          // Projections that a seed makes again are not stored here.
          for (const key of Object.values(part.method.peft!.frozenKeys ?? {})) delete expectedTensors[key];
          assert.deepEqual(Object.keys(tensors).sort(), Object.keys(expectedTensors).sort(), caseFolder);
          for (const [key, { shape, data }] of Object.entries(expectedTensors)) {
            assert.deepEqual(tensors[key].shape, shape, `${caseFolder} ${key}`);
            // An encoder computes its output again.
            const exact = part.encoder === undefined;
            const near = (value: number, at: number) => exact ? value === data[at] : Math.abs(value - data[at]) < 1e-6;
            assert(tensors[key].data.every(near), `${caseFolder} ${key}`);
          }
          compared++;
          const expected = JSON.parse(await Deno.readTextFile(`${part.folder}/adapter_config.json`));
          expected.modules_to_save &&= [...new Set(expected.modules_to_save)];
          // For classes that PEFT loads a model of by itself.
          expected.auto_mapping = null;
          for (const [key, value] of Object.entries(config)) {
            if (key === "target_modules" || key === "feedforward_modules") {
              assert.deepEqual(
                modulesEndingIn(shape, value as string[]),
                modulesEndingIn(shape, expected[key]),
                `${caseFolder} ${key}`,
              );
            } else if (key !== "save_projection") assert.deepEqual(value, expected[key], `${caseFolder} ${key}`);
          }
        }
      }
    }
    assert(compared >= 3, `${compared}`);
  });
}
