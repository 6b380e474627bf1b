/**
 * What was fetched from the hub, in the program's cache folder:
 *
 *     hub/blobs/<sha256>                          content
 *     hub/models--org--name/refs/<revision>       the commit that a name last stood for
 *     hub/models--org--name/snapshots/<commit>/   files under their names, hard links to blobs
 *     hub/models--org--name/manifests/<commit>…   size and SHA-256 of these files, written when all are there
 *     hub/models--org--name/partial/              beginnings of files
 *     hub/models--org--name/lock                  held by the process that fetches
 * @module
 */
import { dirname, join } from "node:path";
import { cacheFolder } from "../cache.ts";
import { replaceFile, sha256File, writeWhole } from "../../base/files.ts";

/** A repository of the hub. */
export interface Repository {
  /** What it holds. */
  kind: "model" | "dataset";
  /** "org/name". */
  name: string;
}

/** Size and checksum of a file. */
export interface FileFact {
  /** Bytes. */
  size: number;
  /** In hexadecimal. */
  sha256: string;
}

/** Files of one commit on this machine. */
export interface Snapshot {
  /** The commit. */
  commit: string;
  /** Where the files lie under their names. */
  folder: string;
  /** What they must be. */
  files: Record<string, FileFact>;
}

/** The form of a manifest. */
interface Manifest {
  version: 1;
  repository: string;
  commit: string;
  files: Record<string, FileFact>;
}

/** A repository's name as a folder has it, here as in the hub's own cache. */
export function folderName({ kind, name }: Repository): string {
  return `${kind}s--${name.replace("/", "--")}`;
}

const hubFolder = () => join(cacheFolder(), "hub");
const placeOf = (repository: Repository, ...parts: string[]) =>
  join(hubFolder(), folderName(repository), ...parts.map((part) => part.replaceAll("/", "%2F")));
const blobOf = (sha256: string) => join(hubFolder(), "blobs", sha256);

/** The text of a file; undefined where there is none. */
async function readIfThere(path: string): Promise<string | undefined> {
  return await Deno.readTextFile(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });
}

/** Writes a file in one step, in a folder that is made where it is missing. */
async function write(path: string, text: string): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  await writeWhole(path, text);
}

/** The commit that a branch or tag stood for when the hub was last asked. */
export function readRef(repository: Repository, revision: string): Promise<string | undefined> {
  return readIfThere(placeOf(repository, "refs", revision));
}

/** Notes what a branch or tag stands for. */
export function noteRef(repository: Repository, revision: string, commit: string): Promise<void> {
  return write(placeOf(repository, "refs", revision), commit);
}

const manifestPath = (repository: Repository, commit: string, selection: string) =>
  placeOf(repository, "manifests", `${commit}${selection && `.${selection}`}.json`);

/** Folder of a commit's files, complete or not. */
export function snapshotFolder(repository: Repository, commit: string): string {
  return placeOf(repository, "snapshots", commit);
}

/** The files of a manifest; undefined where the machine went down before its text was on the disk. */
function parseManifest(text: string): Snapshot["files"] | undefined {
  try {
    return (JSON.parse(text) as Manifest).files;
  } catch {
    return undefined;
  }
}

/**
 * The files of a commit, if all of a selection were fetched and none has been removed or cut since.
 * @param selection tells apart what was chosen of the repository's files; empty: the model
 */
export async function readSnapshot(
  repository: Repository,
  commit: string,
  selection: string,
): Promise<Snapshot | undefined> {
  const text = await readIfThere(manifestPath(repository, commit, selection));
  if (text === undefined) return undefined;
  const folder = snapshotFolder(repository, commit);
  const files = parseManifest(text);
  if (files === undefined) return undefined;
  for (const [name, { size }] of Object.entries(files)) {
    const found = await Deno.stat(join(folder, name)).catch(() => undefined);
    if (found?.size !== size) return undefined;
  }
  return { commit, folder, files };
}

/** Writes the manifest of files that are all in place: the last step of fetching them. */
export async function finishSnapshot(
  repository: Repository,
  selection: string,
  { commit, files }: Snapshot,
): Promise<void> {
  const manifest: Manifest = { version: 1, repository: `${repository.kind} ${repository.name}`, commit, files };
  await write(manifestPath(repository, commit, selection), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** Waits for the lock of a repository; it ends with the process that holds it, however that ends. */
export async function lockRepository(repository: Repository, onWait: () => void): Promise<Disposable> {
  const path = placeOf(repository, "lock");
  await Deno.mkdir(dirname(path), { recursive: true });
  const file = await Deno.open(path, { write: true, create: true });
  if (!await file.tryLock(true)) {
    onWait();
    await file.lock(true);
  }
  return file;
}

/** A path for the beginning of a file, to be given to {@linkcode keepBlob} when it is complete. */
export async function partialPath(repository: Repository, digest: string): Promise<string> {
  const path = placeOf(repository, "partial", digest);
  await Deno.mkdir(dirname(path), { recursive: true });
  return path;
}

/** Whether content of that checksum and size is there. */
export async function hasBlob({ sha256, size }: FileFact): Promise<boolean> {
  return await Deno.stat(blobOf(sha256)).then((found) => found.size === size, () => false);
}

/** Takes a complete, checked file. */
export async function keepBlob(partial: string, sha256: string): Promise<void> {
  await Deno.mkdir(dirname(blobOf(sha256)), { recursive: true });
  await Deno.rename(partial, blobOf(sha256));
}

/** Puts content under its name into a commit's folder. */
export async function placeBlob(folder: string, name: string, sha256: string): Promise<void> {
  const path = join(folder, name);
  await Deno.mkdir(dirname(path), { recursive: true });
  await removeIfThere(path);
  await Deno.link(blobOf(sha256), path).catch(async () => {
    // Some file systems have no hard links.
    await replaceFile(path, (draft) => Deno.copyFile(blobOf(sha256), draft));
  });
}

async function removeIfThere(path: string): Promise<void> {
  await Deno.remove(path).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}

/** Names of the files that are not what they must be: each is read. */
export async function findDamaged({ folder, files }: Snapshot): Promise<string[]> {
  const damaged: string[] = [];
  for (const [name, { sha256 }] of Object.entries(files)) {
    if (await sha256File(join(folder, name)) !== sha256) damaged.push(name);
  }
  return damaged;
}

/** Removes files of a snapshot, and what says that it is complete. */
export async function discard(
  repository: Repository,
  selection: string,
  { commit, folder, files }: Snapshot,
  names: readonly string[],
): Promise<void> {
  await removeIfThere(manifestPath(repository, commit, selection));
  for (const name of names) {
    await removeIfThere(blobOf(files[name].sha256));
    await removeIfThere(join(folder, name));
  }
}
