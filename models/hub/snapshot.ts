/**
 * Files of a repository on the hub: from this machine where they are there, else fetched.
 * @module
 */
import { join } from "node:path";
import { digestFile, download, type RemoteFile } from "./download.ts";
import type { FileSource } from "../file-source.ts";
import { readTheirRef, readTheirSnapshot } from "./hf-cache.ts";
import {
  discard,
  findDamaged,
  finishSnapshot,
  hasBlob,
  keepBlob,
  lockRepository,
  noteRef,
  partialPath,
  placeBlob,
  readRef,
  readSnapshot,
  type Repository,
  type Snapshot,
  snapshotFolder,
} from "./cache.ts";
import { HubRefusal, isCommit, isSafePath } from "./name.ts";
import { apiFetch, type Hub, HubError, PATIENCE, type Patience, readHub } from "./request.ts";

/** What is wanted of a repository's files. */
export interface Selection {
  /** Tells it from others of the same repository; empty: the model. */
  key: string;
  /** The folder of the repository that the files lie in; absent: the topmost. */
  folder?: string;
  /**
   * Names of the files.
   * @param isAbsent given where not all files of the repository are known: whether it is taken for certain that it has no
   * file of that name
   * @throws {Error} if one is missing
   */
  choose(source: FileSource, isAbsent?: (name: string) => Promise<boolean>): Promise<string[]>;
}

/** How files are fetched. */
export interface FetchOptions {
  /** Whether only what is on this machine may be used; by default what HF_HUB_OFFLINE says. */
  offline?: boolean;
  /** Whether files that are there are read and compared with their checksums first. */
  verify?: boolean;
  /** Told in sentences what happens; by default nobody is. */
  say?: (sentence: string) => void;
  /** How long servers are waited for. */
  patience?: Patience;
}

/** Files of a repository, and how many bytes of them were fetched now. */
export interface FetchedSnapshot extends Snapshot {
  /** 0: all were there. */
  fetched: number;
}

/** Whether the environment says that there is no hub. */
function isOffline(): boolean {
  return /^(1|true|yes|on)$/i.test(Deno.env.get("HF_HUB_OFFLINE") ?? "");
}

