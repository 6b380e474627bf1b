import assert from "node:assert/strict";
import { linearSchedule } from "../../../runs/training/train.ts";

const golden = JSON.parse(await Deno.readTextFile(new URL("../../golden/optim.json", import.meta.url)));

Deno.test("the schedule is that of transformers with and without warm-up", () => {
  let compared = 0;
  for (const { name, base_lr: base, lr, options } of golden.schedules) {
    if (!name.startsWith("linear")) continue;
    const { num_training_steps: steps, num_warmup_steps: warm } = options;
    for (let step = 0; step < steps; step++) {
      assert(Math.abs(base * linearSchedule(step, steps, warm / steps) - lr[step]) < 1e-12, `${name}, step ${step}`);
      compared++;
    }
  }
  assert(compared >= 20, `only ${compared} values`);
});
