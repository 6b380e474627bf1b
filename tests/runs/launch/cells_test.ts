import assert from "node:assert/strict";
import { methods } from "../../../methods/mod.ts";
import type { CommonOptions } from "../../../methods/types.ts";
import { models } from "../../../models/mod.ts";
import { cellsOf } from "../../../runs/launch/cells.ts";
import { presets } from "../../../runs/study/presets.ts";
import { methodName, runId } from "../../../runs/study/spec.ts";
import type { Study } from "../../../runs/study/study.ts";
import { refused, study } from "./small-study.ts";

Deno.test("quick has 48 cells and standard 225", async () => {
  assert.equal((await cellsOf(presets.quick.study)).length, 48);
  assert.equal((await cellsOf(presets.standard.study)).length, 225);
});

Deno.test("cells are named by their spec and go seed by seed", async () => {
  const cells = await cellsOf(presets.quick.study);
  assert.ok(cells.every(({ id, spec }) => id === runId(spec)));
  assert.equal(new Set(cells.map(({ id }) => id)).size, 48);
  const seeds = cells.map(({ spec }) => spec.seed);
  assert.deepEqual(seeds, seeds.toSorted());
});

Deno.test("the methods that train least come first", async () => {
  const { shape } = models["use-lite"];
  const cells = await cellsOf(study({ methods: presets.quick.study.methods }));
  const trained = cells.map(({ spec }) =>
    spec.method.reduce(
      (sum, { name, options }) => sum + methods[name].count(shape, options as unknown as CommonOptions),
      0,
    )
  );
  assert.equal(trained.length, 8);
  assert.deepEqual(trained, trained.toSorted((a, b) => a - b));
});

Deno.test("every option of a method is in the spec, defaults filled in", async () => {
  const [{ spec }] = await cellsOf(study({ methods: [{ lora: { rank: 4 } }] }));
  assert.deepEqual(spec.method, [{ name: "lora", options: { ...methods.lora.options.parse({}), rank: 4 } }]);
});

Deno.test("joined methods train for the longest of their parts' epochs, which every part's options state", async () => {
  const [{ spec }] = await cellsOf(study({ methods: [{ lora: { epochs: 2 }, "prompt-tuning": { epochs: 5 } }] }));
  assert.equal(spec.training.epochs, 5);
  assert.deepEqual(spec.method.map(({ options }) => options.epochs), [5, 5]);
});

Deno.test("a study's epochs stand for a method's default, and for the same number in the method's options", async () => {
  const cells = await cellsOf(study({ methods: ["lora", { bitfit: { epochs: 7 } }], training: { epochs: 7 } }));
  const epochs = new Map(cells.map(({ spec }) => [methodName(spec), spec.training.epochs]));
  assert.deepEqual(Object.fromEntries(epochs), { bitfit: 7, lora: 7 });
});

Deno.test("a study's step size of the classifier is that of a method that trains nothing else", async () => {
  const [{ spec }] = await cellsOf(study({ methods: ["linear-probe"], training: { headLearningRate: 0.25 } }));
  assert.equal(spec.training.headLearningRate, 0.25);
  assert.equal(spec.method[0].options.learningRate, 0.25);
});

Deno.test("a study and a method's options that give different values are refused with both values", async () => {
  await refused(
    { methods: [{ bitfit: { epochs: 2 } }], training: { epochs: 7 } },
    /^Cannot train bitfit: its epochs and training\.epochs must not differ, current values are 2 and 7$/,
  );
  await refused(
    { methods: [{ "linear-probe": { learningRate: 0.5 } }], training: { headLearningRate: 0.25 } },
    /^Cannot train linear-probe: its learningRate and training\.headLearningRate must not differ, .* 0\.5 and 0\.25$/,
  );
});

Deno.test("a method's version is part of a run's id from 2 on", async () => {
  const [{ spec, id }] = await cellsOf(study({ methods: ["lora"] }));
  assert.ok(!Object.hasOwn(spec.method[0], "version"));
  const { lora } = methods;
  try {
    methods.lora = { ...lora, version: 2 };
    const [second] = await cellsOf(study({ methods: ["lora"] }));
    assert.equal(second.spec.method[0].version, 2);
    assert.notEqual(second.id, id);
  } finally {
    methods.lora = lora;
  }
});

Deno.test("the classifier has its own step size, which is the method's where the method trains nothing else", async () => {
  const cells = await cellsOf(study({ methods: ["lora", { "linear-probe": { learningRate: 0.5 } }] }));
  const rates = Object.fromEntries(cells.map(({ spec }) => [methodName(spec), spec.training.headLearningRate]));
  assert.deepEqual(rates, { "linear-probe": 0.5, lora: 3e-3 });
  const [{ spec }] = await cellsOf(study({ training: { headLearningRate: 0.25, batchSize: 8 } }));
  assert.equal(spec.training.headLearningRate, 0.25);
  assert.equal(spec.training.batchSize, 8);
});

Deno.test("a cell that a study asks for twice is refused, however it is written", async () => {
  const twice: [Partial<Study>, RegExp][] = [
    [{ methods: ["lora+prompt-tuning", { lora: {}, "prompt-tuning": {} }] }, /it has lora\+prompt-tuning on .* twice/],
    [{ methods: ["bitfit", "bitfit"] }, /it has bitfit on sentiment\/amazon with use-lite and seed 0 twice/],
    [{ seeds: [4, 0, 4] }, /seed 4 twice with the same options$/],
    [{ tasks: ["sentiment/imdb", "sentiment/imdb"] }, /on sentiment\/imdb .* twice/],
    [{ models: ["use-lite", "use-lite"] }, /with use-lite .* twice/],
    // 8 is the default.
    [{ methods: ["lora", { lora: { rank: { grid: [8, 4] } } }] }, /it has lora on .* twice/],
  ];
  for (const [changes, message] of twice) await refused(changes, message);
});

