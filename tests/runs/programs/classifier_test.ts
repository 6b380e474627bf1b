import assert from "node:assert/strict";
import { sizeOf } from "../../../base/shapes.ts";
import { tf } from "../../../engine/tensor.ts";
import type { Executable, Feed, Program, Signature } from "../../../engine/types.ts";
import { methods } from "../../../methods/mod.ts";
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

/**
 * Asserts that gradients agree with central differences of the loss, at some entries of each parameter.
 * @param isDerivative whether a parameter's gradient is meant to be the derivative
 */
async function assertCentralDifferences(
  executable: Executable,
  feed: Feed,
  isDerivative: (name: string) => boolean = () => true,
): Promise<void> {
  const h = 1e-2;
  for (const gradient of Object.values(feed.gradients!)) gradient.fill(0);
  await executable.run(feed);
  const scratch = Object.fromEntries(
    Object.entries(feed.gradients!).map(([name, values]) => [name, new Float32Array(values.length)]),
  );
  const loss = async () => (await executable.run({ ...feed, gradients: scratch })).loss[0];
  for (const [name, values] of Object.entries(feed.parameters)) {
    if (!isDerivative(name)) continue;
    const gradient = feed.gradients![name];
    const largest = gradient.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-2);
    const steepestFirst = [...values.keys()].sort((a, b) => Math.abs(gradient[b]) - Math.abs(gradient[a]));
    let checked = 0;
    for (const at of steepestFirst) {
      const before = values[at];
      const slope = async (step: number) => {
        values[at] = before + step;
        const above = await loss();
        values[at] = before - step;
        const below = await loss();
        values[at] = before;
        return (above - below) / (2 * step);
      };
      const difference = await slope(h);
      // Where a ReLU switches within the step, or the loss bends, a difference quotient is no derivative.
      if (Math.abs(difference - await slope(h / 10)) > 5e-3 * largest) continue;
      assert(
        Math.abs(difference - gradient[at]) <= 1e-2 * largest,
        `${name}[${at}]: gradient ${gradient[at]}, central difference ${difference}`,
      );
      if (++checked === 3) break;
    }
    assert(checked === Math.min(3, values.length), `${name}: only ${checked} entries where the loss is smooth`);
  }
}

/** Whether a parameter changes a norm of DoRA, whose gradient is not the derivative; golden_test.ts compares it with PEFT's. */
function behindConstantNorm(parts: readonly Variant[], name: string): boolean {
  return parts.some(({ options }) => Object.hasOwn(options, "dora")) && /\.lora_[AB]$/.test(name);
}

Deno.test("every method's gradients agree between the devices and with central differences", async (t) => {
  assert.deepEqual(
    new Set(combinations.flatMap((parts) => parts.map(({ method }) => method))),
    new Set(Object.values(methods)),
  );
  for (const parts of combinations) {
    await t.step(parts.map(({ title }) => title).join(" + "), async () => {
      const model = await tinyTrainable(parts);
      const executables = await compileBoth(model.loss.program, model.loss.signature, true);
      const [recorded, reference] = await gradientsOn(executables, (on) => batchOf(model, on));
      assertClose(recorded, reference, 1e-4, "gradients");
      await assertCentralDifferences(
        executables[0],
        await batchOf(model, executables[0]),
        (name) => !behindConstantNorm(parts, name),
      );
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
  await assert.rejects(() => assertCentralDifferences(executables[0], feed()), /central difference/);
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
