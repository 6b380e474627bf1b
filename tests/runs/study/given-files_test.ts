import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { relative } from "node:path";
import type { Backbone } from "../../../models/types.ts";
import { encodeTexts } from "../../../runs/training/examples.ts";
import { cellsOf } from "../../../runs/launch/cells.ts";
import { presets } from "../../../runs/study/presets.ts";
import { runCell } from "../../../runs/training/run-cell.ts";
import { splitExamples } from "../../../runs/training/split.ts";
import type { Study } from "../../../runs/study/study.ts";
import { UsageError } from "../../../base/errors.ts";
import { hashTaskFiles } from "../../../tasks/task-files.ts";
import { rte } from "../../../tasks/rte.ts";
import { makeFolder } from "../../models/folder/copies.ts";

/** A file of rte in which the second text alone tells the label; the first is the same in each four rows. */
function rows(count: number, from: number): string {
  const lines = Array.from({ length: count }, (_, at) => {
    const label = at % 2;
    return [
      at,
      `text ${from + at >> 2}`,
      `${label ? "no" : "yes"} ${from + at}`,
      label ? "not_entailment" : "entailment",
    ];
  });
  return [["index", "sentence1", "sentence2", "label"], ...lines].map((parts) => parts.join("\t")).join("\n");
}

const files = { "train.tsv": rows(120, 0), "dev.tsv": rows(24, 1000) };
const study = (taskFiles?: string): Study => ({
  ...presets.smoke.study,
  tasks: ["rte"],
  methods: [{ lora: { epochs: 1 } }],
  data: { train: 64, validation: 16, test: 200 },
  ...taskFiles && { taskFiles },
});

async function refused(asked: Study, message: RegExp): Promise<void> {
  await assert.rejects(cellsOf(asked), (error: Error) => error instanceof UsageError && message.test(error.message));
}

Deno.test("a task without its files, and files without a task, are refused as usage errors", async () => {
  await refused(
    { ...study(), tasks: ["e2e"] },
    /^Cannot read the task e2e: --task-files must name the folder of its files trainset\.csv and .*, current value is none$/,
  );
  await refused(
    study("./no-such-folder"),
    /^Cannot read no-such-folder\/train\.tsv: there must be such a file, it was looked for at \/.*train\.tsv$/,
  );
  await refused(
    { ...study("."), tasks: ["sentiment/amazon"] },
    /^Cannot use --task-files: a task must read its files, current value is sentiment\/amazon$/,
  );
});

Deno.test("a run is named by the content of its files, wherever they lie", async () => {
  const [a, b] = [await makeFolder(files), await makeFolder(files)];
  const [[first], [second], [other]] = [
    await cellsOf(study(a)),
    await cellsOf(study(`./${relative(Deno.cwd(), b)}`)),
    await cellsOf(study(await makeFolder({ ...files, "dev.tsv": rows(25, 1000) }))),
  ];
  assert.equal(first.id, second.id);
  assert.deepEqual([first.taskFiles, second.taskFiles], [a, b]);
  assert.notEqual(other.id, first.id);
  assert(!JSON.stringify(first.spec).includes(a));
});

Deno.test("a cell reads pairs, is tested on the published split, and its record has the files' checksums", async () => {
  const taskFiles = await makeFolder(files);
  const [{ spec }] = await cellsOf(study(taskFiles));
  const out = await makeFolder({});
  const { task, predictions } = await runCell(spec, { taskFiles, threads: 1, out, keep: false, onProgress() {} });
  assert.deepEqual(
    task.source,
    Object.entries(files).map(([path, text]) => ({ path, sha256: createHash("sha256").update(text).digest("hex") })),
  );
  assert.deepEqual(predictions.map(({ id }) => id).sort(), Array.from({ length: 24 }, (_, at) => `dev/${at}`).sort());
});

Deno.test("both texts of a pair are encoded", async () => {
  const asked: unknown[][] = [];
  const encode = (...given: unknown[]) => {
    asked.push(given);
    return Promise.resolve([1]);
  };
  await encodeTexts({ encode } as unknown as Backbone, [{ id: "", text: "a", pair: "b" }], 8);
  assert.deepEqual(asked, [["a", 8, "b"]]);
});

Deno.test("pairs that differ in the second text alone are different examples", async () => {
  const folder = await makeFolder(files);
  const data = await rte.load(await hashTaskFiles(folder, rte.files!));
  const { train, validation } = splitExamples(data, { train: 100, validation: 20, test: 24 }, 1);
  assert.equal(new Set([...train, ...validation].map(({ id }) => id)).size, 120);
});
