import assert from "node:assert/strict";
import type { Executable, MemoryPlan } from "../../../engine/types.ts";
import {
  freeMemory,
  leastMemory,
  MemoryRoom,
  planStepMemory,
  programBytes,
  requireMemory,
} from "../../../runs/training/plan-memory.ts";
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

Deno.test("programs beside a step count with what each takes, and with one copy of the weights where they share it", () => {
  const plans = [30, 50].map((weights) => ({ ...planOf(7), weights, parameters: 1000, runtime: 2 }));
  assert.equal(programBytes(plans, true), 2 * (7 + 2) + 50);
  assert.equal(programBytes(plans, false), 2 * (7 + 2) + 80);
  assert.equal(programBytes([], true), 0);
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

Deno.test("planned memory is given out up to what was free, in the order of asking, and alone to what needs more", async () => {
  let free = 100;
  const room = new MemoryRoom(() => free);
  const entered: string[] = [];
  const take = (name: string, bytes: number) => {
    const place = room.take(bytes);
    place.free.then(() => entered.push(name));
    return place;
  };
  const after = async (names: string) => {
    await Promise.resolve();
    assert.equal(entered.join(""), names);
  };
  const [a, b, c, d, e] = [take("a", 60), take("b", 40), take("c", 150), take("d", 30), take("e", 30)];
  assert.deepEqual([a, b, c, d, e].map(({ fits }) => fits), [true, true, false, false, false]);
  await after("ab");
  // What cells have taken of it is not free any more, but it is theirs.
  free = 10;
  a[Symbol.dispose]();
  await after("ab");
  b[Symbol.dispose]();
  await after("abc");
  d[Symbol.dispose]();
  free = 100;
  c[Symbol.dispose]();
  await after("abce");
  e[Symbol.dispose]();
  assert.ok(take("f", 100).fits);
});
