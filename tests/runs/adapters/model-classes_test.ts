import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { UsageError } from "../../../base/errors.ts";
import { findFolder } from "../../../models/mod.ts";
import { mergeAdapter } from "../../../runs/adapters/merge.ts";
import { classNames, requireClasses } from "../../../runs/adapters/model-classes.ts";
import { openPredictor } from "../../../runs/predict/predictor.ts";
import { readValues } from "../../golden/files.ts";
import { inFolder } from "../../in-folder.ts";
import { difference } from "../../models/eager.ts";

const cases = fileURLToPath(new URL("../../golden/cases/", import.meta.url));
const readJson = async (path: string) => JSON.parse(await Deno.readTextFile(path));

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

Deno.test("an adapter of a regression is refused by predict, and its merged folder keeps what the config says", () =>
  inFolder({}, async (folder) => {
    const place = `${cases}problem-types`;
    await assert.rejects(
      openPredictor({ model: `${place}/regression`, adapters: [`${place}/adapter-regression`], threads: 1 }),
      (error: Error) => {
        assert.match(
          error.message,
          /^Cannot use the adapter .*adapter-regression: its classifier must choose one class, it is one of regression; such heads come with a later version$/,
        );
        return error instanceof UsageError;
      },
    );
    await mergeAdapter(`${place}/adapter-regression`, `${folder}/merged`, await findFolder(`${place}/regression`));
    assert.deepEqual(await readJson(`${folder}/merged/config.json`), await readJson(`${place}/regression/config.json`));
  }));

Deno.test("classes are those that a config has names for, and heads of other problems are named", () => {
  assert.deepEqual(classNames(2, { id2label: { 0: "a", 1: "b" } }), ["a", "b"]);
  for (const id2label of [undefined, null, "ab", { 0: "a" }, { 0: "a", 1: 2 }, { 0: "a", 2: "b" }]) {
    assert.equal(classNames(2, { id2label }), undefined);
  }
  requireClasses(2, {});
  requireClasses(3, { problem_type: "single_label_classification" });
  assert.throws(() => requireClasses(1, {}), /it is one of regression/);
  assert.throws(() => requireClasses(3, { problem_type: "regression" }), /it is one of regression/);
  assert.throws(
    () => requireClasses(3, { problem_type: "multi_label_classification" }),
    /one of several labels at once/,
  );
});
