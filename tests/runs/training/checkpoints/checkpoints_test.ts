/** Cells that are interrupted and go on from a checkpoint; tests/long has them with every method. */
import assert from "node:assert/strict";
import { cellsOf } from "../../../../runs/launch/cells.ts";
import { presets } from "../../../../runs/study/presets.ts";
import type { CellResult } from "../../../../runs/study/cell.ts";
import { runCell } from "../../../../runs/training/run-cell.ts";
import { Stopped } from "../../../../runs/training/cell-runner.ts";
import { checkpointPath, setAsidePath } from "../../../../runs/training/checkpoints/paths.ts";
import { exists } from "../../../../base/files.ts";
import { goldenConfig, goldenTensors, makeFolder, safetensors } from "../../../models/folder/copies.ts";
import { inFolder } from "../../../in-folder.ts";
import { fill, onSmallDisk } from "../../../small-disk.ts";
import { decided, type Said, saving } from "./saving.ts";

const folder = await makeFolder({
  "config.json": await goldenConfig(),
  "model.safetensors": safetensors(await goldenTensors()),
  "vocab.txt": "[PAD]\n[UNK]\n[CLS]\n[SEP]\nthe\nof\nnot\ngood",
});
const { study } = presets.smoke;
const [{ id, spec }] = await cellsOf({
  ...study,
  models: [folder],
  methods: [{ lora: { dropout: 0.2 } }],
  training: { ...study.training, epochs: 2 },
  data: { train: 48, validation: 8, test: 8 },
});
/** Steps of an epoch. */
const EPOCH = 3;

/** Runs the cell. */
async function run(out: string, how: Parameters<typeof saving>[0] = {}): Promise<{ result: CellResult; said: Said }> {
  const { said, options } = saving(how);
  return { result: await runCell(spec, { folder, threads: 1, out, keep: false, ...options }), said };
}

/** Has the cell saved and stopped after a step. */
const interrupt = (out: string, stopAfter: number) => assert.rejects(run(out, { stopAfter }), Stopped);

const undisturbed = await inFolder({}, async (out) => {
  const { result, said } = await run(out);
  assert.deepEqual(said, { saved: [], resumed: [], remarks: [] });
  assert.ok(!await exists(`${out}/checkpoints`), "without a checkpoint there is no folder for it");
  assert.equal(result.time.parts, undefined);
  return decided(result);
});

Deno.test("a cell that is interrupted within an epoch, and at its end, ends as an undisturbed one, and its record says so", () =>
  inFolder({}, async (out) => {
    await interrupt(out, 2);
    await interrupt(out, EPOCH);
    const { result, said } = await run(out);
    assert.equal(decided(result), undisturbed);
    assert.deepEqual(said, { saved: [], resumed: [EPOCH], remarks: [] });
    const { trainSeconds, compileSeconds, evaluateSeconds, parts } = result.time;
    assert.equal(parts!.length, 3);
    const seconds = parts!.reduce((sum, { seconds }) => sum + seconds, 0);
    assert.ok(Math.abs(seconds - trainSeconds - compileSeconds - evaluateSeconds) < 1e-9);
    assert.ok(parts!.every(({ seconds }) => seconds > 0));
  }));

Deno.test("a cell is saved when it is time, by a clock that nobody sets, and goes on where it was saved last", () =>
  inFolder({}, async (out) => {
    const calendar = globalThis.Date;
    let moment = calendar.now();
    // The machine's clock goes back by an hour whenever it is read.
    globalThis.Date = class extends calendar {
      constructor() {
        super(moment -= 3_600_000);
      }
      static override now = () => moment -= 3_600_000;
    } as DateConstructor;
    try {
      const { said } = await run(out, { every: 1e-9 });
      assert.ok(said.saved.length > 0);
      const { result, said: again } = await run(out);
      assert.deepEqual(again.resumed, [said.saved.at(-1)]);
      assert.equal(decided(result), undisturbed);
    } finally {
      globalThis.Date = calendar;
    }
  }));

Deno.test("a checkpoint that cannot be used is set aside with the reason, and the cell starts anew", () =>
  inFolder({}, async (out) => {
    await interrupt(out, 2);
    const whole = await Deno.readFile(checkpointPath(out, id));
    const { result, said } = await run(out, { processor: "another" });
    assert.equal(decided(result), undisturbed);
    const aside = setAsidePath(out, id);
    assert.deepEqual(said, {
      saved: [],
      resumed: [],
      remarks: [
        "its checkpoint cannot be used: it must have been made with the same processor, it was made with another; " +
        `it is set aside as ${aside}, and the cell starts anew`,
      ],
    });
    assert.deepEqual(await Deno.readFile(aside), whole);
    assert.ok(!await exists(checkpointPath(out, id)));
    assert.equal(result.time.parts, undefined);
  }));

Deno.test("training goes on without a checkpoint where the results folder is gone, and says so once", () =>
  inFolder({}, async (root) => {
    const out = `${root}/results`;
    const { result, said } = await run(out, { every: 1e-9 });
    assert.equal(decided(result), undisturbed);
    assert.equal(said.saved.length, 0);
    assert.equal(said.remarks.length, 1);
    assert.match(said.remarks[0], /^training goes on without a checkpoint: Cannot write .*\.checkpoint: No such file/);
  }));

Deno.test({
  name: "training goes on without a checkpoint on a full disk, and nothing of one is left",
  ignore: !await onSmallDisk(() => Promise.resolve()),
  fn: () =>
    onSmallDisk(async (out) => {
      const { said, options } = saving({ every: 1e-9 });
      const free = fill(out);
      const { onProgress, ...others } = options;
      const result = await runCell(spec, {
        ...{ folder, threads: 1, out, keep: false, ...others },
        onProgress: (progress) => {
          // The adapter needs the room.
          if (progress.step === progress.steps) free();
          onProgress(progress);
        },
      });
      assert.equal(decided(result), undisturbed);
      assert.match(said.remarks[0], /^training goes on without .*: its disk must have space left, it is full$/);
    }).then(() => {}),
});
