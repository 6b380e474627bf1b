/**
 * Runs one program on the devices `cpu` and `js` with the same random values.
 * @module
 */
import assert from "node:assert/strict";
import { sizeOf } from "../../base/shapes.ts";
import { cpu } from "../../engine/devices/cpu.ts";
import { js } from "../../engine/devices/js.ts";
import { Random } from "../../base/random.ts";
import type { ArrayValue, Executable, Feed, Program, Signature } from "../../engine/types.ts";

/** Arrays by name. */
export type Arrays = Record<string, Float32Array>;

/**
 * Values for a call: inputs and parameters are standard normal, ids are below their bound (below 5 where there is
 * none), and gradients are zero.
 */
export function randomFeed(
  signature: Signature,
  { masks }: Pick<Executable, "masks">,
  batch: number,
  length: number,
): Feed {
  const inputs: Record<string, ArrayValue> = {};
  for (const [name, { shape: sizes, dtype, below }] of Object.entries(signature.inputs)) {
    const random = new Random(batch * 100 + length, name);
    const call = { batch, length, labels: Math.max(1, batch * length - 1) };
    const shape = sizes.map((size) => typeof size === "number" ? size : call[size]);
    const data = dtype === "int32" ? new Int32Array(sizeOf(shape)) : new Float32Array(sizeOf(shape));
    inputs[name] = { data: data.map(() => dtype === "int32" ? random.integer(below ?? 5) : random.normal()), shape };
  }
  for (const { name, rate, shape } of masks) {
    const random = new Random(batch * 100 + length, name);
    const sizes = shape(batch, length);
    const data = new Float32Array(sizeOf(sizes)).map(() => random.uniform() < rate ? 0 : 1 / (1 - rate));
    inputs[name] = { data, shape: sizes };
  }
  const parameters: Arrays = {};
  const gradients: Arrays = {};
  for (const [name, shape] of Object.entries(signature.parameters)) {
    const random = new Random(0, name);
    parameters[name] = new Float32Array(sizeOf(shape)).map(() => random.normal());
    gradients[name] = new Float32Array(sizeOf(shape));
  }
  return { inputs, parameters, gradients };
}

/** The program compiled on both devices. */
export async function compileBoth(program: Program, signature: Signature, gradients = false): Promise<Executable[]> {
  const options = { gradients, threads: 1 };
  return [await cpu.compile(program, signature, options), await js.compile(program, signature, options)];
}

/** Outputs and gradients of several executables for the same values. */
export async function runBoth(executables: readonly Executable[], signature: Signature, batch: number, length: number) {
  const results: { outputs: Arrays; gradients: Arrays }[] = [];
  for (const executable of executables) {
    const feed = randomFeed(signature, executable, batch, length);
    results.push({ outputs: await executable.run(feed), gradients: feed.gradients! });
  }
  return results;
}

/**
 * Asserts that arrays agree: each entry to `tolerance` times the largest entry of its array, or times `floor` if
 * larger.
 */
export function assertClose(actual: Arrays, expected: Arrays, tolerance: number, what: string, floor = 0): void {
  assert.deepEqual(Object.keys(actual).sort(), Object.keys(expected).sort(), what);
  for (const [name, values] of Object.entries(expected)) {
    assert.equal(actual[name].length, values.length, `${what}: size of ${name}`);
    const largest = values.filter(Number.isFinite).reduce((most, value) => Math.max(most, Math.abs(value)), floor);
    values.forEach((value, index) => {
      const entry = actual[name][index];
      const close = Object.is(entry, value) || Math.abs(entry - value) <= tolerance * largest;
      assert.ok(close, `${what}: ${name}[${index}] is ${entry}, expected ${value}`);
    });
  }
}
