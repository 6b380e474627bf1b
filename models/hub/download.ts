/**
 * One file from the hub: resumed where an earlier download ended, checked as a whole.
 * @module
 */
import { createHash } from "node:crypto";
import { type Hub, HubError, type Patience, readBody, request, retrying } from "./request.ts";

/** What is known of a file before it is there. */
export interface RemoteFile {
  /** Where it is. */
  url: string;
  /** As messages call it. */
  label: string;
  /** Bytes. */
  size: number;
  /** What it must be: the SHA-256 of large files, git's SHA-1 of all others. */
  digest: { algorithm: "sha256" | "git"; hex: string };
}

/** Checksums of bytes that come one after the other. */
export class Digest {
  readonly #sha256 = createHash("sha256");
  readonly #git = createHash("sha1");
  /** Bytes so far. */
  length = 0;

  /**
   * Of no bytes yet.
   * @param size bytes of the whole file: git puts them in front
   */
  constructor(size: number) {
    this.#git.update(`blob ${size}\0`);
  }

  /** Takes further bytes. */
  update(bytes: Uint8Array): void {
    this.#sha256.update(bytes);
    this.#git.update(bytes);
    this.length += bytes.length;
  }

  /** The checksums, once. */
  end(): Record<RemoteFile["digest"]["algorithm"], string> {
    return { sha256: this.#sha256.digest("hex"), git: this.#git.digest("hex") };
  }
}

/** Reads a file's bytes from where it stands to its end. */
async function digestRest(file: Deno.FsFile, digest: Digest): Promise<void> {
  const chunk = new Uint8Array(1 << 20);
  for (let count = await file.read(chunk); count !== null; count = await file.read(chunk)) {
    digest.update(chunk.subarray(0, count));
  }
}

/** Checksums of a file on disk. */
export async function digestFile(path: string): Promise<{ size: number; sha256: string; git: string }> {
  using file = await Deno.open(path);
  const digest = new Digest((await file.stat()).size);
  await digestRest(file, digest);
  return { size: digest.length, ...digest.end() };
}

/** How a file is fetched. */
export interface DownloadOptions {
  /** Where from. */
  hub: Hub;
  /** How long servers are waited for. */
  patience: Patience;
  /** Told how many bytes are there. */
  onBytes?: (bytes: number) => void;
}

/**
 * Fetches a file to a path. What lies there already is taken for its beginning; a call that is ended at any moment leaves
 * such a beginning. Nobody else may write to that path meanwhile.
 * @returns its SHA-256, and how many bytes were fetched
 * @throws {HubError} if the server fails, in the end
 * @throws {Error} if the content is not what it must be (then nothing is left), or if it cannot be written
 */
export async function download(
  remote: RemoteFile,
  path: string,
  { hub, patience, onBytes = () => {} }: DownloadOptions,
): Promise<{ sha256: string; fetched: number }> {
  const { url, label, size, digest: { algorithm, hex } } = remote;
  using file = await Deno.open(path, { read: true, write: true, create: true });
  let digest = new Digest(size);
  let fetched = 0;
  const restart = async () => {
    await file.truncate(0);
    await file.seek(0, Deno.SeekMode.Start);
    digest = new Digest(size);
  };
  const fetchRest = async () => {
    const from = digest.length;
    const headers = from > 0 ? { range: `bytes=${from}-` } : undefined;
    const response = await request(hub, url, headers ?? {}, patience);
    const ranged = response.headers.get("content-range")?.startsWith(`bytes ${from}-`) ?? false;
    if (from > 0 && !(response.status === 206 && ranged)) await restart();
    // Of a range that nobody asked for, nothing is of use.
    if (response.status === 206 && !ranged) {
      await response.body?.cancel();
      throw new HubError(`${label}: the server sends another part than asked for`, { received: 0 });
    }
    for await (const bytes of readBody(response, patience)) {
      if (digest.length + bytes.length > size) {
        throw new Error(`Cannot fetch ${label}: it must have ${size} bytes, the server sends more`);
      }
      for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
      digest.update(bytes);
      fetched += bytes.length;
      onBytes(digest.length);
    }
    if (digest.length < size) {
      throw new HubError(`${label} ends after ${digest.length} of ${size} bytes`, { received: digest.length - from });
    }
  };

  await digestRest(file, digest);
  if (digest.length > size) await restart();
  while (true) {
    // A wrong beginning, as of a file that was written on by something else, is no reason to fail.
    const resumed = digest.length > 0;
    // The hub has just answered: a network that is gone may come back.
    if (digest.length < size) await retrying({ ...patience, connections: patience.attempts }, fetchRest);
    const { length } = digest;
    const found = digest.end();
    if (length === size && found[algorithm] === hex) {
      await file.syncData();
      return { sha256: found.sha256, fetched };
    }
    await restart();
    if (resumed) continue;
    await Deno.remove(path);
    const name = algorithm === "git" ? "its git SHA-1" : "its SHA-256";
    throw new Error(`Cannot fetch ${label}: ${name} must be ${hex}, current value is ${found[algorithm]}`);
  }
}
