/**
 * The file of a checkpoint: a line of JSON that says what it is and how far training has come, the values of all arrays (float32,
 * little-endian, in the order of the parameters), and the SHA-256 of everything before it, in 32 bytes.
 * @module
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { openFile } from "../../../base/files.ts";
import { describeFault } from "../../../base/schema.ts";
import { sizeOf } from "../../../base/shapes.ts";
import { replaceFile } from "../../../base/write-files.ts";
import type { TrainableParameter } from "../../../engine/adamw.ts";
import { STATE_PARTS, type StatePart } from "../../../engine/types.ts";
import type { Environment, Measured, RunPart, Scores } from "../../study/record.ts";
import { measured, runPart, scores } from "../../study/schemas/record-schema.ts";
import { canonical } from "../../study/spec.ts";
import type { TrainingCourse } from "../train.ts";

/** Version of the file's form. */
const VERSION = 1;
/** Bytes of the longest line that is read: there is a loss of 20 bytes for each step. */
const LONGEST_LINE = 1 << 26;
/** Bytes of the checksum. */
const CHECKSUM = 32;
/** Bytes that are read at once. */
const PIECE = 1 << 20;

/** An array for each parameter: a part of the training's state, or the parameters of the best epoch. */
export type ArraysOf = StatePart | "best";

/** Whose checkpoint it is; another one is of no use. */
export interface CheckpointOwner {
  /** Id of the run. */
  id: string;
  /** Where it was trained, as far as that may decide the last digit of a result. */
  environment: Pick<Environment, "suite" | "versions" | "arch" | "processor">;
  /** The trained tensors. */
  parameters: readonly Pick<TrainableParameter, "name" | "shape">[];
}

/** How far a cell has come. */
export interface CheckpointState {
  /** The steps so far. */
  course: TrainingCourse;
  /** Scores on the validation examples after each epoch that has ended. */
  validation: Scores[];
  /** The best of these epochs, and the mean loss of the validation examples after it; null before the first has ended. */
  best: { epoch: number; loss: Measured } | null;
  /** Seconds spent so far on what is no step. */
  seconds: { compile: number; evaluate: number };
  /** The parts in which the cell was trained so far. */
  parts: RunPart[];
}

/** The line of a file. */
interface Line extends CheckpointState {
  version: typeof VERSION;
  owner: CheckpointOwner;
}

const lineSchema: z.ZodType<Line> = z.strictObject({
  version: z.literal(VERSION),
  owner: z.strictObject({
    id: z.string(),
    environment: z.custom<CheckpointOwner["environment"]>((value) => value !== null && typeof value === "object"),
    parameters: z.array(z.strictObject({ name: z.string(), shape: z.array(z.int()) })),
  }),
  course: z.strictObject({
    stepLoss: z.array(z.number()).min(1),
    seconds: z.number(),
    tokens: z.int(),
    padding: z.int(),
  }),
  validation: z.array(scores),
  best: z.strictObject({ epoch: z.int().positive(), loss: measured }).nullable(),
  seconds: z.strictObject({ compile: z.number(), evaluate: z.number() }),
  parts: z.array(runPart).min(1),
});

/** The kinds of arrays that a file holds, in order. */
const kindsOf = ({ best }: CheckpointState): ArraysOf[] => best === null ? [...STATE_PARTS] : [...STATE_PARTS, "best"];

/**
 * Writes a checkpoint in one step, and the folder that it lies in if only that is missing.
 * @param arraysOf gives the arrays of a kind, by parameter; they are written without a copy
 * @throws {Error} one sentence, if it cannot be written; the file before stays
 */
export async function writeCheckpoint(
  path: string,
  { id, environment, parameters }: CheckpointOwner,
  state: CheckpointState,
  arraysOf: (kind: ArraysOf) => Promise<Record<string, Float32Array>>,
): Promise<void> {
  const shapes = parameters.map(({ name, shape }) => ({ name, shape: [...shape] }));
  const line: Line = { version: VERSION, owner: { id, environment, parameters: shapes }, ...state };
  await replaceFile(path, async (draft) => {
    // The results folder itself is not made again where somebody has removed it.
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/"))).catch((error) => {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    });
    using file = await Deno.open(draft, { write: true, createNew: true });
    const hash = createHash("sha256");
    const write = async (bytes: Uint8Array) => {
      for (let written = 0; written < bytes.length;) written += await file.write(bytes.subarray(written));
    };
    const add = async (bytes: Uint8Array) => {
      hash.update(bytes);
      await write(bytes);
    };
    await add(new TextEncoder().encode(`${JSON.stringify(line)}\n`));
    for (const kind of kindsOf(state)) {
      const arrays = await arraysOf(kind);
      for (const { name } of parameters) {
        const { buffer, byteOffset, byteLength } = arrays[name];
        await add(new Uint8Array(buffer, byteOffset, byteLength));
      }
    }
    await write(hash.digest());
  });
}

