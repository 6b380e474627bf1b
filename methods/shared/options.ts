/**
 * Options of methods: those that every method has, and reading them.
 * @module
 */
import { z } from "zod";
import { showValue } from "../../base/errors.ts";
import { describeFault } from "../../base/schema.ts";
import type { Range } from "../../base/search-space.ts";
import type { CommonOptions, Method } from "../types.ts";

/** Passes over the training examples, the same for every method: with 300 examples, fewer leave some prompts half trained. */
export const EPOCHS = 12;

/**
 * The options that every method has, with the method's default of the step size.
 * @internal
 */
export function commonOptions(
  learningRate: number,
): { learningRate: z.ZodDefault<z.ZodNumber>; epochs: z.ZodDefault<z.ZodInt> } {
  return {
    learningRate: z.number().positive().default(learningRate).describe("AdamW step size of what the method trains"),
    epochs: z.int().min(1).default(EPOCHS).describe("passes over the training examples; of joined methods, the most"),
  };
}

/** What tuning tries of the options that every method has: step sizes from one to another, epochs as for all methods. */
export function commonSpace(from: number, to: number): { learningRate: Range; epochs: Range } {
  return { learningRate: { from, to, log: true }, epochs: { from: 2, to: 32, log: true, whole: true } };
}

/** A part of a method as it is, but with the run's seed in place of a `projectionSeed` of null. */
export function seeded<P extends { options: { projectionSeed?: unknown } }>(part: P, seed: number): P {
  return part.options.projectionSeed === null ? { ...part, options: { ...part.options, projectionSeed: seed } } : part;
}

/**
 * A method's options with defaults filled in.
 * @throws {Error} one sentence about the first option that is unknown or breaks a rule
 */
export function parseOptions<O extends CommonOptions>(method: Method<O>, raw: unknown): O {
  try {
    return method.options.parse(raw);
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    const { properties = {} } = z.toJSONSchema(method.options as z.ZodType, { io: "input" });
    const keys = Object.keys(properties);
    if (keys.length === 0) {
      throw new Error(`Cannot use ${method.name}: it must be given no option, current value is ${showValue(raw)}`);
    }
    throw new Error(`Cannot use ${method.name}: ${describeFault(error, raw, () => keys)}`);
  }
}
