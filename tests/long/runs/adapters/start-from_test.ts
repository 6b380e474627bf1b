import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { cpu } from "../../../../engine/devices/cpu.ts";
import { methods } from "../../../../methods/mod.ts";
import { models } from "../../../../models/mod.ts";
import type { Cell, CellResult } from "../../../../runs/study/cell.ts";
import { classification } from "../../../../runs/training/classification.ts";
import { classes } from "../../../../runs/training/heads/classes.ts";
import { readAdapterNote } from "../../../../runs/adapters/note.ts";
import { readTexts } from "../../../../runs/adapters/seen-texts.ts";
import { validateAdapter } from "../../../../runs/adapters/validate.ts";
import { cellsOf } from "../../../../runs/launch/cells.ts";
import { presets } from "../../../../runs/study/presets.ts";
import { adapterValues } from "../../../../runs/adapters/values.ts";
import { runCell } from "../../../../runs/training/run-cell.ts";
import { runId } from "../../../../runs/study/spec.ts";
import { splitExamples } from "../../../../runs/training/split.ts";
import { type MethodEntry, parseStudy, type Study } from "../../../../runs/study/study.ts";
import { UsageError } from "../../../../base/errors.ts";
import { tasks } from "../../../../tasks/mod.ts";
import type { Task } from "../../../../tasks/types.ts";
import { makeFolder } from "../../../models/folder/copies.ts";

const out = await makeFolder({}, "results");
const smoke = presets.smoke.study;
const study = (changes: Partial<Study>): Study => ({ ...smoke, ...changes });

function run({ spec, from }: Cell): Promise<CellResult> {
  return runCell(spec, { from, threads: 1, out, keep: true, onProgress() {} });
}

/** Trains a method, one batch an epoch, and gives its adapter's folder. */
async function trained(method: MethodEntry): Promise<{ folder: string; result: CellResult }> {
  const [cell] = await cellsOf(study({ methods: [method], training: { batchSize: 48, epochs: 2 } }));
  return { result: await run(cell), folder: `${out}/adapters/${cell.id}` };
}

/** The loss over all training examples of the parameters that an adapter holds. */
async function storedLoss({ spec }: Cell, folder: string): Promise<number> {
  const backbone = await models["use-lite"].open();
  const task = tasks[spec.task.name] as Task;
  const parts = spec.method.map(({ name, options }) => ({ method: methods[name], options: options as never }));
  const { hashes } = readTexts((await readAdapterNote(folder))!.texts);
  const splits = splitExamples(await task.load(), spec.data, spec.seed, hashes);
  const { loss, trainExamples } = await classification(task, classes(task), splits, {
    spec,
    backbone,
    parts,
    threads: 1,
  });
  const all = splits.train.map((_, at) => at);
  const executable = await cpu.compile(loss.program, loss.signature, { threads: 1 });
  const values = await adapterValues(await validateAdapter(folder, backbone), backbone);
  const outputs = await executable.run({
    parameters: Object.fromEntries(Object.entries(values).map(([name, { data }]) => [name, data])),
    inputs: { ...trainExamples.collate(all), ...trainExamples.lossInputs(all, all) },
  });
  await executable.release();
  return outputs.loss[0];
}

const cases: MethodEntry[] = [
  { lora: { rank: 2 } },
  { "p-tuning": { virtualTokens: 3, hidden: 8 } },
  { "prefix-tuning": { prefixLength: 3, reparameterisation: 8 } },
  { "lora": { rank: 2 }, "prefix-tuning": { prefixLength: 2 } },
  { "adapter": { bottleneck: 4 } },
  { "vera": { rank: 16 } },
  { "vera": { rank: 16 }, "prompt-tuning": { virtualTokens: 2 } },
  "bitfit",
];
for (const method of cases) {
  Deno.test(`training of ${JSON.stringify(method)} resumes from where it ended`, async () => {
    const { folder, result } = await trained(method);
    const [cell] = await cellsOf(study({ methods: [], from: folder, training: { batchSize: 48, epochs: 1 } }));
    assert.deepEqual(
      cell.spec.method.map(({ name }) => name),
      Object.keys(typeof method === "string" ? { [method]: 0 } : method),
    );
    assert.match(cell.spec.from!.sha256, /^[0-9a-f]{64}$/);
    const { curve, checks } = await run(cell);
    const expected = await storedLoss(cell, folder);
    assert(Math.abs(curve.stepLoss[0] - expected) < 1e-5, `${curve.stepLoss[0]}, stored ${expected}`);
    assert(curve.stepLoss[0] < result.curve.stepLoss[0]);
    assert(!checks.integrity.some(({ name }) => name === "identity at the start"));
  });
}

