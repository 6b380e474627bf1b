/**
 * Reading and writing files: limited reads, checksums, and writes that are done completely or not at all.
 * @module
 */
import { createHash } from "node:crypto";
import { shorten } from "./errors.ts";

/** Bytes that are read at once. */
const CHUNK = 1 << 20;

/** Whether there is a file, a folder or a link at the path. */
export async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

/** Whether the path is a file. */
export async function isFile(path: string): Promise<boolean> {
  return await Deno.stat(path).then(({ isFile }) => isFile, () => false);
}

/** Whether the path is a folder. */
export async function isFolder(path: string): Promise<boolean> {
  return await Deno.stat(path).then(({ isDirectory }) => isDirectory, () => false);
}

/** SHA-256 of a file in hexadecimal, or null if there is no such file. Reads it piece by piece. */
export async function sha256File(path: string): Promise<string | null> {
  const hash = createHash("sha256");
  try {
    using file = await Deno.open(path);
    const chunk = new Uint8Array(CHUNK);
    for (let count = await file.read(chunk); count !== null; count = await file.read(chunk)) {
      hash.update(chunk.subarray(0, count));
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  return hash.digest("hex");
}

/**
 * Reads a file and checks it.
 * @throws {Error} if its SHA-256 is not the one given
 */
export async function readVerified(path: string, sha256: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await Deno.readFile(path);
  const actual = createHash("sha256").update(bytes).digest("hex");
  if (actual !== sha256) {
    throw new Error(`Cannot read ${path}: its SHA-256 must be ${sha256}, current value is ${actual}`);
  }
  return bytes;
}

/**
 * Reads a JSON object.
 * @param longest largest size of the file in bytes
 * @throws {Error} if the file is missing or larger, or if it holds no JSON object
 */
export async function readObject(path: string, longest: number): Promise<Record<string, unknown>> {
  const { size } = await Deno.stat(path).catch(() => {
    throw new Error(`Cannot read ${path}: there must be such a file`);
  });
  if (size > longest) {
    throw new Error(`Cannot read ${path}: it must have at most ${longest} bytes, current value is ${size}`);
  }
  const text = await Deno.readTextFile(path);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`Cannot read ${path}: it must be JSON, ${shorten((error as Error).message.replace(/\s+/g, " "))}`);
  }
  if (value !== null && typeof value === "object" && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new Error(`Cannot read ${path}: it must hold a JSON object`);
}

/** The lines of a UTF-8 stream, without the line ends. */
export async function* readLines(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) yield line.replace(/\r$/, "");
  }
  if (rest !== "") yield rest;
}

/** A new path for a temporary file or folder beside the given one. */
function draftOf(path: string): string {
  return `${path}.${crypto.randomUUID()}.tmp`;
}

/**
 * Replaces a file in one step: whoever opens it sees the old or the new content, never a part of it.
 * @param write writes the content to a temporary path
 * @returns what `write` returns
 */
export async function replaceFile<T>(path: string, write: (draft: string) => Promise<T>): Promise<T> {
  const draft = draftOf(path);
  try {
    const result = await write(draft);
    await Deno.rename(draft, path);
    return result;
  } catch (error) {
    await Deno.remove(draft).catch(() => {});
    throw error;
  }
}

/** Writes a text file in one step. */
export async function writeWhole(path: string, text: string): Promise<void> {
  await replaceFile(path, (draft) => Deno.writeTextFile(draft, text));
}

/** Writes JSON to a file in one step. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeWhole(path, `${JSON.stringify(value, null, 2)}\n`);
}

/**
 * Writes a folder and puts it in place in one step; an existing folder is replaced. Several processes may do so at once.
 * @param fill writes the content into a temporary folder
 */
export async function writeFolder(path: string, fill: (folder: string) => Promise<void>): Promise<void> {
  const draft = draftOf(path);
  await Deno.mkdir(draft, { recursive: true });
  try {
    await fill(draft);
  } catch (error) {
    await Deno.remove(draft, { recursive: true }).catch(() => {});
    throw error;
  }
  while (true) {
    const old = draftOf(path);
    try {
      await Deno.rename(path, old);
      await Deno.remove(old, { recursive: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    try {
      return await Deno.rename(draft, path);
    } catch (error) {
      // Another process has put its folder there since the old one was renamed.
      if (!isOccupied(error)) throw error;
    }
  }
}

/** Whether a rename failed because there is a folder at its destination. */
function isOccupied(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOTEMPTY" || error.code === "EEXIST");
}
