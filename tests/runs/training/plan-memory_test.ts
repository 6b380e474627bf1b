import assert from "node:assert/strict";
import type { Executable, MemoryPlan } from "../../../engine/types.ts";
import { freeMemory, leastMemory, planStepMemory, requireMemory } from "../../../runs/training/plan-memory.ts";
import { trainingDefaults } from "../../../runs/study/training-defaults.ts";

function planOf(total: number): MemoryPlan {
  return { weights: 0, parameters: 0, gradients: 0, optimiser: 0, activations: total, runtime: 0, total };
}

Deno.test("a training step is planned for the largest micro-batch of the longest examples", () => {
  const planned: [number, number][] = [];
  const executable = {
    planMemory(batch: number, length: number) {
      planned.push([batch, length]);
      return planOf(batch * length);
    },
  } as Executable;
  const lengths = [...Array(30).fill(10), ...Array(16).fill(40)];
  const spec = { ...trainingDefaults, epochs: 1 };
  const { total } = planStepMemory(
    executable,
    { lengths, positions: lengths, collate: () => ({}), lossInputs: () => ({}) },
    spec,
  );
  // 16 examples of 40 tokens are 640 rows: two micro-batches of 8.
  assert.deepEqual(planned, [[8, 40], [8, 40]]);
  assert.equal(total, 320);
});

Deno.test("a step that does not fit into free memory is refused with both figures", () => {
  requireMemory(planOf(2 ** 30), 2 ** 30);
  assert.throws(
    () => requireMemory(planOf(3 * 2 ** 30), 2 ** 30),
    /Cannot train: the planned step must fit into free memory, it needs 3.00 GiB of 1.00 GiB/,
  );
});

Deno.test("free memory is the machine's or what its control group leaves, and a device's own is not counted", () => {
  assert.equal(freeMemory({}, 1000, 2 ** 60), 1000);
  const left = freeMemory({}, 2 ** 60, 2 ** 40);
  assert.ok(left < 2 ** 40 && left > 2 ** 39);
  assert.equal(freeMemory({}, 2 ** 60, 1000), 0);
  assert.equal(freeMemory({ ownMemory: true }, 1000, 1000), Infinity);
  assert.throws(() => requireMemory(leastMemory(2 ** 30), 2 ** 30), /it needs 16.00 GiB of 1.00 GiB/);
});