/** Bytes as people say them. */
export function inBytes(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB"];
  const power = Math.min(3, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return power === 0 ? `${bytes} bytes` : `${(bytes / 1000 ** power).toFixed(1)} ${units[power]}`;
}

/** A failed request in one sentence about what was asked for. */
function explain(error: unknown, name: string, revision: string): unknown {
  if (!(error instanceof HubError)) return error;
  const { status, code, message } = error;
  if (status === 401 || status === 403) {
    return new HubRefusal(
      `Cannot fetch ${name}: the hub wants to know who asks (${status}), HF_TOKEN must hold a token that may read it` +
        "; it says the same where there is no such repository",
    );
  }
  if (status === 404) {
    return new HubRefusal(
      code === "RevisionNotFound"
        ? `Cannot fetch ${name}: there is no revision ${revision}`
        : `Cannot fetch ${name}: there is no such repository, or no revision ${revision} of it`,
    );
  }
  if (status === 429) {
    const wait = error.wait === undefined ? "" : `, in ${Math.ceil(error.wait / 1000)} s`;
    return new Error(`Cannot fetch ${name}: the hub was asked too often (429), try again later${wait}`);
  }
  return new Error(`Cannot fetch ${name}: ${message}`);
}

/**
 * Files of a repository.
 *
 * A commit whose files are complete here, or in the cache of the hub's own programs, is used without a request. A branch
 * or tag is looked up; where no server can be reached, it stands for what it stood for when that was last done.
 * @throws {HubRefusal} if the hub has no such thing, does not give it, or if nothing of it can be used
 * @throws {Error} if it cannot be fetched or written
 */
export async function openSnapshot(
  repository: Repository,
  revision: string,
  selection: Selection,
  options: FetchOptions = {},
): Promise<FetchedSnapshot> {
  const { offline = isOffline(), say = () => {}, verify = false } = options;
  const name = `${repository.kind === "dataset" ? "datasets/" : ""}${repository.name}`;
  const asked = revision === "main" ? name : `${name}@${revision}`;
  const findHere = async (commit: string, strict: boolean): Promise<FetchedSnapshot | undefined> => {
    const own = await readSnapshot(repository, commit, selection.key);
    const damaged = own && verify ? await findDamaged(own) : [];
    if (own && damaged.length === 0) return { ...own, fetched: 0 };
    if (own) await discard(repository, selection.key, own, damaged);
    const found = await readTheirSnapshot(
      repository,
      commit,
      (source, isAbsent) => selection.choose(source, strict ? isAbsent : () => Promise.resolve(true)),
    );
    if (!found || verify && (await findDamaged(found)).length > 0) return undefined;
    return { ...found, fetched: 0 };
  };
  /** What was known when the hub was last asked. */
  const findOffline = async (): Promise<FetchedSnapshot | undefined> => {
    const commits = isCommit(revision)
      ? [revision]
      : [await readRef(repository, revision), await readTheirRef(repository, revision)];
    for (const commit of commits) {
      const found = commit !== undefined && isCommit(commit) && await findHere(commit, false);
      if (found) return found;
    }
  };
  try {
    if (offline) {
      const found = await findOffline();
      if (found) return found;
      throw new HubRefusal(
        `Cannot use ${name}: without the network, its files must be in the cache, nothing complete is there of ` +
          `${revision}; with a network, deno task fetch ${asked} fetches them`,
      );
    }
    if (isCommit(revision)) {
      const found = await findHere(revision, true);
      if (found) return found;
    }
    const hub = readHub();
    let commit: string;
    try {
      commit = await resolve(hub, repository, revision, options);
    } catch (error) {
      if (!(error instanceof HubError && (error.unreachable || error.passes && error.status !== 429))) throw error;
      const found = await findOffline();
      if (found) {
        say(`The hub cannot be asked, ${error.message}: ${name}@${found.commit} is used from the cache.`);
        return found;
      }
      throw new Error(
        `Cannot fetch ${name}: ${error.message}, and nothing complete of ${revision} is in the cache; ` +
          `with a network, deno task fetch ${asked} fetches it`,
      );
    }
    if (!isCommit(revision)) await noteRef(repository, revision, commit);
    const found = await findHere(commit, true);
    if (found) return found;
    return await fetchFiles(hub, repository, name, commit, selection, options);
  } catch (error) {
    if (error instanceof Error && "code" in error && typeof error.code === "string" && /^E[A-Z]+$/.test(error.code)) {
      throw new Error(`Cannot use the cache folder: ${error.message}`);
    }
    throw explain(error, name, revision);
  }
}

/** The commit that a revision stands for. */
async function resolve(
  hub: Hub,
  { kind, name }: Repository,
  revision: string,
  { patience = PATIENCE }: FetchOptions,
): Promise<string> {
  const { modelInfo, datasetInfo } = await import("@huggingface/hub");
  const asked = {
    name,
    revision,
    hubUrl: hub.endpoint,
    additionalFields: ["sha"] as ["sha"],
    fetch: apiFetch(hub, patience),
  };
  const { sha } = kind === "model" ? await modelInfo(asked) : await datasetInfo(asked);
  if (typeof sha === "string" && isCommit(sha)) return sha;
  throw new Error(`Cannot fetch ${name}: the hub must name the commit of ${revision}, it says ${sha}`);
}

/** Most files that a folder of a repository may list. */
const MOST_FILES = 100_000;

/** Every file of a repository's folder, by its path. */
async function list(
  hub: Hub,
  { kind, name }: Repository,
  commit: string,
  folder: string | undefined,
  patience: Patience,
): Promise<Map<string, RemoteFile>> {
  const { listFiles } = await import("@huggingface/hub");
  const files = new Map<string, RemoteFile>();
  const listed = listFiles({
    repo: { type: kind, name },
    revision: commit,
    hubUrl: hub.endpoint,
    ...folder && { path: folder.split("/").map(encodeURIComponent).join("/") },
    fetch: apiFetch(hub, patience),
  });
  for await (const { type, path, size, oid, lfs } of listed) {
    if (type !== "file") continue;
    if (typeof path !== "string" || !isSafePath(path)) {
      throw new HubRefusal(
        `Cannot fetch ${name}: paths of its files must stay inside its folder, one is ` +
          JSON.stringify(String(path).slice(0, 100)),
      );
    }
    const digest: RemoteFile["digest"] = lfs
      ? { algorithm: "sha256", hex: lfs.oid }
      : { algorithm: "git", hex: String(oid) };
    const bytes = lfs?.size ?? size;
    const isDigest = (lfs ? /^[0-9a-f]{64}$/ : /^[0-9a-f]{40}$/).test(digest.hex);
    if (!(isDigest && Number.isSafeInteger(bytes) && bytes >= 0) || files.size >= MOST_FILES) {
      throw new Error(`Cannot fetch ${name}: the hub must list each file with size and checksum, not so ${path}`);
    }
    const place = `${kind === "dataset" ? "datasets/" : ""}${name}/resolve/${commit}`;
    const url = `${hub.endpoint}/${place}/${path.split("/").map(encodeURIComponent).join("/")}`;
    files.set(path, { url, label: path, size: bytes, digest });
  }
  return files;
}

/** Fetches what is missing of a commit; the manifest comes last. */
async function fetchFiles(
  hub: Hub,
  repository: Repository,
  name: string,
  commit: string,
  selection: Selection,
  { patience = PATIENCE, say = () => {} }: FetchOptions,
): Promise<FetchedSnapshot> {
  using _lock = await lockRepository(repository, () => say(`Waiting for another process that fetches ${name}.`));
  const meanwhile = await readSnapshot(repository, commit, selection.key);
  if (meanwhile) return { ...meanwhile, fetched: 0 };
  const remote = await list(hub, repository, commit, selection.folder, patience);
  const folder = snapshotFolder(repository, commit);
  const files: Snapshot["files"] = {};
  let fetched = 0;
  const fetchFile = async (path: string): Promise<void> => {
    if (Object.hasOwn(files, path)) return;
    const file = remote.get(path)!;
    const { size, digest } = file;
    if (digest.algorithm === "sha256" && await hasBlob({ size, sha256: digest.hex })) {
      files[path] = { size, sha256: digest.hex };
    } else {
      // Whether a call before this one was ended after this file; of large ones the blob says it.
      const there = digest.algorithm === "git"
        ? await digestFile(join(folder, path)).catch(() => undefined)
        : undefined;
      if (there?.git === digest.hex) {
        files[path] = { size, sha256: there.sha256 };
        return;
      }
      say(`Fetching ${name}: ${path}, ${inBytes(size)}`);
      const partial = await partialPath(repository, digest.hex);
      const done = await download(file, partial, { hub, patience, onBytes: tellProgress(path, size, say) });
      await keepBlob(partial, done.sha256);
      fetched += done.fetched;
      files[path] = { size, sha256: done.sha256 };
    }
    await placeBlob(folder, path, files[path].sha256);
  };
  let failure: unknown;
  const source: FileSource = {
    label: name,
    names: () => Promise.resolve([...remote.keys()].sort()),
    has: (path) => Promise.resolve(remote.has(path)),
    async path(path) {
      await fetchFile(path).catch((error) => {
        throw failure = error;
      });
      return join(folder, path);
    },
  };
  const chosen = await selection.choose(source).catch((error) => {
    // What cannot be chosen is no model; what cannot be fetched may be.
    throw error === failure ? error : new HubRefusal(error.message);
  });
  const missing = chosen.find((path) => !remote.has(path));
  if (missing !== undefined) throw new HubRefusal(`Cannot use ${name}: it has no file ${missing}`);
  for (const path of chosen) await fetchFile(path);
  const snapshot: Snapshot = { commit, folder, files };
  await finishSnapshot(repository, selection.key, snapshot);
  return { ...snapshot, fetched };
}

/** Milliseconds between two sentences on one file. */
const TELL_EVERY = 10_000;

/** Says now and then how far a file is. */
function tellProgress(path: string, size: number, say: (sentence: string) => void): (bytes: number) => void {
  let told = performance.now();
  return (bytes) => {
    if (performance.now() - told < TELL_EVERY) return;
    told = performance.now();
    say(`  ${path}: ${Math.floor(100 * bytes / size)} % of ${inBytes(size)}`);
  };
}
