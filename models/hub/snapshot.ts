/**
 * Files of a repository on the hub: those on this machine if they are complete, else fetched.
 * @module
 */
import { discard, findDamaged, readRef, readSnapshot, type Repository, writeRef } from "./cache.ts";
import { type FetchedSnapshot, fetchFiles, resolveRevision, type Selection } from "./fetch-files.ts";
import { readHfRef, readHfSnapshot } from "./hf-cache.ts";
import { HubRefusal, isCommit } from "./name.ts";
import { DEFAULT_RETRY, HubError, readHub, type RetryPolicy } from "./request.ts";

/** How files are fetched. */
export interface FetchOptions {
  /** Use only files that are on this machine; default: what HF_HUB_OFFLINE says. */
  offline?: boolean;
  /** Compare files on this machine with their checksums first; default: false. */
  verify?: boolean;
  /** Receives sentences about what happens; default: nobody is told. */
  say?: (sentence: string) => void;
  /** How failed requests are retried, and when a slow one has failed. */
  retry?: RetryPolicy;
}

/** A call of `openSnapshot`. */
interface Call {
  repository: Repository;
  revision: string;
  selection: Selection;
  /** The repository in messages: "org/name" or "datasets/org/name". */
  name: string;
  /** Name and revision as users write them. */
  fullName: string;
  verify: boolean;
  say: (sentence: string) => void;
  retry: RetryPolicy;
}

/** Whether the environment forbids asking the hub. */
function isOffline(): boolean {
  return /^(1|true|yes|on)$/i.test(Deno.env.get("HF_HUB_OFFLINE") ?? "");
}

/** A failed request as one sentence about the repository. */
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
    const wait = error.retryAfter === undefined ? "" : `, in ${Math.ceil(error.retryAfter / 1000)} s`;
    return new Error(`Cannot fetch ${name}: the hub was asked too often (429), try again later${wait}`);
  }
  return new Error(`Cannot fetch ${name}: ${message}`);
}

/**
 * The files of a commit, if all are on this machine: in the program's cache or in that of Hugging Face's programs. Damaged
 * files of the program's cache are removed.
 * @param strict a file that may exist in the repository counts as missing even if it is optional
 */
async function findCommit(
  { repository, selection, verify }: Call,
  commit: string,
  strict: boolean,
): Promise<FetchedSnapshot | undefined> {
  const cached = await readSnapshot(repository, commit, selection.key);
  const damaged = cached && verify ? await findDamaged(cached) : [];
  if (cached && damaged.length === 0) return { ...cached, fetched: 0 };
  if (cached) await discard(repository, selection.key, cached, damaged);
  const shared = await readHfSnapshot(
    repository,
    commit,
    (source, isAbsent) => selection.choose(source, strict ? isAbsent : () => Promise.resolve(true)),
  );
  if (!shared || verify && (await findDamaged(shared)).length > 0) return undefined;
  return { ...shared, fetched: 0 };
}

/** The files of the commit that the revision stood for when the hub was last asked, if all are on this machine. */
async function findLastKnown(call: Call): Promise<FetchedSnapshot | undefined> {
  const { repository, revision } = call;
  const commits = isCommit(revision)
    ? [revision]
    : [await readRef(repository, revision), await readHfRef(repository, revision)];
  for (const commit of commits) {
    const snapshot = commit !== undefined && isCommit(commit) && await findCommit(call, commit, false);
    if (snapshot) return snapshot;
  }
}

async function openOffline(call: Call): Promise<FetchedSnapshot> {
  const snapshot = await findLastKnown(call);
  if (snapshot) return snapshot;
  throw new HubRefusal(
    `Cannot use ${call.name}: without the network, its files must be in the cache, nothing complete is there of ` +
      `${call.revision}; with a network, deno task fetch ${call.fullName} fetches them`,
  );
}

/** The files of the last known commit, after the hub could not be asked. */
async function openUnreachable(call: Call, error: HubError): Promise<FetchedSnapshot> {
  const { name, revision, fullName, say } = call;
  const snapshot = await findLastKnown(call);
  if (!snapshot) {
    throw new Error(
      `Cannot fetch ${name}: ${error.message}, and nothing complete of ${revision} is in the cache; ` +
        `with a network, deno task fetch ${fullName} fetches it`,
    );
  }
  say(`The hub cannot be asked, ${error.message}: ${name}@${snapshot.commit} is used from the cache.`);
  return snapshot;
}

async function openOnline(call: Call): Promise<FetchedSnapshot> {
  const { repository, revision, selection } = call;
  if (isCommit(revision)) {
    const snapshot = await findCommit(call, revision, true);
    if (snapshot) return snapshot;
  }
  const hub = readHub();
  let commit: string;
  try {
    commit = await resolveRevision(hub, repository, revision, call.retry);
  } catch (error) {
    if (error instanceof HubError && (error.unreachable || error.temporary && error.status !== 429)) {
      return await openUnreachable(call, error);
    }
    throw error;
  }
  if (!isCommit(revision)) await writeRef(repository, revision, commit);
  return await findCommit(call, commit, true) ?? await fetchFiles({ ...call, hub, commit }, selection);
}

/**
 * Files of a repository.
 *
 * A commit whose files are all on this machine, in the program's cache or in that of Hugging Face's programs, is used
 * without a request. For a branch or a tag the hub is asked; if no server can be reached, the commit that it last stood for
 * is used.
 * @throws {HubRefusal} if the hub has no such repository or revision, does not grant access to it, or if it lacks files
 * @throws {Error} if files cannot be fetched or written
 */
export async function openSnapshot(
  repository: Repository,
  revision: string,
  selection: Selection,
  options: FetchOptions = {},
): Promise<FetchedSnapshot> {
  const { offline = isOffline(), say = () => {}, verify = false, retry = DEFAULT_RETRY } = options;
  const name = `${repository.kind === "dataset" ? "datasets/" : ""}${repository.name}`;
  const fullName = revision === "main" ? name : `${name}@${revision}`;
  const call: Call = { repository, revision, selection, name, fullName, verify, say, retry };
  try {
    return offline ? await openOffline(call) : await openOnline(call);
  } catch (error) {
    if (error instanceof Error && "code" in error && typeof error.code === "string" && /^E[A-Z]+$/.test(error.code)) {
      throw new Error(`Cannot use the cache folder: ${error.message}`);
    }
    throw explain(error, name, revision);
  }
}
