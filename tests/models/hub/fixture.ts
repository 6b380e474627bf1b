/**
 * A hub with one model, and the caches it is fetched into.
 * @module
 */
import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { Random } from "../../../base/random.ts";
import type { FetchedSnapshot } from "../../../models/hub/fetch-files.ts";
import { openModelFiles } from "../../../models/hub/model.ts";
import { DEFAULT_RETRY, type RetryPolicy } from "../../../models/hub/request.ts";
import type { FetchOptions } from "../../../models/hub/snapshot.ts";
import { commitOf, type HubFiles, type LocalHub, sha256, startHub } from "./server.ts";

/** A file of that text, or of that value as JSON. */
export const text = (value: string | object): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
/** The commit that the branch main of the model stands for. */
export const COMMIT: string = commitOf("first");
/** The model of the hub. */
export const NAME = "org/tiny";
const random = new Random(1, "hub");
/** Random bytes. */
export const noise = (length: number): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length }, () => Math.floor(256 * random.uniform()));
/** Files of the model; their contents are placeholders. */
export const files: HubFiles = {
  "config.json": text("{}"),
  "tokenizer.json": text("{ }"),
  "tokenizer_config.json": text("{  }"),
  "README.md": text("---\nlicense: mit\n---\n"),
  "pytorch_model.bin": text("not this one"),
  "model.safetensors": noise(300_000),
};
/** The files that are fetched of it. */
export const wanted: HubFiles = Object.fromEntries(
  Object.entries(files).filter(([name]) => name !== "pytorch_model.bin"),
);

/** A policy of short pauses. */
export const hasty: RetryPolicy = { ...DEFAULT_RETRY, pause: 5, longestPause: 200 };
/** One that also soon finds that a connection has stalled, but not on a machine that is busy. */
export const impatient: RetryPolicy = { ...hasty, stall: 1000, stallBytes: 1000 };
/** Opens the files of a model. */
export function open(name: string = NAME, options: FetchOptions = {}): Promise<FetchedSnapshot> {
  return openModelFiles(name, { retry: hasty, ...options });
}

const VARIABLES = ["HF_ENDPOINT", "HF_TOKEN", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "TUNEBENCH_CACHE"];

/**
 * Runs `work` with a hub that has one model.
 * @param work gets the hub, and the paths of the program's cache and of the cache of Hugging Face's programs, both empty
 */
export async function withHub(work: (hub: LocalHub, cache: string, hfCache: string) => Promise<void>): Promise<void> {
  const before = VARIABLES.map((name) => [name, Deno.env.get(name)] as const);
  const folder = await Deno.makeTempDir({ prefix: "tunebench-hub-" });
  try {
    await using hub = startHub();
    hub.repositories[`models/${NAME}`] = { refs: { main: COMMIT }, commits: { [COMMIT]: files } };
    const [cache, hfCache] = [`${folder}/cache`, `${folder}/hf-cache`];
    Deno.env.set("HF_ENDPOINT", hub.endpoint);
    Deno.env.set("HF_HUB_CACHE", hfCache);
    Deno.env.set("TUNEBENCH_CACHE", cache);
    Deno.env.delete("HF_TOKEN");
    Deno.env.delete("HF_HUB_OFFLINE");
    await work(hub, cache, hfCache);
  } finally {
    for (const [name, value] of before) value === undefined ? Deno.env.delete(name) : Deno.env.set(name, value);
    await Deno.remove(folder, { recursive: true });
  }
}

/** The content of every file under a folder, by its path in it. */
export async function readAll(folder: string): Promise<Record<string, Uint8Array>> {
  const contents: Record<string, Uint8Array> = {};
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const inner = isDirectory ? await readAll(`${folder}/${name}`) : { "": await Deno.readFile(`${folder}/${name}`) };
    for (const [path, bytes] of Object.entries(inner)) contents[join(name, path).replace(/\/$/, "")] = bytes;
  }
  return contents;
}

/** Asserts that every blob and every file of a snapshot in a cache has the right content. */
export async function assertNothingWrong(cache: string): Promise<void> {
  const known = new Set(Object.values(files).map(sha256));
  for (const [path, bytes] of Object.entries(await readAll(`${cache}/hub`).catch(() => ({})))) {
    if (path.startsWith("blobs/")) assert.equal(sha256(bytes), basename(path));
    if (path.includes("/snapshots/")) {
      assert.equal(sha256(bytes), sha256(files[path.split(`${COMMIT}/`)[1]]), path);
    }
    if (/^blobs\/|\/snapshots\//.test(path)) assert(known.has(sha256(bytes)), path);
  }
}

/** Asserts that a folder holds the files of the model that are fetched. */
export async function assertComplete(folder: string): Promise<void> {
  assert.deepEqual(await readAll(folder), wanted);
}
