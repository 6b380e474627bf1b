/**
 * Steps of AdamW that PyTorch took in float64 (tests/golden/optim.json).
 * @module
 */
import assert from "node:assert/strict";
import type { AdamWOptions } from "../../engine/adamw.ts";
import golden from "../golden/optim.json" with { type: "json" };

/** Values of parameters, nested as their axes are. */
export type Values = Record<string, number | number[] | number[][]>;

/** Some steps with one set of options; all runs have the same start and the same gradients. */
export interface Run {
  name: string;
  optimizer: string;
  options: { lr: number; betas: number[]; eps: number; weight_decay: number };
  max_grad_norm?: number | null;
  norm_before_clipping?: number[];
  after_step: Values[];
}

/** The runs of AdamW. */
export const runs = (golden.runs as unknown as Run[]).filter(({ optimizer }) => optimizer === "AdamW");

/** The entries of a parameter, row-major. */
export function flat(values: Values[string]): number[] {
  return [values].flat(2) as number[];
}

/** The settings of a run's options. */
export function settingsOf({ betas, eps, weight_decay }: Run["options"], clip: number): AdamWOptions {
  return { beta1: betas[0], beta2: betas[1], epsilon: eps, weightDecay: weight_decay, clip };
}

/** Asserts agreement to 1e-5. */
export function assertRelative(actual: number, expected: number, what: string): void {
  assert.ok(Math.abs(actual - expected) <= 1e-5 * Math.abs(expected), `${what} is ${actual}, expected ${expected}`);
}

/** Asserts that every entry agrees to 1e-5. */
export function assertValues(actual: Record<string, Float32Array>, expected: Values, what: string): void {
  for (const [name, values] of Object.entries(expected)) {
    flat(values).forEach((value, index) => assertRelative(actual[name][index], value, `${what}: ${name}[${index}]`));
  }
}
