/**
 * Fetches the files of one commit of a repository on the hub.
 * @module
 */
import type { ListFileEntry } from "@huggingface/hub";
import { join } from "node:path";
import { formatBytes } from "../../base/bytes.ts";
import { shorten, showValue } from "../../base/errors.ts";
import type { FileSource } from "../file-source.ts";
import {
  finishSnapshot,
  hasBlob,
  keepBlob,
  lockRepository,
  partialPath,
  placeBlob,
  readSnapshot,
  type Repository,
  type Snapshot,
  snapshotFolder,
} from "./cache.ts";
import { digestFile, download, type RemoteFile } from "./download.ts";
import { HubRefusal, isCommit, isSafePath } from "./name.ts";
import { apiFetch, type Hub, type RetryPolicy } from "./request.ts";

/** Which files of a repository are needed. */
export interface Selection {
  /** Distinguishes it from other selections of the same repository; empty: the model. */
  key: string;
  /** Folder of the repository that holds the files; absent: the topmost. */
  folder?: string;
  /** Whether the files may lie in folders of that folder; absent: they do not. */
  recursive?: true;
  /**
   * Names of the files.
   * @param isAbsent whether the repository certainly has no file of that name; given if `source` may lack files that the
   * repository has
   * @throws {Error} if a file is missing
   */
  choose(source: FileSource, isAbsent?: (name: string) => Promise<boolean>): Promise<string[]>;
}

/** Files of a repository, and how many bytes of them this call has fetched. */
export interface FetchedSnapshot extends Snapshot {
  /** Bytes fetched; 0: all files were on this machine. */
  fetched: number;
}

/** Most files that a folder of a repository may list. */
const MOST_FILES = 100_000;
/** Milliseconds between two sentences about the progress of one file. */
const TELL_EVERY = 10_000;

/** @throws {Error} one sentence, if the hub's answers are of another form than the library reads */
async function answered<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error;
    throw new Error(`Cannot fetch ${name}: the hub must answer as its API says, ${shorten(error.message)}`);
  }
}

/**
 * The commit that a revision stands for.
 * @throws {HubError} if the hub does not answer, or has no such revision
 */
export async function resolveRevision(
  hub: Hub,
  { kind, name }: Repository,
  revision: string,
  retry: RetryPolicy,
): Promise<string> {
  const { modelInfo, datasetInfo } = await import("@huggingface/hub");
  const query = {
    name,
    revision,
    hubUrl: hub.endpoint,
    additionalFields: ["sha"] as ["sha"],
    fetch: apiFetch(hub, retry),
  };
  const { sha } = await answered(
    name,
    async () => kind === "model" ? await modelInfo(query) : await datasetInfo(query),
  );
  if (typeof sha === "string" && isCommit(sha)) return sha;
  throw new Error(`Cannot fetch ${name}: the hub must name the commit of ${revision}, it says ${shorten(String(sha))}`);
}

/** The commit to fetch, and how. */
export interface CommitSource {
  /** The repository. */
  repository: Repository;
  /** Its name in messages. */
  name: string;
  /** The commit. */
  commit: string;
  /** The hub. */
  hub: Hub;
  /** How requests are retried. */
  retry: RetryPolicy;
  /** Receives sentences about what happens. */
  say: (sentence: string) => void;
}

/** Path of a file in an address. */
function urlPath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

/** The entries of the folder that a selection is in. @throws {Error} if there are too many, or if they are no list of entries */
async function listEntries(
  { hub, repository: { kind, name }, commit, retry }: CommitSource,
  { folder, recursive }: Selection,
): Promise<ListFileEntry[]> {
  const { listFiles } = await import("@huggingface/hub");
  const listed = listFiles({
    repo: { type: kind, name },
    revision: commit,
    hubUrl: hub.endpoint,
    ...folder && { path: urlPath(folder) },
    recursive: recursive === true,
    fetch: apiFetch(hub, retry),
  });
  return await answered(name, async () => {
    const entries: ListFileEntry[] = [];
    for await (const entry of listed) {
      // Folders count, too: a list of them alone could go on for ever.
      if (entries.push({ ...entry }) <= MOST_FILES) continue;
      throw new Error(`Cannot fetch ${name}: it must have at most ${MOST_FILES} files, it has more`);
    }
    return entries;
  });
}

