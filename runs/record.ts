/**
 * The record of a run: one JSON document, written once, never edited. Reports are made from records alone.
 * @module
 */
import { z } from "zod";
import { specSchema } from "./spec.ts";

/** Version of the record's form. */
export const RECORD_VERSION = 1;

/** A measured number, or null and the reason why it was not measured. */
const measured = z.union([
  z.strictObject({ value: z.number() }),
  z.strictObject({ value: z.null(), reason: z.string() }),
]);

const scores = z.record(z.string(), z.number());

const splitSchema = z.strictObject({
  size: z.int(),
  /** SHA-256 over the examples' ids and labels in order. */
  sha256: z.string(),
});

/** Schema of a record. */
export const recordSchema = z.strictObject({
  version: z.literal(RECORD_VERSION),
  /** First 16 hex digits of the SHA-256 of the canonical spec. */
  id: z.string(),
  /** The same of the spec without its seed. */
  setting: z.string(),
  spec: specSchema,
  task: z.strictObject({
    labels: z.array(z.string()),
    labelling: z.string(),
    licence: z.string(),
    citation: z.string(),
    source: z.array(z.strictObject({ path: z.string(), sha256: z.string() })),
    splits: z.strictObject({ train: splitSchema, validation: splitSchema, test: splitSchema }),
  }),
  model: z.strictObject({
    sha256: z.string(),
    licence: z.string(),
    citation: z.string(),
    /** Number of weights of the backbone. */
    parameters: z.int(),
  }),
  /** The task's metrics; the first decides. */
  metrics: z.array(z.strictObject({
    name: z.string(),
    unit: z.enum(["fraction", "correlation"]),
    direction: z.enum(["higher", "lower"]),
  })),
  scores: z.strictObject({
    validation: scores,
    test: scores,
    /** Test scores of always answering the class most frequent in the training examples. */
    majority: scores,
  }),
  /** Epoch whose parameters were kept (from 1; 0 is the start), the earliest of the best on validation. */
  bestEpoch: z.int(),
  curve: z.strictObject({
    /** Mean training loss of each step. */
    stepLoss: z.array(z.number()),
    /** Validation scores after each epoch. */
    validation: z.array(scores),
  }),
  /** Test predictions of the kept epoch. */
  predictions: z.array(z.strictObject({ id: z.string(), label: z.int(), predicted: z.int() })),
  parameters: z.strictObject({
    trainable: z.int(),
    method: z.int(),
    head: z.int(),
    /** Bytes of what the method stores, classifier included. */
    storedBytes: z.int(),
  }),
  memory: z.strictObject({
    /** Greatest resident memory of the worker process, in bytes. */
    peak: measured,
    /** Peak less the resident memory before the training graph was compiled: what the method costs. */
    training: measured,
    /** Planned from the recorded graph, in bytes. */
    planned: z.strictObject({
      weights: z.int(),
      parameters: z.int(),
      gradients: z.int(),
      optimiser: z.int(),
      activations: z.int(),
      total: z.int(),
    }),
  }),
  time: z.strictObject({
    /** Seconds in training steps, evaluation and compilation not counted. */
    trainSeconds: z.number(),
    compileSeconds: z.number(),
    evaluateSeconds: z.number(),
    /** Training examples per second of trainSeconds. */
    examplesPerSecond: z.number(),
  }),
  checks: z.strictObject({
    /** All passed, else the run would have failed. */
    integrity: z.array(z.strictObject({ name: z.string(), detail: z.string() })),
    /** Reported beside the score: `raised` says whether the flag applies. */
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
    device: z.string(),
    /** Null on processors. */
    driver: z.string().nullable(),
    /** ISO 8601, when the run started; decides nothing. */
    started: z.string(),
  }),
});

/** The record of a run. */
export type RunRecord = z.infer<typeof recordSchema>;

/** A record that could not be read. */
export interface UnreadableRecord {
  path: string;
  reason: string;
}

/** What a results folder holds. */
export interface ReadRecords {
  records: RunRecord[];
  unreadable: UnreadableRecord[];
}

/**
 * Reads the records of a results folder (`<folder>/runs/*.json`), sorted by file name. Unreadable ones are listed, never changed.
 * @throws {Error} if the folder holds no runs
 */
export async function readRecords(folder: string): Promise<ReadRecords> {
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(`${folder}/runs`)) {
      if (entry.isFile && entry.name.endsWith(".json")) names.push(entry.name);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(`Cannot read results: ${folder} must hold a folder runs`);
  }
  const result: ReadRecords = { records: [], unreadable: [] };
  for (const name of names.sort()) {
    const path = `${folder}/runs/${name}`;
    try {
      const record = recordSchema.parse(JSON.parse(await Deno.readTextFile(path)));
      if (`${record.id}.json` !== name) throw new Error(`it holds run ${record.id}`);
      result.records.push(record);
    } catch (error) {
      const reason = error instanceof z.ZodError ? z.prettifyError(error).split("\n")[0] : (error as Error).message;
      result.unreadable.push({ path, reason });
    }
  }
  return result;
}
