/**
 * What the folder of an adapter says of itself beside PEFT's files, which know neither tasks nor joined methods:
 * tunebench.json. Of joined methods each part has a subfolder of its name, and the note stands above them.
 * @module
 */
import { z } from "zod";
import { isFile, readObject } from "../../base/files.ts";
import { describeFault } from "../../base/schema.ts";
import { seeded } from "../../methods/options.ts";
import type { AnyTask } from "../../tasks/types.ts";
import { partSchema, type PartSpec, runId, type RunSpec } from "../study/spec.ts";

/** Name of the file. */
export const ADAPTER_NOTE = "tunebench.json";

/** Bytes of the longest note that is read. */
const LONGEST = 1 << 20;

/** What is needed to use an adapter. */
export interface AdapterNote {
  /** Version of the note's form. */
  version: 1;
  /** Name of the run that it comes from. */
  run: string;
  /** The backbone it belongs to. */
  model: { name: string; revision: string };
  /** The task it was trained on; a task of generation has no labels. */
  task: { name: string; version: number; kind: "classification" | "generation"; labels: string[] };
  /** The method's parts with every option. */
  method: PartSpec[];
  /** The form of each part's files: PEFT's, or this project's own where PEFT has none. */
  forms: ("peft" | "tunebench")[];
  /** Most tokens of a text, virtual tokens not counted. */
  maxLength: number;
  /** Most tokens that are generated; of a task of generation alone. */
  outputLength?: number;
  /** Texts are messages in the model's chat template. */
  chat?: true;
}

const noteSchema: z.ZodType<AdapterNote> = z.strictObject({
  version: z.literal(1),
  run: z.string(),
  model: z.strictObject({ name: z.string(), revision: z.string() }),
  task: z.strictObject({
    name: z.string(),
    version: z.int(),
    kind: z.enum(["classification", "generation"]),
    labels: z.array(z.string()),
  }),
  method: z.array(partSchema).min(1),
  forms: z.array(z.enum(["peft", "tunebench"])).min(1),
  maxLength: z.int().positive(),
  outputLength: z.int().positive().optional(),
  chat: z.literal(true).optional(),
});

/** The note of a run's adapter, as far as the run is known before it is written. */
export function noteOf(spec: RunSpec, task: AnyTask): Omit<AdapterNote, "forms"> {
  const { maxLength, outputLength, chat } = spec.training;
  return {
    version: 1,
    run: runId(spec),
    model: spec.model,
    task: {
      name: spec.task.name,
      version: spec.task.version,
      kind: task.kind,
      labels: task.kind === "classification" ? [...task.labels] : [],
    },
    // Who uses the adapter knows no seed of the run.
    method: spec.method.map((part) => seeded(part, spec.seed)),
    maxLength,
    ...outputLength !== undefined && { outputLength },
    ...chat && { chat },
  };
}

/**
 * The note of an adapter's folder; undefined where there is none, as in folders that PEFT wrote.
 * @throws {Error} if it is not as it should be
 */
export async function readAdapterNote(folder: string): Promise<AdapterNote | undefined> {
  const path = `${folder}/${ADAPTER_NOTE}`;
  if (!await isFile(path)) return undefined;
  const value = await readObject(path, LONGEST);
  const result = noteSchema.safeParse(value);
  if (result.success) return result.data;
  throw new Error(`Cannot read ${path}: ${describeFault(result.error, value)}`);
}