/** Every file of the folder that a selection is in, by its path. */
async function listRemote(source: CommitSource, selection: Selection): Promise<Map<string, RemoteFile>> {
  const { hub, repository: { kind, name }, commit } = source;
  const files = new Map<string, RemoteFile>();
  for (const { type, path, size, oid, lfs } of await listEntries(source, selection)) {
    if (type !== "file") continue;
    if (typeof path !== "string" || !isSafePath(path)) {
      throw new HubRefusal(
        `Cannot fetch ${name}: paths of its files must stay inside its folder, one is ` +
          showValue(path),
      );
    }
    const digest: RemoteFile["digest"] = lfs
      ? { algorithm: "sha256", hex: lfs.oid }
      : { algorithm: "git", hex: String(oid) };
    const bytes = lfs?.size ?? size;
    const isDigest = (lfs ? /^[0-9a-f]{64}$/ : /^[0-9a-f]{40}$/).test(digest.hex);
    if (!(isDigest && Number.isSafeInteger(bytes) && bytes >= 0)) {
      throw new Error(
        `Cannot fetch ${name}: the hub must list each file with size and checksum, not so ${shorten(path)}`,
      );
    }
    const base = `${hub.endpoint}/${kind === "dataset" ? "datasets/" : ""}${name}/resolve/${commit}`;
    files.set(path, { url: `${base}/${urlPath(path)}`, label: path, size: bytes, digest });
  }
  return files;
}

/** Says at times how much of a file there is. */
function tellProgress(path: string, size: number, say: (sentence: string) => void): (bytes: number) => void {
  let last = performance.now();
  return (bytes) => {
    if (performance.now() - last < TELL_EVERY) return;
    last = performance.now();
    say(`  ${path}: ${Math.floor(100 * bytes / size)} % of ${formatBytes(size)}`);
  };
}

/** The files of a commit while they are fetched. */
interface Fetching extends CommitSource {
  remote: ReadonlyMap<string, RemoteFile>;
  folder: string;
  /** Files that are in the folder. */
  files: Snapshot["files"];
  /** Bytes fetched so far. */
  fetched: number;
}

/** Puts a file into the folder; its content is fetched unless it is on this machine. */
async function fetchFile(fetching: Fetching, path: string): Promise<void> {
  const { repository, name, hub, retry, say, remote, folder, files } = fetching;
  if (Object.hasOwn(files, path)) return;
  const file = remote.get(path)!;
  const { size, digest } = file;
  if (digest.algorithm === "sha256" && await hasBlob({ size, sha256: digest.hex })) {
    files[path] = { size, sha256: digest.hex };
  } else {
    // An interrupted call may have left this file in the folder. A large one would be among the blobs, by its SHA-256.
    const placed = digest.algorithm === "git" ? await digestFile(join(folder, path)).catch(() => undefined) : undefined;
    if (placed?.git === digest.hex) {
      files[path] = { size, sha256: placed.sha256 };
      return;
    }
    say(`Fetching ${name}: ${path}, ${formatBytes(size)}`);
    const partial = await partialPath(repository, digest.hex);
    const done = await download(file, partial, { hub, retry, onBytes: tellProgress(path, size, say) });
    await keepBlob(partial, done.sha256);
    fetching.fetched += done.fetched;
    files[path] = { size, sha256: done.sha256 };
  }
  await placeBlob(folder, path, files[path].sha256);
}

/** Names of the files to fetch. Files that the selection has to read are fetched. */
async function chooseFiles(fetching: Fetching, selection: Selection): Promise<string[]> {
  const { name, remote, folder } = fetching;
  let failure: unknown;
  const source: FileSource = {
    label: name,
    names: () => Promise.resolve([...remote.keys()].sort()),
    has: (path) => Promise.resolve(remote.has(path)),
    async path(path) {
      await fetchFile(fetching, path).catch((error) => {
        throw failure = error;
      });
      return join(folder, path);
    },
  };
  const chosen = await selection.choose(source).catch((error) => {
    // A failed download may succeed later; any other error means that the repository has no such files.
    throw error === failure ? error : new HubRefusal(error.message);
  });
  const missing = chosen.find((path) => !remote.has(path));
  if (missing !== undefined) throw new HubRefusal(`Cannot use ${name}: it has no file ${missing}`);
  return chosen;
}

/**
 * Fetches the files of a commit that are not on this machine. The manifest is written last.
 * @throws {HubRefusal} if the repository lacks files of the selection
 * @throws {Error} if files cannot be fetched or written
 */
export async function fetchFiles(source: CommitSource, selection: Selection): Promise<FetchedSnapshot> {
  const { repository, name, commit, say } = source;
  using _lock = await lockRepository(repository, () => say(`Waiting for another process that fetches ${name}.`));
  const meanwhile = await readSnapshot(repository, commit, selection.key);
  if (meanwhile) return { ...meanwhile, fetched: 0 };
  const remote = await listRemote(source, selection);
  const folder = snapshotFolder(repository, commit);
  const fetching: Fetching = { ...source, remote, folder, files: {}, fetched: 0 };
  for (const path of await chooseFiles(fetching, selection)) await fetchFile(fetching, path);
  const snapshot: Snapshot = { commit, folder, files: fetching.files };
  await finishSnapshot(repository, selection.key, snapshot);
  return { ...snapshot, fetched: fetching.fetched };
}
