/**
 * Files fetched from the hub, in the program's cache folder:
 *
 *     hub/blobs/<sha256>                          contents
 *     hub/models--org--name/refs/<revision>       the commit that a branch or tag last stood for
 *     hub/models--org--name/snapshots/<commit>/   files under their names, hard links to blobs
 *     hub/models--org--name/manifests/<commit>…   size and SHA-256 of these files, written when all are there
 *     hub/models--org--name/partial/              files of which a part is fetched
 *     hub/models--org--name/lock                  locked by the process that fetches
 * @module
 */
import { dirname, join } from "node:path";
import { exists, readText, sha256File } from "../../base/files.ts";
import { moveFile, replaceFile, writeWhole } from "../../base/write-files.ts";
import { cacheFolder } from "../cache.ts";

/** A repository of the hub. */
export interface Repository {
  /** What it holds. */
  kind: "model" | "dataset";
  /** "org/name". */
  name: string;
}

/** Size and checksum of a file. */
export interface FileDigest {
  /** Size in bytes. */
  size: number;
  /** SHA-256 in hexadecimal. */
  sha256: string;
}

/** The files of one commit on this machine. */
export interface Snapshot {
  /** The commit. */
  commit: string;
  /** Folder that holds the files under their names. */
  folder: string;
  /** Size and checksum of each file by its name. */
  files: Record<string, FileDigest>;
}

/** Content of a manifest. */
interface Manifest {
  version: 1;
  repository: string;
  commit: string;
  files: Record<string, FileDigest>;
}

/** Name of a repository's folder, the same as in the cache of Hugging Face's programs. */
export function folderName({ kind, name }: Repository): string {
  return `${kind}s--${name.replace("/", "--")}`;
}

/** Bytes of the longest ref or manifest that is read. */
const LONGEST_NOTE = 1 << 24;

const hubFolder = () => join(cacheFolder(), "hub");
const repositoryPath = (repository: Repository, ...parts: string[]) =>
  join(hubFolder(), folderName(repository), ...parts.map((part) => part.replaceAll("/", "%2F")));
const blobPath = (sha256: string) => join(hubFolder(), "blobs", sha256);

/** The text of a file; undefined if there is no such file. */
async function readIfThere(path: string): Promise<string | undefined> {
  return await exists(path) ? await readText(path, LONGEST_NOTE) : undefined;
}

/** Writes a file in one step, and makes its folder if it is missing. */
async function write(path: string, text: string): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  await writeWhole(path, text);
}

/** The commit that a branch or tag stood for when the hub was last asked. */
export function readRef(repository: Repository, revision: string): Promise<string | undefined> {
  return readIfThere(repositoryPath(repository, "refs", revision));
}

/** Writes down the commit that a branch or tag stands for. */
export function writeRef(repository: Repository, revision: string, commit: string): Promise<void> {
  return write(repositoryPath(repository, "refs", revision), commit);
}

const manifestPath = (repository: Repository, commit: string, selection: string) =>
  repositoryPath(repository, "manifests", `${commit}${selection && `.${selection}`}.json`);

/** Folder of a commit's files, complete or not. */
export function snapshotFolder(repository: Repository, commit: string): string {
  return repositoryPath(repository, "snapshots", commit);
}

/** The files of a manifest; undefined if it is no JSON, as after a power failure while it was written. */
function parseManifest(text: string): Snapshot["files"] | undefined {
  try {
    return (JSON.parse(text) as Manifest).files;
  } catch {
    return undefined;
  }
}

/**
 * The files of a commit, if all files of a selection were fetched and all are still there in full length.
 * @param selection key of the selection; empty: the model
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
    const stat = await Deno.stat(join(folder, name)).catch(() => undefined);
    if (stat?.size !== size) return undefined;
  }
  return { commit, folder, files };
}

/** Writes the manifest, the last step of fetching files. */
export async function finishSnapshot(
  repository: Repository,
  selection: string,
  { commit, files }: Snapshot,
): Promise<void> {
  const manifest: Manifest = { version: 1, repository: `${repository.kind} ${repository.name}`, commit, files };
  await write(manifestPath(repository, commit, selection), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** Waits for the lock of a repository. The system releases it when the process that holds it ends. */
export async function lockRepository(repository: Repository, onWait: () => void): Promise<Disposable> {
  const path = repositoryPath(repository, "lock");
  await Deno.mkdir(dirname(path), { recursive: true });
  const file = await Deno.open(path, { write: true, create: true });
  if (!await file.tryLock(true)) {
    onWait();
    await file.lock(true);
  }
  return file;
}

/** Path for a file while it is fetched; {@linkcode keepBlob} takes it when it is complete. */
export async function partialPath(repository: Repository, digest: string): Promise<string> {
  const path = repositoryPath(repository, "partial", digest);
  await Deno.mkdir(dirname(path), { recursive: true });
  return path;
}

/** Whether there is content of that checksum and size. */
export async function hasBlob({ sha256, size }: FileDigest): Promise<boolean> {
  return await Deno.stat(blobPath(sha256)).then((stat) => stat.size === size, () => false);
}

/** Moves a complete and checked file to the blobs. */
export async function keepBlob(partial: string, sha256: string): Promise<void> {
  await Deno.mkdir(dirname(blobPath(sha256)), { recursive: true });
  await moveFile(partial, blobPath(sha256));
}

/** Links a blob into a commit's folder under the file's name. */
export async function placeBlob(folder: string, name: string, sha256: string): Promise<void> {
  const path = join(folder, name);
  await Deno.mkdir(dirname(path), { recursive: true });
  await removeIfThere(path);
  await Deno.link(blobPath(sha256), path).catch(async () => {
    // Some file systems have no hard links.
    await replaceFile(path, (draft) => Deno.copyFile(blobPath(sha256), draft));
  });
}

async function removeIfThere(path: string): Promise<void> {
  await Deno.remove(path).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}

/** Names of the files whose SHA-256 is not that of the manifest. Reads all files. */
export async function findDamaged({ folder, files }: Snapshot): Promise<string[]> {
  const damaged: string[] = [];
  for (const [name, { sha256 }] of Object.entries(files)) {
    if (await sha256File(join(folder, name)) !== sha256) damaged.push(name);
  }
  return damaged;
}

/** Removes files of a snapshot, and its manifest. */
export async function discard(
  repository: Repository,
  selection: string,
  { commit, folder, files }: Snapshot,
  names: readonly string[],
): Promise<void> {
  await removeIfThere(manifestPath(repository, commit, selection));
  for (const name of names) {
    await removeIfThere(blobPath(files[name].sha256));
    await removeIfThere(join(folder, name));
  }
}
