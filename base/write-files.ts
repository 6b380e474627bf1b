/**
 * Writing files and folders, completely or not at all.
 * @module
 */
import { isFolder } from "./files.ts";
import { isAlive } from "./processes.ts";

/** A new path for a temporary file or folder beside the given one. Its name has the process id of its owner. */
export function draftOf(path: string): string {
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
    if (pid === undefined || await isAlive(Number(pid))) continue;
    const path = `${folder}/${name}`;
    // Another start may sweep at the same time.
    const modified = await Deno.lstat(path).then(({ mtime }) => mtime, () => null);
    const now = modified && await nowIn(folder);
    if (now && Number(now) - Number(modified) > UNTOUCHED) await removeDraft(path);
  }
}

/** The time by the clock that dates the files of a folder, which may be another machine's; null where none can be written. */
async function nowIn(folder: string): Promise<Date | null> {
  const path = draftOf(`${folder}/now`);
  const now = await Deno.writeTextFile(path, "").then(() => Deno.lstat(path)).then(({ mtime }) => mtime, () => null);
  await removeDraft(path);
  return now;
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
  // Deno gives codes to some errors of the system alone; a quota, or a limit of sizes, has a number in its message.
  // Places like /dev are refused by Deno itself.
  const isOfSystem = error instanceof Error &&
    ("code" in error || /\(os error \d+\)/.test(error.message) || error instanceof Deno.errors.NotCapable);
  if (!isOfSystem) return error;
  const rule = "code" in error && error.code === "ENOSPC" ? "its disk must have space left, it is full" : error.message;
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
    await moveFile(draft, path);
    return result;
  } catch (error) {
    await removeDraft(draft);
    throw asWriteError(path, error);
  }
}

/** Puts a file that is written in its place, once its content is on the disk. @throws {Error} one sentence, if it cannot */
export async function moveFile(from: string, to: string): Promise<void> {
  try {
    await sync(from);
    await Deno.rename(from, to);
  } catch (error) {
    throw asWriteError(to, error);
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