Deno.test("the adapter to start from is part of the run's id, its path is not; without one the id is as before", async () => {
  const { folder } = await trained({ lora: { rank: 2 } });
  const copy = `${await makeFolder({})}/copy`;
  await Deno.mkdir(copy);
  for await (const { name } of Deno.readDir(folder)) await Deno.copyFile(`${folder}/${name}`, `${copy}/${name}`);
  const [[a], [b], [anew]] = await Promise.all([
    cellsOf(study({ methods: ["lora"], from: folder })),
    cellsOf(study({ methods: [], from: copy })),
    cellsOf(study({ methods: [{ lora: { rank: 2 } }] })),
  ]);
  assert.equal(a.id, b.id);
  assert.notEqual(a.id, anew.id);
  assert(!("from" in anew.spec));
  const { from: _, ...rest } = a.spec;
  assert.equal(runId({ ...rest, method: anew.spec.method }), anew.id);
  await Deno.writeFile(
    `${copy}/adapter_model.safetensors`,
    await Deno.readFile(`${folder}/adapter_model.safetensors`),
    { append: true },
  );
  await assert.rejects(run({ ...a, from: copy }), /^Error: Cannot start from .*copy: its SHA-256 must be /);
});

Deno.test("a classifier of other classes is not taken over", async () => {
  const { folder } = await trained({ lora: { rank: 2 } });
  const [cell] = await cellsOf(
    study({
      methods: [],
      from: folder,
      tasks: ["wordnet/verb"],
      data: { train: 64, validation: 26, test: 26 },
      training: { epochs: 1, batchSize: 64 },
    }),
  );
  const { curve } = await run(cell);
  assert(Math.abs(curve.stepLoss[0] - Math.log(13)) < 1e-5);
});

Deno.test("an adapter to start from that does not fit is refused as a usage error", async () => {
  const { folder } = await trained({ lora: { rank: 2 } });
  const golden = fileURLToPath(new URL("../../../golden/A/", import.meta.url));
  const refused = (changes: Partial<Study>, message: RegExp) =>
    assert.rejects(cellsOf(study({ methods: [], ...changes })), (error: Error) => {
      assert.match(error.message, message);
      return error instanceof UsageError;
    });
  await refused(
    { from: "./nowhere" },
    /^Cannot read the adapter \.\/nowhere: there must be such a folder, it was looked for at \/.*nowhere$/,
  );
  await refused({ from: folder, methods: ["ia3"] }, /the method must be the adapter's, lora, current value is ia3$/);
  await refused({ from: folder, methods: ["lora", "lora"] }, /current value is lora, lora$/);
  await refused(
    { from: folder, methods: [{ lora: { rank: 4 } }] },
    /options of lora must keep the adapter's parameters, those given make others$/,
  );
  await refused(
    { from: folder, models: [`${golden}bert/model`] },
    /the model must be use-lite \(0\.2\.0\), which it belongs to, it is model \([0-9a-f]{64}\)$/,
  );
  await refused(
    { from: `${golden}bert/cls/prompt/adapter` },
    /it is of another model: .*token_dim must be 256, current value is 32$/,
  );
  await refused(
    { from: `${golden}bert/cls/ptuning_mlp/adapter`, models: [`${golden}bert/model`] },
    /parameters of p-tuning must be stored, there is only what its encoder makes of them$/,
  );
});

Deno.test("a study.json with from needs no methods, and without it does", () => {
  assert.deepEqual(parseStudy({ from: "x" }, smoke).methods, []);
  assert.deepEqual(parseStudy({}, smoke).methods, smoke.methods);
  assert.throws(() => parseStudy({ methods: [] }, smoke), /methods must not be empty, unless from names an adapter/);
});

Deno.test("an adapter of a larger rank than a study may ask for can be started from", async () => {
  const [cell] = await cellsOf(study({ methods: [{ lora: { rank: 8 } }], training: { batchSize: 48, epochs: 1 } }));
  const [{ options, ...part }] = cell.spec.method;
  const spec = { ...cell.spec, method: [{ ...part, options: { ...options, rank: 600 } }] };
  await run({ ...cell, spec });
  const [again] = await cellsOf(study({ methods: [], from: `${out}/adapters/${runId(spec)}` }));
  assert.equal(again.spec.method[0].options.rank, 600);
});
