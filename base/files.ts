/**
 * Reading and writing files: limited reads, checksums, and writes that are done completely or not at all.
 * @module
 */
import { createHash } from "node:crypto";
import process from "node:process";
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

/** A new path for a temporary file or folder beside the given one. Its name has the process id of its owner. */
function draftOf(path: string): string {
  return `${path}.${Deno.pid}.${crypto.randomUUID()}.tmp`;
}

/** A draft's name; a draft that nothing was written to for this many milliseconds may be without an owner. */
const DRAFT = /\.(?<pid>\d+)\.[-0-9a-f]{36}\.tmp$/, UNTOUCHED = 60_000;

/**
 * Removes the drafts in a folder whose owner has ended before it could. A draft that was written to in the last minute stays:
 * its owner may be on another machine.
 */
export async function sweepDrafts(folder: string): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    const { pid } = DRAFT.exec(name)?.groups ?? {};
    if (pid === undefined || isAlive(Number(pid))) continue;
    const path = `${folder}/${name}`;
    const modified = await Deno.lstat(path).then(({ mtime }) => mtime, () => null);
    // Another start may sweep at the same time.
    if (Date.now() - Number(modified ?? Date.now()) > UNTOUCHED) await removeDraft(path);
  }
}

/** Whether a process of this machine runs. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code !== "ESRCH";
  }
}

/** Removes a draft; it may be gone, and what made it useless counts more than what keeps it from being removed. */
async function removeDraft(draft: string): Promise<void> {
  await Deno.remove(draft, { recursive: true }).catch(() => {});
}

/** Has the system write a file, or the files of a folder, to its disk: a rename may otherwise outlive a power loss alone. */
async function sync(path: string): Promise<void> {
  if (await isFolder(path)) {
    for await (const { name } of Deno.readDir(path)) await sync(`${path}/${name}`);
    return;
  }
  using file = await Deno.open(path, { read: true, write: true });
  await file.sync();
}

/** An error of the system while a path was written, in one sentence; any other error as it is. */
function asWriteError(path: string, error: unknown): unknown {
  if (!(error instanceof Error && "code" in error)) return error;
  const rule = error.code === "ENOSPC" ? "its disk must have space left, it is full" : error.message;
  return new Error(`Cannot write ${path}: ${rule}`, { cause: error });
}

/**
 * Replaces a file in one step: whoever opens it sees the old or the new content, never a part of it.
 * @param write writes the content to a temporary path
 * @returns what `write` returns
 * @throws {Error} one sentence, if the file cannot be written; nothing of it is left then
 */
export async function replaceFile<T>(path: string, write: (draft: string) => Promise<T>): Promise<T> {
  const draft = draftOf(path);
  try {
    const result = await write(draft);
    await sync(draft);
    await Deno.rename(draft, path);
    return result;
  } catch (error) {
    await removeDraft(draft);
    throw asWriteError(path, error);
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
 * @throws {Error} one sentence, if the folder cannot be written; nothing of it is left then
 */
export async function writeFolder(path: string, fill: (folder: string) => Promise<void>): Promise<void> {
  const draft = draftOf(path);
  try {
    await Deno.mkdir(draft, { recursive: true });
    await fill(draft);
    await sync(draft);
    await putInPlace(draft, path);
  } catch (error) {
    await removeDraft(draft);
    throw asWriteError(path, error);
  }
}

/** Renames a folder to a path where another may be, which is removed. */
async function putInPlace(draft: string, path: string): Promise<void> {
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