Deno.test("unknown names are refused with the nearest one", async () => {
  await refused({ methods: ["lorra"] }, /^Cannot find method lorra: the nearest name is lora$/);
  await refused({ methods: ["lora+promt-tuning"] }, /method promt-tuning: the nearest name is prompt-tuning/);
  await refused({ tasks: ["sentiment/amazn"] }, /task sentiment\/amazn: the nearest name is sentiment\/amazon/);
  await refused({ models: ["use-light"] }, /model use-light: the nearest name is use-lite/);
  await refused({ device: "cpux" }, /device cpux: the nearest name is cpu/);
  await refused({ methods: ["constructor"] }, /Cannot find method constructor/);
  await refused({ methods: ["lora+"] }, /Cannot find method/);
});

Deno.test("without a precision the format is float32, and saying so changes no id", async () => {
  // As it was before there was int8, with the epochs of then.
  const id = "511c7f9c851d0851";
  const earlier = { methods: [{ lora: { epochs: 4 } }], training: { patience: 0 } };
  for (const precision of [undefined, "float32"]) {
    const [cell] = await cellsOf(study({ ...earlier, precision }));
    assert.equal(cell.spec.precision, "float32");
    assert.equal(cell.id, id);
  }
  const [cell] = await cellsOf(study({ precision: "int8" }));
  assert.equal(cell.spec.precision, "int8");
  assert.notEqual(cell.id, id);
});

Deno.test("int8 is refused where no matrix stays frozen and on devices that have none", async () => {
  const int8 = { precision: "int8" };
  await refused({ ...int8, methods: ["lora", "full"] }, /^Cannot train full in int8: matrices must stay frozen/);
  await refused({ ...int8, methods: ["full+lora"] }, /^Cannot train full\+lora in int8/);
  await refused({ ...int8, device: "js" }, /^Cannot compute in int8: the device must be cpu, current value is js$/);
  await refused({ precision: "int9" }, /^Cannot find precision int9: the nearest name is int8$/);
  assert.equal(
    (await cellsOf(study({ ...int8, methods: ["bitfit", "lora+prompt-tuning", "linear-probe"] }))).length,
    3,
  );
});

Deno.test("options out of range and unknown options are refused", async () => {
  await refused({ methods: [{ lora: { rank: 0 } }] }, /lora.*rank.*current value is 0/);
  await refused(
    { methods: [{ "prefix-tuning": { prefixLength: 0 } }] },
    /prefix-tuning.*prefixLength.*current value is 0/,
  );
  await refused({ methods: [{ lora: { learningRate: -1 } }] }, /lora.*learningRate.*current value is -1/);
  await refused({ methods: [{ lora: { rnk: 4 } }] }, /lora.*rnk.*nearest name is rank/);
});

Deno.test("a method cannot be joined with itself, nor two that train the same weight", async () => {
  await refused({ methods: ["full+bitfit"] }, /^Cannot join full and bitfit/);
  await refused({ methods: ["lora+lora"] }, /^Cannot join lora with itself/);
});

Deno.test("ranks and lengths beyond what the model has are refused with the bound, before anything is trained", async () => {
  // The matrices that LoRA adapts in use-lite are 256 × 768 and 512 × 1536; texts and virtual tokens have 512 positions.
  const bounds: [Partial<Study>, Partial<Study>, RegExp][] = [
    [
      { methods: [{ lora: { rank: 512 } }] },
      { methods: [{ lora: { rank: 100_000 }, "prompt-tuning": {} }] },
      /^Cannot use lora: rank must be at most 512, the smaller dimension of the largest matrix .*, current value is 100000$/,
    ],
    [
      { methods: [{ vera: { rank: 16_384 } }] },
      { methods: [{ vera: { rank: 100_000 } }] },
      /^Cannot use vera: rank must be at most 16384, current value is 100000$/,
    ],
    [
      { training: { maxLength: 512 } },
      { training: { maxLength: 100_000 } },
      /^Cannot use the model use-lite: training\.maxLength must be at most its 512 positions, current value is 100000$/,
    ],
  ];
  for (const [within, beyond, message] of bounds) {
    assert.equal((await cellsOf(study(within))).length, 1);
    await refused(beyond, message);
  }
  await refused({ methods: [{ lora: { rank: 513 } }] }, /at most 512/);
});

Deno.test("few examples are in the spec as numbers of all classes, and all that are left are tested", async () => {
  const [{ spec }] = await cellsOf(study({ tasks: ["wordnet/verb"], data: { perClass: 16 } }));
  assert.deepEqual(spec.data, { train: 208, validation: 208, test: 1950 - 416, perClass: 16 });
  const cells = await cellsOf(study({ data: { perClass: { grid: [4, 8] }, test: 50 } }));
  assert.deepEqual(cells.map(({ spec: { data } }) => data), [
    { train: 8, validation: 8, test: 50, perClass: 4 },
    { train: 16, validation: 16, test: 50, perClass: 8 },
  ]);
});

Deno.test("few examples are refused where they are asked for in two ways, of no classes, or of too few", async () => {
  await refused(
    { data: { perClass: 16, train: 30 } },
    /^Cannot run the study: data must have perClass or train, it has both$/,
  );
  await refused({ data: { train: 30, test: 3 } }, /data must have train, validation and test, or perClass/);
  await refused(
    { data: { perClass: 300 } },
    /^Cannot split the task sentiment\/amazon: train must have 300 examples of each class, \w+ has \d+, of which \d+ are left beside the other splits$/,
  );
});
