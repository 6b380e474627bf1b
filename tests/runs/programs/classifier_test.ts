import assert from "node:assert/strict";
import { sizeOf } from "../../../base/shapes.ts";
import { tf } from "../../../engine/tensor.ts";
import type { Executable, Feed, Program, Signature } from "../../../engine/types.ts";
import { methods } from "../../../methods/mod.ts";
import { requireDerivative } from "../../../runs/plugins/check/gradient.ts";
import { type Arrays, assertClose, compileBoth } from "../../engine/compare.ts";
import { type Variant, variant } from "../../methods/variants.ts";
import { batchOf, combinations, tinyTrainable } from "../training/tiny-training.ts";

async function gradientsOn(executables: Executable[], feedOf: (on: Executable) => Promise<Feed>): Promise<Arrays[]> {
  const all: Arrays[] = [];
  for (const executable of executables) {
    const feed = await feedOf(executable);
    await executable.run(feed);
    all.push(feed.gradients!);
  }
  return all;
}

/** Whether a parameter changes a norm of DoRA, whose gradient is not the derivative; golden_test.ts compares it with PEFT's. */
function behindConstantNorm(parts: readonly Variant[], name: string): boolean {
  return parts.some(({ options }) => Object.hasOwn(options, "dora")) && /\.lora_[AB]$/.test(name);
}

Deno.test("every method's gradients agree between the devices and with central differences", async (t) => {
  assert.deepEqual(
    new Set(combinations.flatMap((parts) => parts.map(({ method }) => method))),
    new Set(Object.values(methods).filter(({ untrained }) => !untrained)),
  );
  for (const parts of combinations) {
    await t.step(parts.map(({ title }) => title).join(" + "), async () => {
      const model = await tinyTrainable(parts);
      const executables = await compileBoth(model.loss.program, model.loss.signature, true);
      const [recorded, reference] = await gradientsOn(executables, (on) => batchOf(model, on));
      assertClose(recorded, reference, 1e-4, "gradients");
      const feed = await batchOf(model, executables[0]);
      const names = Object.keys(feed.parameters).filter((name) => !behindConstantNorm(parts, name));
      await requireDerivative(executables[0], feed, names);
      for (const executable of executables) await executable.release();
    });
  }
});

Deno.test("a wrong gradient is caught by central differences", async () => {
  const wrongSquare = tf.customGrad((x) => ({
    value: (x as ReturnType<typeof tf.scalar>).square(),
    // The factor 2 of the derivative is missing.
    gradFunc: (dy) => [(dy as ReturnType<typeof tf.scalar>).mul(x as ReturnType<typeof tf.scalar>)],
  }));
  const program: Program = ({ parameters }) => ({ loss: wrongSquare(parameters.x).sum() });
  const signature: Signature = { weights: {}, parameters: { x: [3] }, inputs: {} };
  const executables = await compileBoth(program, signature, true);
  const feed = () => ({
    inputs: {},
    parameters: { x: Float32Array.of(1, 2, 3) },
    gradients: { x: new Float32Array(3) },
  });
  await assert.rejects(() => requireDerivative(executables[0], feed()), /central difference/);
});

Deno.test("the gradients of a batch are the sum of its micro-batches'", async () => {
  const model = await tinyTrainable([variant("lora", { rank: 2 })]);
  const [executable] = await compileBoth(model.loss.program, model.loss.signature, true);
  const whole = await batchOf(model, executable);
  await executable.run(whole);
  const parts = await batchOf(model, executable);
  for (let row = 0; row < 3; row++) {
    const inputs = Object.fromEntries(
      Object.entries(parts.inputs).map(([name, { data, shape }]) => {
        const width = sizeOf(shape.slice(1));
        return [name, { data: data.slice(row * width, (row + 1) * width), shape: [1, ...shape.slice(1)] }];
      }),
    );
    await executable.run({ ...parts, inputs });
  }
  assertClose(parts.gradients!, whole.gradients!, 1e-5, "accumulated gradients");
});
