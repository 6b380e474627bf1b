/**
 * The note in the folder of an adapter, tunebench.json: what PEFT's files cannot say, such as the task and joined methods.
 * Joined methods have a subfolder each, named after the method, and the note stands above them.
 * @module
 */
import { z } from "zod";
import { exists, isFolder, lookedFor, readObject } from "../../base/files.ts";
import { describeFault } from "../../base/schema.ts";
import { seeded } from "../../methods/shared/options.ts";
import { type AnyTask, labelsOfTask, type TaskKind } from "../../tasks/types.ts";
import { headSchema } from "../study/schemas/head-schema.ts";
import type { HeadSpec } from "../study/words/head.ts";
import { modelSchema, partSchema, type PartSpec, type RunSpec } from "../study/spec.ts";
import { areHashes, NO_TEXTS, type NotedTexts, readTexts, type SeenTexts } from "./seen-texts.ts";

/** Name of the file. */
export const ADAPTER_NOTE = "tunebench.json";

/** Bytes of the longest note that is read. */
const LONGEST = 1 << 24;

/** What an adapter's files do not say, and its users need to know. */
export interface AdapterNote {
  /** Version of the note's form. */
  version: 1;
  /** Id of the run that made the adapter. */
  run: string;
  /** The backbone that it was trained on. */
  model: RunSpec["model"];
  /** The task that it was trained on; without labels if its answers are numbers, texts or choices. */
  task: { name: string; version: number; kind: TaskKind; labels: string[] };
  /** The method's parts with every option. */
  method: PartSpec[];
  /** The form of each part's files: PEFT's, or TuneBench's where PEFT has none. */
  forms: ("peft" | "tunebench")[];
  /** Most tokens of a text, virtual tokens not counted. */
  maxLength: number;
  /** What the language model's own head is asked; absent: there is a classifier, or texts are generated. */
  head?: HeadSpec;
  /** Most tokens that are generated; absent if the task is to classify. */
  outputLength?: number;
  /** A generated text ends before the first of these; absent: there are none. */
  stop?: string[];
  /** Texts are put into the model's chat template. */
  chat?: true;
  /** Texts are dialogues, a turn a line, that lose their oldest turns where they are too long. */
  dialogue?: true;
  /** What stands for the choice in the second text; absent: the choice stands behind it, or there are none. */
  placeholder?: string;
  /** Probability from which a label is answered; absent unless there are several labels at once. */
  threshold?: number;
  /** The texts that it has learnt from; absent in notes of before texts were noted. */
  texts?: NotedTexts;
}

const noteSchema: z.ZodType<AdapterNote> = z.strictObject({
  version: z.literal(1),
  run: z.string(),
  model: modelSchema,
  task: z.strictObject({
    name: z.string(),
    version: z.int(),
    kind: z.enum(["classification", "regression", "multi-label", "multiple choice", "generation"]),
    labels: z.array(z.string()),
  }),
  method: z.array(partSchema).min(1),
  forms: z.array(z.enum(["peft", "tunebench"])).min(1),
  maxLength: z.int().positive(),
  head: headSchema.optional(),
  outputLength: z.int().positive().optional(),
  stop: z.array(z.string().min(1)).optional(),
  chat: z.literal(true).optional(),
  dialogue: z.literal(true).optional(),
  placeholder: z.string().min(1).optional(),
  threshold: z.number().min(0).max(1).optional(),
  texts: z.strictObject({
    complete: z.boolean(),
    hashes: z.string().refine(areHashes, "must be hashes of 16 hexadecimal digits each"),
  }).optional(),
});

/**
 * The note of a run's adapter, without the forms, which `writeAdapter` fills in.
 * @param run id of the run
 * @param spec what was trained
 * @param threshold from which a label is answered, if there are several labels at once
 */
export function noteOf(
  run: string,
  spec: RunSpec,
  task: AnyTask,
  texts: NotedTexts,
  threshold?: number,
): Omit<AdapterNote, "forms"> {
  const { maxLength, outputLength, stop, chat } = spec.training;
  return {
    version: 1,
    run,
    model: spec.model,
    task: {
      name: spec.task.name,
      version: spec.task.version,
      kind: task.kind,
      labels: [...labelsOfTask(task)],
    },
    // Whoever uses the adapter does not know the run's seed.
    method: spec.method.map((part) => seeded(part, spec.seed)),
    maxLength,
    ...spec.head && { head: spec.head },
    ...outputLength !== undefined && { outputLength },
    ...stop && { stop },
    ...chat && { chat },
    ..."dialogue" in task && task.dialogue && { dialogue: task.dialogue },
    ..."placeholder" in task && { placeholder: task.placeholder },
    ...threshold !== undefined && { threshold },
    texts,
  };
}

/** Makes sure that there is a folder of that path. @throws {Error} if there is none, with where it was looked for */
export async function requireFolder(folder: string): Promise<void> {
  if (await isFolder(folder)) return;
  throw new Error(`Cannot read the adapter ${folder}: there must be such a folder${lookedFor(folder)}`);
}

/**
 * Reads the note of an adapter's folder; undefined if there is none, as in folders that PEFT wrote.
 * @throws {Error} if it is too long, no JSON, or breaks a rule
 */
export async function readAdapterNote(folder: string): Promise<AdapterNote | undefined> {
  const path = `${folder}/${ADAPTER_NOTE}`;
  if (!await exists(path)) return undefined;
  const value = await readObject(path, LONGEST);
  const result = noteSchema.safeParse(value);
  if (result.success) return result.data;
  throw new Error(`Cannot read ${path}: ${describeFault(result.error, value)}`);
}

/** The texts that a model has learnt from by adapters that were folded into it: its folder then has a note, too. */
export async function textsOfModel(folder: string | undefined): Promise<SeenTexts> {
  const note = folder === undefined ? undefined : await readAdapterNote(folder);
  return note ? readTexts(note.texts) : NO_TEXTS;
}
