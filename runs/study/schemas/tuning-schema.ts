/**
 * The schemas of tuning in studies and specs.
 * @module
 */
import { z } from "zod";
import type { Axis } from "../../../base/search-space.ts";
import { isTrialCount, MOST_TRIALS, TRIALS_RULE, type Tuning, type TuningSpec } from "../tuning/space.ts";

const trials = z.number().refine(isTrialCount, { error: TRIALS_RULE })
  .meta({ type: "integer", minimum: 2, maximum: MOST_TRIALS });

const listSchema = z.array(z.union([z.number(), z.string(), z.boolean(), z.null()]))
  .refine((values) => values.length > 1 && new Set(values).size === values.length, {
    error: "must be a list of at least two different values",
  }).meta({ minItems: 2, uniqueItems: true });

const rangeSchema = z.strictObject({
  from: z.number(),
  to: z.number(),
  log: z.literal(true, { error: "must be true" }).optional(),
  whole: z.literal(true, { error: "must be true" }).optional(),
}).refine(({ from, to }) => from < to, { error: "must be a range whose from is below its to" })
  .refine(({ from, log }) => !log || from > 0, { error: "must be a range from above 0, where log is true" });

/** Schema of {@linkcode Axis}. */
const axisSchema: z.ZodType<Axis> = z.union([listSchema, rangeSchema], {
  error: ({ input }) =>
    input === null || typeof input !== "object"
      ? 'must be a list of values or {"from": number, "to": number}'
      : undefined,
});

const spaces = z.record(z.string(), z.record(z.string(), axisSchema));

/** Schema of {@linkcode Tuning}. */
export const tuningSchema: z.ZodType<Tuning> = z.strictObject({ trials, spaces: spaces.optional() });

/** Schema of {@linkcode TuningSpec}. */
export const tuningSpecSchema: z.ZodType<TuningSpec> = z.strictObject({ trials, space: spaces });
