import assert from "node:assert/strict";
import { renderEstimates } from "../../../cli/output/dry-run.ts";
import { titleOf } from "../../../reports/words.ts";
import { labelOf, labelsOf } from "../../../runs/study/labels.ts";
import { groupResults } from "../../../reports/results.ts";
import { cellsOf } from "../../../runs/launch/cells.ts";
import { presets } from "../../../runs/study/presets.ts";
import { settingId } from "../../../runs/study/spec.ts";
import type { Study } from "../../../runs/study/study.ts";
import { makeRecord } from "../../reports/record-factory.ts";
import { refused, study } from "./small-study.ts";

const { data } = presets.quick.study;
const grid: Partial<Study> = {
  methods: ["bitfit", { lora: { rank: { grid: [1, 4, 16] } } }],
  data: { ...data, train: { grid: [50, 200] } },
};
const ranksOf = (cells: Awaited<ReturnType<typeof cellsOf>>) =>
  cells.map(({ spec: { data, method: [{ options }] } }) => [data.train, options.rank ?? null]);

Deno.test("each point of a study's grids is a setting, the same as without a grid", async () => {
  const cells = await cellsOf(study({ ...grid, seeds: [0, 1] }));
  assert.equal(cells.length, 16);
  assert.equal(new Set(cells.map(({ spec }) => settingId(spec))).size, 8);
  const [single] = await cellsOf(study({ methods: [{ lora: { rank: 4 } }], data: { ...data, train: 200 } }));
  assert.ok(cells.some(({ id }) => id === single.id));
});

Deno.test("a grid of a training option makes cells of every method", async () => {
  const cells = await cellsOf(study({ methods: ["bitfit", "lora"], training: { weightDecay: { grid: [0, 0.1] } } }));
  assert.deepEqual(cells.map(({ spec }) => spec.training.weightDecay), [0, 0.1, 0, 0.1]);
});

Deno.test("exclude leaves out the cells that have what it says, as the study says it", async () => {
  const left = async (exclude: Study["exclude"]) => ranksOf(await cellsOf(study({ ...grid, exclude })));
  assert.deepEqual(await left([{ data: { train: 50 }, method: { lora: {} } }]), [
    [200, 1],
    [50, null],
    [200, null],
    [200, 4],
    [200, 16],
  ]);
  assert.deepEqual(await left([{ method: { lora: { rank: 16 } } }, { method: "bitfit" }]), [
    [50, 1],
    [200, 1],
    [50, 4],
    [200, 4],
  ]);
  // Where only some tasks are left out.
  const cells = await cellsOf(study({
    tasks: ["sentiment/amazon", "sentiment/imdb"],
    methods: ["bitfit", "lora"],
    exclude: [{ task: "sentiment/imdb", method: "lora" }],
  }));
  assert.deepEqual(cells.map(({ spec }) => [spec.task.name, spec.method[0].name]), [
    ["sentiment/amazon", "bitfit"],
    ["sentiment/amazon", "lora"],
    ["sentiment/imdb", "bitfit"],
  ]);
});

Deno.test("a point that cannot be trained is refused before anything is, unless it is excluded", async () => {
  const methods = [{ lora: { rank: { grid: [4, 100_000] } } }];
  await refused({ methods }, /^Cannot use lora: rank must be at most 512/);
  const exclude = [{ method: { lora: { rank: 100_000 } } }];
  assert.deepEqual(ranksOf(await cellsOf(study({ methods, exclude }))), [[data.train, 4]]);
  await refused(
    { methods: [{ lora: { epochs: { grid: [1, 2] } } }], training: { epochs: 1 } },
    /^Cannot train lora: its epochs and training\.epochs must not differ, current values are 2 and 1$/,
  );
});

Deno.test("a study without cells, with too many, or with an exclusion that matches none is refused", async () => {
  await refused({ exclude: [{ task: "sentiment/amazon" }] }, /^Cannot run the study: exclude must leave a cell/);
  await refused(
    { ...grid, exclude: [{ method: { lora: { rank: 17 } } }] },
    /^Cannot exclude \{"method":\{"lora":\{"rank":17\}\}\}: it must match a cell, .* it matches none$/,
  );
  const many = { grid: Array.from({ length: 1000 }, (_, at) => at + 1) };
  await refused(
    { methods: [{ lora: { rank: many, alpha: many } }], data: { ...data, train: many } },
    /^Cannot run the study: it must have at most 1000000 cells, current value is 1000000000$/,
  );
});

Deno.test("ten thousand cells of a grid are planned within seconds", async () => {
  const values = (length: number) => ({ grid: Array.from({ length }, (_, at) => at + 1) });
  const cells = await cellsOf(study({
    methods: [{ lora: { rank: values(10), alpha: values(10) } }],
    data: { ...data, train: values(10) },
    seeds: [...Array(10).keys()],
  }));
  assert.equal(cells.length, 10_000);
});

Deno.test("--dry-run and progress tell cells of one method apart by all that differs between them", async () => {
  const cells = await cellsOf(study(grid));
  assert.deepEqual(labelsOf(cells.map(({ spec }) => spec)).slice(0, 3), [
    "lora (rank 1, data.train 50)",
    "lora (rank 1, data.train 200)",
    "bitfit (data.train 50)",
  ]);
  const planned = { weights: 0, parameters: 0, gradients: 0, optimiser: 0, activations: 0, runtime: 0, total: 2 ** 20 };
  const estimate = { parameters: { trainable: 7, method: 7, head: 0, storedBytes: 0 }, planned, seconds: { value: 2 } };
  const [, first] = renderEstimates(cells.map((cell) => ({ cell, estimate })), 1).split("\n");
  assert.match(first, / lora \(rank 1, data\.train 50\) +7 +1\.0 +2\.0 s$/);
});

Deno.test("the tables of a grid study have a row for each point, and no two rows or tables look alike", async () => {
  const cells = await cellsOf(study({ ...grid, training: { batchSize: { grid: [8, 16] } } }));
  const records = cells.map(({ id, spec }) => {
    const setting = settingId(spec);
    return { ...makeRecord(), id, setting, spec };
  });
  const { protocols } = groupResults(records, []);
  assert.equal(protocols.length, 4);
  assert.equal(new Set(protocols.map((protocol) => titleOf(protocol, protocols))).size, 4);
  for (const { settings } of protocols) {
    const labels = settings.map((setting) => labelOf(setting, settings));
    assert.deepEqual(labels.toSorted(), ["bitfit", "lora (rank 1)", "lora (rank 16)", "lora (rank 4)"]);
  }
});
