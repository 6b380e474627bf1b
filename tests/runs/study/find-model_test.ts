import assert from "node:assert/strict";
import { relative } from "node:path";
import { cellsOf } from "../../../runs/launch/cells.ts";
import { presets } from "../../../runs/study/presets.ts";
import { runCell } from "../../../runs/training/run-cell.ts";
import { validateAdapter } from "../../../runs/adapters/validate.ts";
import { UsageError } from "../../../base/errors.ts";
import type { Study } from "../../../runs/study/study.ts";
import { findFolder } from "../../../models/mod.ts";
import { goldenConfig, goldenTensors, makeFolder, safetensors } from "../../models/folder/copies.ts";
import type { Files } from "../../in-folder.ts";

const vocab = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", ..."the a and of to is was not very good bad . , i it".split(" ")];
const files: Files = {
  "config.json": await goldenConfig(),
  "model.safetensors": safetensors(await goldenTensors()),
  "vocab.txt": vocab.join("\n"),
};

const study = (folder: string, changes: Partial<Study> = {}): Study => ({
  ...presets.smoke.study,
  models: [folder],
  methods: [{ lora: { epochs: 1 } }],
  ...changes,
});

Deno.test("a cell of a folder has the same id wherever the folder lies", async () => {
  const [a, b] = [await makeFolder(files), await makeFolder(files)];
  const [first] = await cellsOf(study(a));
  const [second] = await cellsOf(study(`./${relative(Deno.cwd(), b)}`));
  assert.equal(first.id, second.id);
  assert.deepEqual([first.folder, second.folder], [a, b]);
  assert.equal(first.spec.model.name, "tiny-bert");
  assert(!JSON.stringify(first.spec).includes(a));
});

Deno.test("copies of a folder under two names are one model: a cell of each has the same id", async () => {
  const [a, b] = [await makeFolder(files), await makeFolder(files, "copy")];
  await assert.rejects(cellsOf(study(a, { models: [a, b] })), /its cells must differ, it has lora on .* with copy/);
  const [[first], [second]] = [await cellsOf(study(a)), await cellsOf(study(b))];
  assert.deepEqual([first.spec.model.name, second.spec.model.name], ["tiny-bert", "copy"]);
  assert.equal(first.id, second.id);
  await Deno.writeTextFile(`${b}/vocab.txt`, `${vocab.join("\n")}\nnew`);
  assert.notEqual((await cellsOf(study(b)))[0].id, first.id);
});

Deno.test("a model of a folder is trained, and its adapter is one of PEFT's", async () => {
  const folder = await makeFolder(files);
  const out = await makeFolder({});
  const [{ id, spec }] = await cellsOf(study(folder));
  const result = await runCell(spec, { folder, threads: 1, out, keep: false, onProgress() {} });
  assert.equal(result.model.sha256, spec.model.revision);
  assert.equal(result.parameters.head, 33 * result.task.labels.length);
  const { shape } = await findFolder(folder);
  const { note, parts: [adapter] } = await validateAdapter(`${out}/adapters/${id}`, shape);
  assert.equal(adapter.method.name, "lora");
  assert.deepEqual(adapter.options, spec.method[0].options);
  assert.deepEqual(note!.model, spec.model);
  assert.deepEqual(adapter.head["classifier.weight"].shape, [result.task.labels.length, 32]);
});

Deno.test("a folder that changed since its cell was planned is refused", async () => {
  const folder = await makeFolder(files);
  const [{ spec }] = await cellsOf(study(folder));
  await Deno.writeTextFile(`${folder}/vocab.txt`, `${vocab.join("\n")}\nnew`);
  await assert.rejects(
    runCell(spec, { folder, threads: 1, out: folder, keep: false, onProgress() {} }),
    /^Error: Cannot use the model tiny-bert: its revision must be [0-9a-f]{64}, current value is [0-9a-f]{64}$/,
  );
});

Deno.test("a folder that cannot be used, and virtual tokens that leave no room, are refused as usage errors", async () => {
  const refused = (asked: Study, message: RegExp) =>
    assert.rejects(cellsOf(asked), (error) => error instanceof UsageError && message.test(error.message));
  await refused(
    study("./no-such-folder"),
    /^Cannot read \.\/no-such-folder\/config\.json: there must be such a file, it was looked for at \/.*config\.json$/,
  );
  const folder = await makeFolder(files);
  await refused(
    study(folder, { methods: [{ "prompt-tuning": { virtualTokens: 58 } }] }),
    /^Cannot insert virtual tokens: there must be at most 57, as the backbone has 64 positions, current value is 58$/,
  );
});

Deno.test("texts are cut to the room that virtual tokens leave", async () => {
  const folder = await makeFolder(files);
  const out = await makeFolder({});
  const [{ spec }] = await cellsOf(study(folder, { methods: [{ "prompt-tuning": { virtualTokens: 57, epochs: 1 } }] }));
  const result = await runCell(spec, { folder, threads: 1, out, keep: false, onProgress() {} });
  assert(result.curve.stepLoss.every(Number.isFinite));
});
