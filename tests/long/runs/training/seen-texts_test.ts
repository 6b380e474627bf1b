import assert from "node:assert/strict";
import { ADAPTER_NOTE, readAdapterNote } from "../../../../runs/adapters/note.ts";
import { NO_TEXTS, noteTexts, readTexts } from "../../../../runs/adapters/seen-texts.ts";
import { mergeAdapter } from "../../../../runs/adapters/merge.ts";
import { cellsOf } from "../../../../runs/launch/cells.ts";
import type { CellResult } from "../../../../runs/study/cell.ts";
import { presets } from "../../../../runs/study/presets.ts";
import type { Study } from "../../../../runs/study/study.ts";
import { runCell } from "../../../../runs/training/run-cell.ts";
import { splitExamples } from "../../../../runs/training/split.ts";
import { textHash } from "../../../../tasks/examples.ts";
import { tasks } from "../../../../tasks/mod.ts";
import type { Example, Task } from "../../../../tasks/types.ts";
import { findFolder } from "../../../../models/mod.ts";
import { inFolder } from "../../../in-folder.ts";
import { goldenConfig, goldenTensors, makeFolder, safetensors } from "../../../models/folder/copies.ts";

const task = tasks["sentiment/amazon"] as Task;
const { pool } = await task.load() as { pool: Example[] };
const data = { train: 300, validation: 150, test: 400 };
const study = { ...presets.smoke.study, data, training: { epochs: 1, batchSize: 100 } };

/** Trains one cell of a study, and gives the folder of its adapter. */
async function train(out: string, changes: Partial<Study>): Promise<{ folder: string; result: CellResult }> {
  const [{ id, spec, folder, from }] = await cellsOf({ ...study, ...changes });
  const result = await runCell(spec, { folder, from, threads: 1, out, keep: false, onProgress() {} });
  return { folder: `${out}/adapters/${id}`, result };
}

const hashesOf = async (folder: string) => readTexts((await readAdapterNote(folder))!.texts).hashes;
const flagOf = ({ checks }: CellResult) => checks.flags.find(({ name }) => name === "test may be known");

Deno.test("training that starts from an adapter, or from what was made of it, is judged by texts that are new to it", () =>
  inFolder({}, async (out) => {
    const first = await train(out, { methods: ["lora"], data: { train: 200, validation: 50, test: 400 } });
    assert.equal(flagOf(first.result), undefined);
    const { train: taught, validation: chosen } = splitExamples({ pool }, { train: 200, validation: 50, test: 400 }, 0);
    const known = new Set([...taught, ...chosen].map(textHash));
    assert.deepEqual(await hashesOf(first.folder), new Set([...known].sort()));

    const sizes = { train: 200, validation: 50, test: 200 };
    for (const seed of [7, 8, 9]) {
      const splits = splitExamples({ pool }, sizes, seed, known);
      const { result, folder } = await train(out, { methods: [], from: first.folder, seeds: [seed], data: sizes });
      const judging = [...splits.validation, ...splits.test];
      assert(!judging.some((example) => known.has(textHash(example))));
      assert.deepEqual(result.predictions.map(({ id }) => id), splits.test.map(({ id }) => id));
      assert.equal(result.task.splits.validation.size, 50);
      assert(result.checks.integrity.some(({ name }) => name === "no known text in validation or test"));
      assert.equal(flagOf(result)!.raised, false);
      if (seed !== 7) continue;
      const both = [...known, ...[...splits.train, ...splits.validation].map(textHash)];
      assert.deepEqual(await hashesOf(folder), new Set(both));
      const next = await train(out, { methods: [], from: folder, seeds: [8], data: sizes });
      assert.deepEqual(
        next.result.predictions.map(({ id }) => id),
        splitExamples({ pool }, sizes, 8, new Set(both)).test.map(({ id }) => id),
      );
    }
  }));

Deno.test("a run is flagged if its adapter does not name its texts, and so is what starts from the run", () =>
  inFolder({}, async (out) => {
    const sizes = { train: 48, validation: 32, test: 64 };
    const first = await train(out, { methods: ["lora"], data: sizes });
    const { texts: _, ...old } = (await readAdapterNote(first.folder))!;
    await Deno.writeTextFile(`${first.folder}/${ADAPTER_NOTE}`, JSON.stringify(old));
    const afterOld = await train(out, { methods: [], from: first.folder, data: sizes, seeds: [1] });
    assert.equal(flagOf(afterOld.result)!.raised, true);
    // Without a note the folder is as PEFT writes it.
    await Deno.remove(`${first.folder}/${ADAPTER_NOTE}`);
    const afterPeft = await train(out, { methods: [], from: first.folder, data: sizes, seeds: [2] });
    assert.equal(flagOf(afterPeft.result)!.raised, true);
    assert.equal((await hashesOf(afterPeft.folder)).size, 80);
    const next = await train(out, { methods: [], from: afterPeft.folder, data: sizes, seeds: [3] });
    assert.equal(flagOf(next.result)!.raised, true);
  }));

