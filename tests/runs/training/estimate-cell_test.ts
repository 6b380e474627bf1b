import assert from "node:assert/strict";
import { models } from "../../../models/mod.ts";
import { cellsOf } from "../../../runs/launch/cells.ts";
import { presets } from "../../../runs/study/presets.ts";
import type { RunSpec } from "../../../runs/study/spec.ts";
import type { Calibration } from "../../../runs/training/cell-runner.ts";
import { estimateCell } from "../../../runs/training/estimates/estimate-cell.ts";
import { openCell } from "../../../runs/training/prepare.ts";

const { study } = presets.smoke;
const specOf = async (method: string, epochs = 1): Promise<RunSpec> =>
  (await cellsOf({ ...study, methods: [method], training: { epochs } }))[0].spec;

/** FLOPs of a cell: at one FLOP a second, other seconds count for nothing. */
async function flopsOf(spec: RunSpec): Promise<number> {
  const { seconds } = await estimateCell(spec, {}, { threads: 1, secondsLeft: 0, secondsPerCell: 0, rate: 1 });
  assert.ok(seconds.value !== null);
  return seconds.value;
}

Deno.test("the FLOPs of a cell are six for each weight and token that is trained, and two for each that is read", async () => {
  const spec = await specOf("full");
  const { trainingTask: { trainExamples: { lengths } } } = await openCell(spec, {}, 1);
  const weights = models["use-lite"].shape.linears.reduce((sum, linear) => sum + linear.in * linear.out, 0);
  const trained = lengths.reduce((sum, length) => sum + length, 0);
  const read = trained / lengths.length * (spec.data.validation + spec.data.test);
  const ratio = await flopsOf(spec) / (weights * (6 * trained + 2 * read));
  // Above one by the products of attention and by padding.
  assert.ok(ratio > 1 && ratio < 1.3, String(ratio));
});

Deno.test("every epoch costs the same, and a method that trains the classifier alone reads each text once", async () => {
  const [one, two, three] = [
    await flopsOf(await specOf("lora", 1)),
    await flopsOf(await specOf("lora", 2)),
    await flopsOf(await specOf("lora", 3)),
  ];
  assert.ok(Math.abs((three - two) / (two - one) - 1) < 1e-3);
  const [once, often] = [
    await flopsOf(await specOf("linear-probe", 1)),
    await flopsOf(await specOf("linear-probe", 9)),
  ];
  assert.ok(Math.abs(often / once - 1) < 1e-3);
});

Deno.test("the speed of this machine is measured while time is left, and then taken as it was", async () => {
  const calibration: Calibration = { threads: 1, secondsLeft: 0.01, secondsPerCell: 0.01 };
  const before = await estimateCell(await specOf("lora"), {}, { ...calibration, secondsLeft: 0 });
  assert.deepEqual(before.seconds, { value: null, reason: "this machine was not calibrated" });
  for (const method of ["linear-probe", "lora"]) {
    const measured = { ...calibration, secondsLeft: 100 };
    const { seconds } = await estimateCell(await specOf(method), {}, measured);
    assert.ok(measured.rate! > 1e6 && measured.secondsLeft < 100 && seconds.value! > 0);
  }
  calibration.rate = 1e9;
  calibration.secondsLeft = 0;
  await estimateCell(await specOf("prompt-tuning"), {}, calibration);
  assert.equal(calibration.rate, 1e9);
});

Deno.test("cells of one model open it once to be estimated, and each counts the time that this takes", async () => {
  const known = models["use-lite"];
  let opened = 0;
  models["use-lite"] = {
    ...known,
    async open() {
      opened++;
      await new Promise((resolve) => setTimeout(resolve, 100));
      return await known.open();
    },
  };
  try {
    const shared = { threads: 1, secondsLeft: 0, secondsPerCell: 0, rate: Infinity, models: new Map() };
    for (const method of ["linear-probe", "bitfit"]) {
      const { seconds } = await estimateCell(await specOf(method), {}, shared);
      assert.ok(seconds.value! >= 0.1);
    }
    assert.equal(opened, 1);
  } finally {
    models["use-lite"] = known;
  }
});
