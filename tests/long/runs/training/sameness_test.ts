import assert from "node:assert/strict";
import { cellsOf } from "../../../../runs/launch/cells.ts";
import { presets } from "../../../../runs/study/presets.ts";
import { runCell } from "../../../../runs/training/run-cell.ts";
import type { MethodEntry, Study } from "../../../../runs/study/study.ts";
import { inFolder } from "../../../in-folder.ts";

const STEPS = 8;
const BATCH_SIZE = 8;

/** Losses of the first steps and predictions for the test examples. */
async function run(method: MethodEntry, { threads = 1, ...changes }: Partial<Study> & { threads?: number } = {}) {
  const study: Study = {
    ...presets.smoke.study,
    methods: [method],
    data: { train: STEPS * BATCH_SIZE, validation: 8, test: 16 },
    ...changes,
    training: { epochs: 1, batchSize: BATCH_SIZE, headLearningRate: 1e-2, ...changes.training },
  };
  return await inFolder({}, async (out) => {
    const { curve, predictions } = await runCell((await cellsOf(study))[0].spec, {
      threads,
      out,
      keep: false,
      onProgress() {},
    });
    assert.equal(curve.stepLoss.length, STEPS);
    return { losses: curve.stepLoss, predictions };
  });
}

function assertNear(losses: readonly number[], expected: readonly number[]): void {
  losses.forEach((loss, step) => assert(Math.abs(loss / expected[step] - 1) <= 1e-5, `step ${step + 1}: ${loss}`));
}

// Step sizes below the defaults: where a ReLU switches, or a gradient is all rounding and AdamW takes it for a direction,
// a difference in the last bit grows, the faster the longer the steps.
const gentle: [title: string, method: MethodEntry][] = [
  ["lora", "lora"],
  ["prompt-tuning", { "prompt-tuning": { learningRate: 3e-3 } }],
  ["full", { full: { learningRate: 2e-5 } }],
];

for (const [title, method] of gentle) {
  Deno.test(`${title} gives the same bits with one thread and with two`, async () => {
    assert.deepEqual(await run(method, { threads: 2 }), await run(method));
  });

  Deno.test(`${title} gives the same losses to 1e-5 with other micro-batches, and in little memory`, async () => {
    const { losses } = await run(method);
    for (const microBatchRows of [1, 64]) {
      assertNear((await run(method, { training: { microBatchRows } })).losses, losses);
    }
    assertNear((await run(method, { memory: "small" })).losses, losses);
  });
}

Deno.test("features computed once give the same losses to 1e-5 as features computed in every step", async () => {
  // Without clipping: LoRA's gradients would count.
  const training = { clip: 1e9 };
  const { losses } = await run({ "linear-probe": { learningRate: 1e-2 } }, { training });
  // LoRA starts as the identity and, with this step size, stays it: its graph computes the features in every step.
  const recomputed = await run({ lora: { learningRate: 1e-30 } }, { training });
  assertNear(recomputed.losses, losses);
});
