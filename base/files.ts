/**
 * Reading files: regular ones within limits, and checksums.
 * @module
 */
import { createHash } from "node:crypto";
import { dirname, isAbsolute, resolve, sep } from "node:path";
import { shorten } from "./errors.ts";

/** Bytes that are read at once. */
const CHUNK = 1 << 20;

/** What looking at a path gives where nothing is there. @throws {Error} if this process must not look at it */
function nothingAt(path: string): (error: Error) => false {
  return (error) => {
    if (error instanceof Deno.errors.NotCapable) {
      throw new Error(`Cannot read ${path}: ${error.message}`, { cause: error });
    }
    return false;
  };
}

/** Whether there is a file, a folder or a link at the path. */
export async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, nothingAt(path));
}

/** Whether the path is a file. */
export async function isFile(path: string): Promise<boolean> {
  return await Deno.stat(path).then(({ isFile }) => isFile, nothingAt(path));
}

/** Whether the path is a folder. */
export async function isFolder(path: string): Promise<boolean> {
  return await Deno.stat(path).then(({ isDirectory }) => isDirectory, nothingAt(path));
}

/** Where a missing path was looked for, as the end of a sentence: a relative one counts from the current folder. */
export function lookedFor(path: string): string {
  return isAbsolute(path) ? "" : `, it was looked for at ${resolve(path)}`;
}

/** What is at a path that is no file. */
function kindOf({ isDirectory, isFifo, isSocket }: Deno.FileInfo): string {
  return isDirectory ? "a folder" : isFifo ? "a pipe" : isSocket ? "a socket" : "a device";
}

/** Why a file of another user cannot be read, and what mends it. */
async function explainDenied(path: string): Promise<string> {
  const { mode } = await Deno.stat(path).catch(() => ({ mode: null }));
  return mode === null
    ? "the folders above it must be readable for this user, their owner mends that with chmod a+rx"
    : `it must be readable for this user, its mode is 0${(mode & 0o777).toString(8)}; ` +
      `its owner mends that with chmod a+r ${path}`;
}

/**
 * @throws {Error} if the path is a link that leads out of the file's folder; the snapshots of Hugging Face's programs lead to
 * the blobs beside them
 */
async function requireInside(path: string, real: string): Promise<void> {
  const folder = await Deno.realPath(dirname(path));
  const [, repository] = /^(.*)[/\\]snapshots[/\\][0-9a-f]{40}(?:$|[/\\])/.exec(folder) ?? [];
  const allowed = [folder, ...repository === undefined ? [] : [`${repository}${sep}blobs`]];
  if (allowed.some((place) => real.startsWith(`${place}${sep}`))) return;
  throw new Error(`Cannot read ${path}: links must stay inside its folder, it leads elsewhere`);
}

/**
 * Opens a file of a folder, whoever made it: the one way in which files are read. Pipes, devices, sockets and folders are
 * refused before they are opened, which could wait or read without end, and once more afterwards.
 * @param longest largest size of the file in bytes
 * @returns the file and its size
 * @throws {Error} one sentence, if it is missing, no file, too large, not readable, or a link that leads out of its folder
 */
export async function openFile(
  path: string,
  longest = Infinity,
): Promise<{ file: Deno.FsFile; size: number }> {
  const refuse = (rule: string, cause?: unknown): never => {
    throw new Error(`Cannot read ${path}: ${rule}`, { cause });
  };
  const check = (info: Deno.FileInfo) => {
    if (!info.isFile) refuse(`it must be a file, it is ${kindOf(info)}`);
    if (info.size > longest) refuse(`it must have at most ${longest} bytes, current value is ${info.size}`);
    return info.size;
  };
  try {
    const link = await Deno.lstat(path);
    check(link.isSymlink ? await Deno.stat(path) : link);
    const real = link.isSymlink ? await Deno.realPath(path) : path;
    if (link.isSymlink) await requireInside(path, real);
    const file = await Deno.open(real);
    try {
      return { file, size: check(await file.stat()) };
    } catch (error) {
      file.close();
      throw error;
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return refuse(`there must be such a file${lookedFor(path)}`, error);
    }
    if (error instanceof Deno.errors.PermissionDenied) return refuse(await explainDenied(path), error);
    if (error instanceof Deno.errors.FilesystemLoop) return refuse("its links must lead to a file", error);
    if ((error as { code?: string }).code === "ENAMETOOLONG") {
      throw new Error(`Cannot read ${shorten(path)}: its name must be shorter, the system allows no such length`);
    }
    throw error;
  }
}

