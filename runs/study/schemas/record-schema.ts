/**
 * The schema of records.
 * @module
 */
import { z } from "zod";
import type { Measured, NoScores, RunPart, RunRecord, Scores } from "../record.ts";
import { partSchema, specSchema, trainingShape } from "../spec.ts";
import type { TunedRecord } from "../tuning/tuned-record.ts";

/** Version of the record's form. */
export const RECORD_VERSION = 1;

/** Schema of {@linkcode TunedRecord}. */
const tunedSchema: z.ZodType<TunedRecord> = z.strictObject({
  trial: z.int().nonnegative(),
  method: z.array(partSchema).min(1),
  training: z.strictObject(trainingShape),
  trials: z.array(z.strictObject({ id: z.string(), score: z.number().nullable(), loss: z.number().nullable() })),
});

/** Schema of {@linkcode Measured}. */
export const measured: z.ZodType<Measured> = z.union([
  z.strictObject({ value: z.number() }),
  z.strictObject({ value: z.null(), reason: z.string() }),
]);
const known = z.union([
  z.strictObject({ value: z.string() }),
  z.strictObject({ value: z.null(), reason: z.string() }),
]);
/** Schema of {@linkcode Scores}. */
export const scores: z.ZodType<Scores> = z.record(z.string(), z.number());
/** Schema of scores that may be missing. */
export const scoresOrNone: z.ZodType<Scores | NoScores> = z.union([
  scores,
  z.strictObject({ value: z.null(), reason: z.string() }),
]);
/** Schema of {@linkcode RunPart}. */
export const runPart: z.ZodType<RunPart> = z.strictObject({ started: z.string(), seconds: z.number() });
/** Indices of labels, in ascending order. */
const labelSet = z.array(z.int().nonnegative()).refine(
  (labels) => labels.every((label, at) => at === 0 || label > labels[at - 1]),
  { error: "must be indices of labels in ascending order" },
);
const split = z.strictObject({ size: z.int(), sha256: z.string() });
const quadratic = z.tuple([z.number(), z.number(), z.number()]);

/** Schemas of the values of {@linkcode RunRecord}. */
export const recordShape: Record<keyof RunRecord, z.ZodType> = {
  version: z.literal(RECORD_VERSION),
  id: z.string(),
  setting: z.string(),
  spec: specSchema,
  tuning: tunedSchema.optional(),
  task: z.strictObject({
    labels: z.array(z.string()),
    labelling: z.string(),
    licence: z.string(),
    citation: z.string(),
    source: z.array(z.strictObject({ path: z.string(), sha256: z.string() })),
    rule: z.string().optional(),
    splits: z.strictObject({ train: split, validation: split, test: split }),
  }),
  model: z.strictObject({ sha256: z.string(), licence: z.string(), citation: z.string(), parameters: z.int() }),
  papers: z.record(z.string(), z.string()).optional(),
  metrics: z.array(z.strictObject({
    name: z.string(),
    unit: z.enum(["fraction", "correlation", "error"]),
    direction: z.enum(["higher", "lower"]),
  })).min(1),
  scores: z.strictObject({
    validation: scores,
    test: scores,
    majority: scoresOrNone,
  }),
  baseline: z.union([z.number(), labelSet]).optional(),
  threshold: z.number().min(0).max(1).optional(),
  bestEpoch: z.int(),
  curve: z.strictObject({ stepLoss: z.array(z.number()), validation: z.array(scores) }),
  predictions: z.union([
    z.array(z.strictObject({ id: z.string(), label: z.int(), predicted: z.int(), group: z.string().optional() })),
    z.array(z.strictObject({ id: z.string(), target: z.number(), predicted: z.number() })),
    z.array(z.strictObject({ id: z.string(), labels: labelSet, predicted: labelSet })),
    z.array(z.strictObject({
      id: z.string(),
      choices: z.array(z.string()).min(1),
      right: labelSet.min(1),
      predicted: z.int().nonnegative(),
    })),
    z.array(z.strictObject({
      id: z.string(),
      references: z.array(z.string()).min(1),
      predicted: z.string(),
      loss: z.number().optional(),
      tokens: z.int().positive().optional(),
    })),
  ]),
  parameters: z.strictObject({
    trainable: z.int(),
    method: z.int(),
    head: z.int(),
    frozen: z.int().positive().optional(),
    storedBytes: z.int(),
  }),
  memory: z.strictObject({
    peak: measured,
    training: measured,
    planned: z.strictObject({
      weights: z.int(),
      parameters: z.int(),
      gradients: z.int(),
      optimiser: z.int(),
      activations: z.int(),
      runtime: z.int(),
      total: z.int(),
    }),
  }),
  flops: z.strictObject({ inference: quadratic, backbone: quadratic, training: quadratic }).optional(),
  time: z.strictObject({
    trainSeconds: z.number(),
    compileSeconds: z.number(),
    evaluateSeconds: z.number(),
    examplesPerSecond: z.number(),
    tokensPerSecond: measured,
    padding: measured,
    parts: z.array(runPart).min(2).optional(),
  }),
  checks: z.strictObject({
    integrity: z.array(z.strictObject({ name: z.string(), detail: z.string() })),
    flags: z.array(z.strictObject({ name: z.string(), raised: z.boolean(), detail: z.string() })),
  }),
  environment: z.strictObject({
    suite: z.strictObject({
      version: z.string(),
      commit: z.string().nullable(),
      dirty: z.boolean().nullable(),
      lockSha256: z.string(),
    }),
    versions: z.record(z.string(), z.string()),
    os: z.string(),
    arch: z.string(),
    processor: z.string(),
    cores: z.int(),
    memoryBytes: z.int(),
    threads: z.int(),
    device: z.strictObject({ name: z.string(), provider: z.string(), hardware: known, driver: known }),
    started: z.string(),
  }),
};
