/**
 * Downloads one file from the hub. A download that was interrupted is resumed; the whole file is checked.
 * @module
 */
import { createHash } from "node:crypto";
import { openFile } from "../../base/files.ts";
import { type Hub, HubError, readBody, request, retrying, type RetryPolicy } from "./request.ts";

/** A file on the hub. */
export interface RemoteFile {
  /** Address. */
  url: string;
  /** Its name in messages. */
  label: string;
  /** Size in bytes. */
  size: number;
  /** Its checksum: SHA-256 for large files, git's SHA-1 for others. */
  digest: { algorithm: "sha256" | "git"; hex: string };
}

/** Computes the checksums of a file piece by piece. */
export class Digest {
  readonly #sha256 = createHash("sha256");
  readonly #git = createHash("sha1");
  /** Number of bytes so far. */
  length = 0;

  /**
   * Starts with no bytes.
   * @param size size of the whole file, which git's checksum begins with
   */
  constructor(size: number) {
    this.#git.update(`blob ${size}\0`);
  }

  /** Adds the next bytes. */
  update(bytes: Uint8Array): void {
    this.#sha256.update(bytes);
    this.#git.update(bytes);
    this.length += bytes.length;
  }

  /** The checksums in hexadecimal; may be called once. */
  end(): Record<RemoteFile["digest"]["algorithm"], string> {
    return { sha256: this.#sha256.digest("hex"), git: this.#git.digest("hex") };
  }
}

/** Adds a file's bytes from its current position to its end. */
async function digestRest(file: Deno.FsFile, digest: Digest): Promise<void> {
  const chunk = new Uint8Array(1 << 20);
  for (let count = await file.read(chunk); count !== null; count = await file.read(chunk)) {
    digest.update(chunk.subarray(0, count));
  }
}

/** Checksums of a file on disk. */
export async function digestFile(path: string): Promise<{ size: number; sha256: string; git: string }> {
  const { file: opened, size } = await openFile(path);
  using file = opened;
  const digest = new Digest(size);
  await digestRest(file, digest);
  return { size: digest.length, ...digest.end() };
}

/** How a file is fetched. */
export interface DownloadOptions {
  /** The hub. */
  hub: Hub;
  /** How requests are retried. */
  retry: RetryPolicy;
  /** Called with the number of bytes that are there. */
  onBytes?: (bytes: number) => void;
}

/** A file on disk while it is downloaded: the bytes that are there, and their checksums. */
class PartialFile {
  /** Checksums of the bytes on disk. */
  digest: Digest;
  /** Bytes downloaded by this process. */
  fetched = 0;

  constructor(readonly file: Deno.FsFile, readonly remote: RemoteFile) {
    this.digest = new Digest(remote.size);
  }

  /** Reads the bytes that an earlier download left. */
  async resume(): Promise<void> {
    await digestRest(this.file, this.digest);
    if (this.digest.length > this.remote.size) await this.restart();
  }

  /** Discards all bytes. */
  async restart(): Promise<void> {
    await this.file.truncate(0);
    await this.file.seek(0, Deno.SeekMode.Start);
    this.digest = new Digest(this.remote.size);
  }

  /** Appends the next bytes. */
  async append(bytes: Uint8Array): Promise<void> {
    const { label, size } = this.remote;
    if (this.digest.length + bytes.length > size) {
      throw new Error(`Cannot fetch ${label}: it must have ${size} bytes, the server sends more`);
    }
    for (let at = 0; at < bytes.length;) at += await this.file.write(bytes.subarray(at));
    this.digest.update(bytes);
    this.fetched += bytes.length;
  }
}

/** Makes one request for the bytes that are missing. */
async function fetchRest(partial: PartialFile, { hub, retry, onBytes = () => {} }: DownloadOptions): Promise<void> {
  const { url, label, size } = partial.remote;
  const from = partial.digest.length;
  const response = await request(hub, url, from > 0 ? { range: `bytes=${from}-` } : {}, retry);
  const isRest = response.headers.get("content-range")?.startsWith(`bytes ${from}-`) ?? false;
  if (from > 0 && !(response.status === 206 && isRest)) await partial.restart();
  // Bytes of another range belong elsewhere in the file.
  if (response.status === 206 && !isRest) {
    await response.body?.cancel();
    throw new HubError(`${label}: the server sends another part than asked for`, { received: 0 });
  }
  for await (const bytes of readBody(response, retry)) {
    await partial.append(bytes);
    onBytes(partial.digest.length);
  }
  const { length } = partial.digest;
  if (length < size) throw new HubError(`${label} ends after ${length} of ${size} bytes`, { received: length - from });
}

/**
 * Downloads a file to a path. Bytes that are there already are taken as its beginning, and a call that is interrupted leaves
 * such a beginning. No other process may write to the path at the same time.
 * @returns its SHA-256, and how many bytes were downloaded
 * @throws {HubError} if the last attempt of a request fails
 * @throws {Error} if the content has another checksum (then no file is left), or if the file cannot be written
 */
export async function download(
  remote: RemoteFile,
  path: string,
  options: DownloadOptions,
): Promise<{ sha256: string; fetched: number }> {
  const { label, size, digest: { algorithm, hex } } = remote;
  // The hub has answered before: a server that cannot be reached now may be reached again.
  const policy: RetryPolicy = { ...options.retry, connections: options.retry.attempts };
  using file = await Deno.open(path, { read: true, write: true, create: true });
  const partial = new PartialFile(file, remote);
  await partial.resume();
  while (true) {
    const resumed = partial.digest.length > 0;
    if (partial.digest.length < size) await retrying(policy, () => fetchRest(partial, options));
    const { length } = partial.digest;
    const digests = partial.digest.end();
    if (length === size && digests[algorithm] === hex) {
      return { sha256: digests.sha256, fetched: partial.fetched };
    }
    await partial.restart();
    // The beginning may have been wrong: the whole file is downloaded once more.
    if (resumed) continue;
    await Deno.remove(path);
    const name = algorithm === "git" ? "its git SHA-1" : "its SHA-256";
    throw new Error(`Cannot fetch ${label}: ${name} must be ${hex}, current value is ${digests[algorithm]}`);
  }
}