/** An open checkpoint that is whole. */
export interface OpenCheckpoint extends Disposable {
  /** How far training had come. */
  state: CheckpointState;
  /** Reads an array. */
  load(kind: ArraysOf, name: string): Promise<Float32Array>;
}

/**
 * Opens a checkpoint and checks all of it.
 * @throws {Error} the rule that does not hold, if it is of no use to this owner
 */
export async function openCheckpoint(path: string, owner: CheckpointOwner): Promise<OpenCheckpoint> {
  const { file, size } = await openFile(path);
  try {
    const { text, bytes } = await readLine(file);
    const { version: _, owner: before, ...state } = parseLine(text);
    requireOwner(before, owner);
    const places = new Map<string, { offset: number; length: number }>();
    let end = bytes;
    for (const kind of kindsOf(state)) {
      for (const { name, shape } of owner.parameters) {
        places.set(`${kind}/${name}`, { offset: end, length: sizeOf(shape) });
        end += 4 * sizeOf(shape);
      }
    }
    if (size !== end + CHECKSUM) throw new Error(`it must have ${end + CHECKSUM} bytes, it has ${size}`);
    await requireChecksum(file, end);
    return {
      state,
      async load(kind, name) {
        const { offset, length } = places.get(`${kind}/${name}`)!;
        const values = new Float32Array(length);
        await readAt(file, offset, new Uint8Array(values.buffer));
        return values;
      },
      [Symbol.dispose]: () => file.close(),
    };
  } catch (error) {
    file.close();
    throw error;
  }
}

/** The first line of a file, and its bytes with the line end. */
async function readLine(file: Deno.FsFile): Promise<{ text: string; bytes: number }> {
  const pieces: Uint8Array[] = [];
  for (let bytes = 0; bytes < LONGEST_LINE;) {
    const piece = new Uint8Array(PIECE);
    const count = await file.read(piece);
    if (count === null) break;
    const end = piece.subarray(0, count).indexOf(0x0a);
    pieces.push(piece.subarray(0, end < 0 ? count : end));
    if (end >= 0) return { text: await new Blob(pieces as BlobPart[]).text(), bytes: bytes + end + 1 };
    bytes += count;
  }
  throw new Error("it must begin with a line of JSON, it has none");
}

function parseLine(text: string): Line {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error("it must begin with a line of JSON, it has none");
  }
  const result = lineSchema.safeParse(value);
  if (result.success) return result.data;
  throw new Error(`its first line is of another form, ${describeFault(result.error, value)}`);
}

function requireOwner(before: CheckpointOwner, now: CheckpointOwner): void {
  if (before.id !== now.id) throw new Error(`it must be of the run ${now.id}, it is of another one`);
  for (const key of Object.keys(now.environment) as (keyof CheckpointOwner["environment"])[]) {
    if (canonical(before.environment[key]) === canonical(now.environment[key])) continue;
    const what = { suite: "TuneBench", versions: "libraries", arch: "processor", processor: "processor" }[key];
    throw new Error(`it must have been made with the same ${what}, it was made with another`);
  }
  const tensors = ({ parameters }: CheckpointOwner) =>
    canonical(parameters.map(({ name, shape }) => ({ name, shape })));
  if (tensors(before) !== tensors(now)) throw new Error("it must hold the tensors that are trained, it holds others");
}

/** Compares the SHA-256 of the first bytes of a file with the one that follows them. */
async function requireChecksum(file: Deno.FsFile, end: number): Promise<void> {
  const hash = createHash("sha256");
  const piece = new Uint8Array(PIECE);
  for (let at = 0; at < end; at += PIECE) {
    const part = piece.subarray(0, Math.min(PIECE, end - at));
    await readAt(file, at, part);
    hash.update(part);
  }
  const expected = new Uint8Array(CHECKSUM);
  await readAt(file, end, expected);
  if (!hash.digest().equals(expected)) throw new Error("it must have the SHA-256 at its end, it has another");
}

async function readAt(file: Deno.FsFile, offset: number, bytes: Uint8Array): Promise<void> {
  await file.seek(offset, Deno.SeekMode.Start);
  for (let read = 0; read < bytes.length;) {
    const count = await file.read(bytes.subarray(read));
    if (count === null) throw new Error("it ends while it is read");
    read += count;
  }
}