/** The path of a file without links. @throws {Error} as {@linkcode openFile} */
export async function fileAt(path: string): Promise<string> {
  (await openFile(path)).file.close();
  return await Deno.realPath(path);
}

/** Reads a file. @throws {Error} as {@linkcode openFile} */
export async function readBytes(path: string, longest: number): Promise<Uint8Array<ArrayBuffer>> {
  const { file: opened, size } = await openFile(path, longest);
  using file = opened;
  // A file that grows while it is read is read as long as it was.
  const bytes = new Uint8Array(size);
  let length = 0;
  for (let count; length < size && (count = await file.read(bytes.subarray(length))) !== null;) length += count;
  return bytes.subarray(0, length);
}

/** Reads a text file. @throws {Error} as {@linkcode openFile} */
export async function readText(path: string, longest: number): Promise<string> {
  return new TextDecoder().decode(await readBytes(path, longest));
}

/** SHA-256 of a file in hexadecimal, or null if there is no such file. Reads it piece by piece. */
export async function sha256File(path: string): Promise<string | null> {
  const hash = createHash("sha256");
  if (!await exists(path)) return null;
  const { file: opened } = await openFile(path);
  using file = opened;
  const chunk = new Uint8Array(CHUNK);
  for (let count = await file.read(chunk); count !== null; count = await file.read(chunk)) {
    hash.update(chunk.subarray(0, count));
  }
  return hash.digest("hex");
}

/** Bytes of the longest file that is read with a checksum: those that come with the npm packages are far smaller. */
const LONGEST_VERIFIED = 1 << 30;

/**
 * Reads a file and checks it.
 * @throws {Error} as {@linkcode openFile}, or if its SHA-256 is not the one given
 */
export async function readVerified(path: string, sha256: string): Promise<Uint8Array<ArrayBuffer>> {
  // npm packages may be links to a store.
  const bytes = await readBytes(await Deno.realPath(path).catch(() => path), LONGEST_VERIFIED);
  const actual = createHash("sha256").update(bytes).digest("hex");
  if (actual !== sha256) {
    throw new Error(`Cannot read ${path}: its SHA-256 must be ${sha256}, current value is ${actual}`);
  }
  return bytes;
}

/** Most levels of lists and objects inside one another in a file of JSON. */
export const DEEPEST = 100;

function isDeeper(value: unknown, levels: number): boolean {
  if (value === null || typeof value !== "object") return false;
  if (levels === 0) return true;
  // Plain loops: a record has thousands of values.
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) if (isDeeper(value[at], levels - 1)) return true;
    return false;
  }
  for (const key in value) if (isDeeper((value as Record<string, unknown>)[key], levels - 1)) return true;
  return false;
}

/**
 * Reads a file of JSON.
 * @throws {Error} as {@linkcode openFile}, or if it is no JSON, or nested too deep
 */
export async function readJson(path: string, longest: number): Promise<unknown> {
  // Editors on Windows begin a file with a byte-order mark, which decoding leaves out.
  const text = await readText(path, longest);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`Cannot read ${path}: it must be JSON, ${shorten((error as Error).message.replace(/\s+/g, " "))}`);
  }
  if (!isDeeper(value, DEEPEST)) return value;
  throw new Error(`Cannot read ${path}: it must be nested at most ${DEEPEST} deep, it is deeper`);
}

/**
 * Reads a JSON object.
 * @param longest largest size of the file in bytes
 * @throws {Error} as {@linkcode readJson}, or if it holds no object
 */
export async function readObject(path: string, longest: number): Promise<Record<string, unknown>> {
  const value = await readJson(path, longest);
  if (value !== null && typeof value === "object" && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new Error(`Cannot read ${path}: it must hold a JSON object`);
}

/**
 * The lines of a UTF-8 stream, without the line ends. A line of more than `longest` characters is cut after the first
 * `longest` + 1: the rest of it is not kept.
 */
export async function* readLines(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  longest = Infinity,
): AsyncGenerator<string> {
  let pieces: string[] = [];
  let length = 0;
  const add = (piece: string) => {
    const kept = piece.slice(0, longest + 1 - length);
    if (kept === "") return;
    pieces.push(kept);
    length += kept.length;
  };
  const take = () => {
    const line = pieces.join("").replace(/\r$/, "");
    [pieces, length] = [[], 0];
    return line;
  };
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const [first, ...others] = text.split("\n");
    add(first);
    for (const piece of others) {
      yield take();
      add(piece);
    }
  }
  if (length > 0) yield take();
}
