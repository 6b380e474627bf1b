import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { findFolder } from "../../../models/mod.ts";
import { mergeAdapter } from "../../../runs/adapters/merge.ts";
import { classifierOf, classNames } from "../../../runs/adapters/model-classes.ts";
import { openPredictor } from "../../../runs/predict/predictor.ts";
import { readValues } from "../../golden/files.ts";
import { inFolder } from "../../in-folder.ts";
import { difference } from "../../models/eager.ts";

const cases = fileURLToPath(new URL("../../golden/cases/", import.meta.url));
const readJson = async (path: string) => JSON.parse(await Deno.readTextFile(path));
/** What PEFT computes, before any softmax or sigmoid (tests/golden/kinds.py). */
const { answers }: { answers: Record<string, number[][]> } = await readJson(`${cases}../kinds.json`);

Deno.test("a merged folder keeps the class names of its model, and is the one that PEFT merges", () =>
  inFolder({}, async (folder) => {
    const place = `${cases}labels-after-merge`;
    await mergeAdapter(`${place}/adapter`, `${folder}/merged`, await findFolder(`${place}/model`));
    assert.deepEqual(
      await readJson(`${folder}/merged/config.json`),
      await readJson(`${place}/merged-by-peft/config.json`),
    );
    const [ours, theirs] = await Promise.all(
      [`${folder}/merged`, `${place}/merged-by-peft`].map((path) => readValues(`${path}/model.safetensors`)),
    );
    for (const [name, weight] of Object.entries(ours)) assert(difference(weight, theirs[name]) < 1e-5, name);
  }));

Deno.test("an adapter that PEFT made answers with the class names of its model", async () => {
  const place = `${cases}labels-after-merge`;
  const expected: number[][] = await readJson(`${place}/expected.json`);
  const predictor = await openPredictor({ model: `${place}/model`, adapters: [`${place}/adapter`], threads: 1 });
  const texts = (await Deno.readTextFile(`${place}/input.txt`)).trimEnd().split("\n");
  const answers = await Array.fromAsync(predictor.predict(texts));
  await predictor.release();
  assert.equal(answers.length, expected.length);
  for (const [at, answer] of answers.entries()) {
    assert("probabilities" in answer);
    for (const [label, name] of ["negative", "neutral", "positive"].entries()) {
      assert(Math.abs(answer.probabilities[name] - expected[at][label]) < 1e-4, `${at} ${name}`);
    }
  }
});

Deno.test("an adapter of a regression answers with the number that PEFT computes, and its merged folder keeps what the config says", () =>
  inFolder({}, async (folder) => {
    const place = `${cases}problem-types`;
    const expected: number[][] = answers["problem-types"];
    const texts = (await Deno.readTextFile(`${place}/input.txt`)).trimEnd().split("\n");
    await mergeAdapter(`${place}/adapter-regression`, `${folder}/merged`, await findFolder(`${place}/regression`));
    assert.deepEqual(await readJson(`${folder}/merged/config.json`), await readJson(`${place}/regression/config.json`));
    const predictor = await openPredictor({
      model: `${place}/regression`,
      adapters: [`${place}/adapter-regression`],
      threads: 1,
    });
    assert.deepEqual(predictor.adapters.map(({ kind, labels }) => [kind, labels]), [["regression", []]]);
    const found = await Array.fromAsync(predictor.predict(texts));
    await predictor.release();
    found.forEach((answer, at) => {
      assert("value" in answer);
      assert(Math.abs(answer.value - expected[at][0]) < 1e-4, `${answer.value}, not ${expected[at][0]}`);
    });
  }));

Deno.test("an adapter of several labels, as the config of its model or beside it says, answers with PEFT's probabilities", async () => {
  const place = `${cases}labels-after-merge`;
  const texts = (await Deno.readTextFile(`${place}/input.txt`)).trimEnd().split("\n");
  const config = { ...await readJson(`${place}/model/config.json`), problem_type: "multi_label_classification" };
  const copy = async (from: string, to: string) => {
    await Deno.mkdir(to, { recursive: true });
    for await (const { name } of Deno.readDir(from)) await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
  };
  await inFolder({}, async (folder) => {
    await copy(`${place}/model`, `${folder}/model`);
    await copy(`${place}/adapter`, `${folder}/adapter`);
    await Deno.writeTextFile(`${folder}/model/config.json`, JSON.stringify(config));
    await Deno.writeTextFile(`${folder}/adapter/config.json`, JSON.stringify(config));
    for (const [model, adapter] of [[`${folder}/model`, `${place}/adapter`], [`${place}/model`, `${folder}/adapter`]]) {
      const predictor = await openPredictor({ model, adapters: [adapter], threads: 1 });
      const found = await Array.fromAsync(predictor.predict(texts));
      await predictor.release();
      found.forEach((answer, at) => {
        assert("labels" in answer);
        ["negative", "neutral", "positive"].forEach((name, label) => {
          const probability = 1 / (1 + Math.exp(-answers["labels-after-merge"][at][label]));
          assert(Math.abs(answer.probabilities[name] - probability) < 1e-4, `${at} ${name}`);
          assert.equal(answer.labels.includes(name), answer.probabilities[name] >= 0.5);
        });
      });
    }
    await mergeAdapter(`${folder}/adapter`, `${folder}/merged`, await findFolder(`${place}/model`));
    const { problem_type, id2label } = await readJson(`${folder}/merged/config.json`);
    assert.deepEqual([problem_type, id2label], [config.problem_type, config.id2label]);
  });
});

Deno.test("classes are those that a config has names for, and a classifier is of the kind that transformers takes it for", () => {
  assert.deepEqual(classNames(2, { id2label: { 0: "a", 1: "b" } }), ["a", "b"]);
  for (const id2label of [undefined, null, "ab", { 0: "a" }, { 0: "a", 1: 2 }, { 0: "a", 2: "b" }]) {
    assert.equal(classNames(2, { id2label }), undefined);
  }
  const kindOf = (outputs: number, problem_type?: unknown) => classifierOf(outputs, { problem_type }).kind;
  assert.equal(kindOf(2), "classification");
  assert.equal(kindOf(3, "single_label_classification"), "classification");
  assert.equal(kindOf(3, "multi_label_classification"), "multi-label");
  assert.equal(kindOf(1), "regression");
  assert.equal(kindOf(1, "regression"), "regression");
  assert.throws(() => kindOf(3, "regression"), /^Error: its classifier must have one output, .*, it has 3$/);
});
