/** Training that goes on from where another one was. */
import assert from "node:assert/strict";
import { type Device, STATE_PARTS, type StatePart, type Training } from "../../../engine/types.ts";
import { train } from "../../../runs/training/train.ts";
import type { Arrays } from "../../engine/compare.ts";
import type { Variant } from "../../methods/variants.ts";
import { startTraining } from "./tiny-training.ts";

/** Steps after which the other training goes on: within the second of two epochs of ten steps. */
const STEPS = 13;

/** Copies of all that a training keeps between two steps. */
export async function stateOf(training: Training): Promise<Record<StatePart, Arrays>> {
  const state = {} as Record<StatePart, Arrays>;
  for (const part of STATE_PARTS) {
    const copies = Object.entries(await training.read(part)).map(([name, values]) => [name, values.slice()]);
    state[part] = Object.fromEntries(copies);
  }
  return state;
}

/** Asserts that training on a device goes on from a saved state to the same bits. */
export async function assertResumes(device: Device, parts: Variant[]): Promise<void> {
  const title = parts.map(({ title }) => title).join(" + ");
  const whole = await startTraining(device, parts);
  let saved: Awaited<ReturnType<typeof stateOf>> | undefined;
  whole.onStep = async ({ step }) => {
    if (step === STEPS) saved = await stateOf(whole.training);
  };
  const course = await train(whole);
  assert.equal(course.stepLoss.length, 20, title);

  const rest = await startTraining(device, parts);
  await rest.training.restore(STEPS, (part, name) => Promise.resolve(saved![part][name]));
  const counts = { seconds: 0, tokens: 0, padding: 0 };
  rest.from = { course: { stepLoss: course.stepLoss.slice(0, STEPS), ...counts }, validation: [{ accuracy: 1 }] };
  assert.deepEqual((await train(rest)).stepLoss, course.stepLoss, title);
  assert.deepEqual(await stateOf(rest.training), await stateOf(whole.training), title);
  for (const { training } of [whole, rest]) await training.release();
}