Deno.test("a model that an adapter was folded into knows the adapter's texts, which are part of what it is", () =>
  inFolder({}, async (out) => {
    const base = await makeFolder({
      "config.json": await goldenConfig(),
      "model.safetensors": safetensors(await goldenTensors()),
      "vocab.txt": ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "good", "bad", "not", "."].join("\n"),
    });
    const sizes = { train: 300, validation: 100, test: 200 };
    const { folder } = await train(out, { models: [base], methods: ["bitfit"], data: sizes });
    const known = await hashesOf(folder);
    const merged = `${out}/merged`;
    await mergeAdapter(folder, merged, await findFolder(base));
    const { result, folder: next } = await train(out, {
      models: [merged],
      methods: ["bitfit"],
      data: sizes,
      seeds: [7],
    });
    const { test } = splitExamples({ pool }, sizes, 7, known);
    assert.deepEqual(result.predictions.map(({ id }) => id), test.map(({ id }) => id));
    assert(result.checks.integrity.some(({ name }) => name === "no known text in validation or test"));
    assert.equal(flagOf(result), undefined);
    assert(known.isSubsetOf(await hashesOf(next)));
    // Another adapter folded in afterwards adds its texts, or the doubt that it has others.
    const { folder: last } = await train(out, { models: [merged], methods: ["lora"], data: sizes, seeds: [8] });
    await Deno.remove(`${last}/${ADAPTER_NOTE}`);
    await mergeAdapter(last, `${out}/twice`, await findFolder(merged));
    const twice = readTexts((await readAdapterNote(`${out}/twice`))!.texts);
    assert.deepEqual([twice.complete, twice.hashes], [false, known]);
    const { revision } = await findFolder(merged);
    await Deno.remove(`${merged}/${ADAPTER_NOTE}`);
    assert.notEqual((await findFolder(merged)).revision, revision);
  }));

Deno.test("where nothing of it was seen, a split is the same for the same seed", () => {
  const skewed = pool.filter(({ label }, at) => label === 0 || at % 5 === 0);
  const sizes = { train: 100, validation: 50, test: 101 };
  const splits = splitExamples({ pool: skewed }, sizes, 3);
  const judging = new Set([...splits.validation, ...splits.test]);
  const others = skewed.filter((example) => !judging.has(example)).map(textHash);
  assert.deepEqual(splitExamples({ pool: skewed }, sizes, 3, new Set(others)), splits);
});

Deno.test("a split keeps its size where one class was seen nearly whole, and too few new texts are refused", () => {
  const sizes = { train: 100, validation: 50, test: 100 };
  const seen = new Set(pool.filter(({ label, id }) => label === 1 && !id.endsWith("7")).map(textHash));
  const { validation, test } = splitExamples({ pool }, sizes, 0, seen);
  assert.deepEqual([validation.length, test.length], [50, 100]);
  const texts = new Set(pool.map(textHash)).size;
  const hashes = [...new Set(pool.map(textHash))];
  assert.equal(splitExamples({ pool }, sizes, 0, new Set(hashes.slice(60))).test.length, 10);
  const refused = (count: number, message: RegExp) =>
    assert.throws(() => splitExamples({ pool }, sizes, 0, new Set(hashes.slice(count))), message);
  refused(
    50,
    new RegExp(
      `^Error: Cannot split the data: validation must leave an example for test, 50 are asked for and of ${texts} ` +
        `what training starts from knows ${texts - 50}$`,
    ),
  );
  const published = { train: pool.slice(0, 500), validation: pool.slice(500, 600), test: pool.slice(600) };
  assert.throws(
    () => splitExamples(published, sizes, 0, new Set(published.validation.slice(0, 90).map(textHash))),
    /^Error: Cannot split the data: validation must have 50 examples, only 10 are left for it, as what training starts from knows 90 more$/,
  );
});

Deno.test("a note that cannot name all texts says so, and one whose hashes are none is refused", async () => {
  assert.deepEqual(noteTexts(NO_TEXTS, ["b", "a", "c", "a"].map((digit) => digit.repeat(16)), 2), {
    complete: false,
    hashes: "a".repeat(16) + "b".repeat(16),
  });
  const note = {
    version: 1,
    run: "",
    model: { name: "m", revision: "1" },
    task: { name: "t", version: 1, kind: "classification", labels: [] },
    method: [{ name: "lora", options: {} }],
    forms: ["peft"],
    maxLength: 8,
    texts: { complete: true, hashes: "0123" },
  };
  await inFolder({ [ADAPTER_NOTE]: note }, (folder) =>
    assert.rejects(
      readAdapterNote(folder),
      /tunebench\.json: texts\.hashes must be hashes of 16 hexadecimal digits each, current value is "0123"$/,
    ));
});
