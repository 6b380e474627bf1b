/**
 * The weights of a model folder: safetensors, in one file or in shards, mapped in place where they are float32, else
 * converted once.
 * @module
 */
import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { FLOAT_TYPES, floats } from "../../engine/floats.ts";
import { readHeader, type StoredEntry, writeInPieces } from "../../engine/safetensors.ts";
import type { StoredTensor } from "../../engine/types.ts";
import { derivedFile } from "../cache.ts";
import { readObject } from "../../base/files.ts";
import { filesIn, type FileSource } from "../file-source.ts";

const SINGLE = "model.safetensors";
const INDEX = "model.safetensors.index.json";
/** Bytes of the longest index that is read. */
const LONGEST_INDEX = 1 << 24;
/** Names listed in a message. */
const LISTED = 5;

/** Some names, and how many more. */
function list(names: readonly string[]): string {
  const first = names.slice(0, LISTED).map((name) => (name.length > 80 ? `${name.slice(0, 80)}…` : name)).join(", ");
  return names.length > LISTED ? `${first} and ${names.length - LISTED} more` : first;
}

/**
 * Files that hold a model's weights, the index first where there is one.
 * @throws {Error} if there are none, if a shard is missing, or if the index names a file outside the folder
 */
export async function weightFiles(source: FileSource): Promise<string[]> {
  if (await source.has(SINGLE)) return [SINGLE];
  if (await source.has(INDEX)) return [INDEX, ...new Set(Object.values(await readIndex(source)))];
  const pickle = await source.has("pytorch_model.bin") || await source.has("pytorch_model.bin.index.json");
  throw new Error(
    pickle
      ? `Cannot use ${source.label}: weights must be in safetensors, pytorch_model.bin is a pickle, which may run any ` +
        "program; transformers converts it: from_pretrained(folder).save_pretrained(folder)"
      : `Cannot use ${source.label}: there must be a file ${SINGLE} or ${INDEX}`,
  );
}

/** Tensor name → shard. */
async function readIndex(source: FileSource): Promise<Record<string, string>> {
  const path = await source.path(INDEX);
  const { weight_map: map } = await readObject(path, LONGEST_INDEX);
  const files = map !== null && typeof map === "object" ? Object.values(map) : [];
  if (files.length === 0) throw new Error(`Cannot read ${path}: its weight_map must name the shard of each tensor`);
  for (const file of new Set(files)) {
    if (typeof file !== "string" || !/^[\w.-]+\.safetensors$/.test(file)) {
      throw new Error(
        `Cannot read ${path}: shards must be safetensors files of the same folder, one is ${
          list([String(JSON.stringify(file))])
        }`,
      );
    }
    if (!await source.has(file)) throw new Error(`Cannot use ${source.label}: the shard ${file} is missing`);
  }
  return map as Record<string, string>;
}

/** Every tensor of the folder by the name it has there. */
async function readEntries(folder: string): Promise<Record<string, StoredEntry>> {
  const source = filesIn(folder);
  const [first, ...shards] = await weightFiles(source);
  // The runtime does not follow links out of a folder, as in the cache of the hub's own programs.
  const read = async (name: string) => await readHeader(await Deno.realPath(`${folder}/${name}`));
  if (first === SINGLE) return await read(SINGLE);
  const index = await readIndex(source);
  const headers = Object.fromEntries(await Promise.all(shards.map(async (name) => [name, await read(name)] as const)));
  return Object.fromEntries(
    Object.entries(index).map(([tensor, shard]) => {
      const entry = Object.hasOwn(headers[shard], tensor) ? headers[shard][tensor] : undefined;
      if (entry) return [tensor, entry];
      throw new Error(`Cannot use ${folder}: the shard ${shard} must hold ${list([tensor])}, as the index says`);
    }),
  );
}

/** Names that files have for a weight: with or without the model's prefix, and the names of old for normalisations. */
function namesOf(name: string, prefix: string): string[] {
  const plain = name.startsWith(prefix) ? [name, name.slice(prefix.length)] : [name];
  const old = (of: string) =>
    of.replace(/LayerNorm\.weight$/, "LayerNorm.gamma").replace(/LayerNorm\.bias$/, "LayerNorm.beta");
  return [...plain, ...plain.map(old)];
}

/**
 * What files hold and nothing here reads: buffers of old, the pooler of models that classify without it, T5's copies of
 * the word embeddings and its biases of attention across the stacks.
 */
const UNREAD = new RegExp(
  "(^|\\.)(position_ids|masked_bias|attn\\.bias|rotary_emb\\.inv_freq|pooler\\.dense\\.(weight|bias)|" +
    "(encoder|decoder)\\.embed_tokens\\.weight|EncDecAttention\\.relative_attention_bias\\.weight)$",
);

/** What a model asks of its weights. */
export interface WeightsWanted {
  /** Name → shape. */
  shapes: Record<string, readonly number[]>;
  /** The same of those that may be absent. */
  optional: Record<string, readonly number[]>;
  /** What may be absent before the names. */
  prefix: string;
}

/**
 * Finds each weight under the name it has in the files.
 * @param source folder or file, for messages
 * @throws {Error} if weights are missing, unexpected or of another shape than wanted
 */
export function matchWeights<T extends Pick<StoredEntry, "shape">>(
  source: string,
  found: Record<string, T>,
  { shapes, optional, prefix }: WeightsWanted,
): Record<string, T> {
  const matched: Record<string, T> = {};
  const missing: string[] = [];
  const used = new Set<string>();
  for (const [name, shape] of Object.entries({ ...shapes, ...optional })) {
    const own = namesOf(name, prefix).find((candidate) => Object.hasOwn(found, candidate));
    if (own === undefined) {
      if (Object.hasOwn(shapes, name)) missing.push(name);
      continue;
    }
    used.add(own);
    matched[name] = found[own];
    if (String(found[own].shape) !== String(shape)) {
      throw new Error(
        `Cannot use ${source}: ${own} must be [${shape}], as its config says, current value is [${found[own].shape}]`,
      );
    }
  }
  if (missing.length > 0) throw new Error(`Cannot use ${source}: it lacks the weights ${list(missing)}`);
  // In a file with the prefix, the names without it are those of a head.
  const prefixed = [...used].some((name) => prefix !== "" && name.startsWith(prefix));
  const unexpected = Object.keys(found).filter((name) =>
    !used.has(name) && (!prefixed || name.startsWith(prefix)) && !UNREAD.test(name)
  );
  if (unexpected.length > 0) {
    throw new Error(`Cannot use ${source}: its config has no place for the weights ${list(unexpected)}`);
  }
  return matched;
}

function requireFloats(folder: string, entries: Record<string, StoredEntry>): void {
  for (const [name, { dtype }] of Object.entries(entries)) {
    if (!FLOAT_TYPES.includes(dtype)) {
      throw new Error(
        `Cannot use ${folder}: weights must be ${FLOAT_TYPES.join(", ")}, ${name} is ${dtype}`,
      );
    }
  }
}

/**
 * Where each weight lies as float32: in the folder itself if all lie there so, else in a file of the cache folder that
 * is made of them.
 * @param source SHA-256 that identifies the folder's content
 * @throws {Error} if weights are missing, unexpected, of another shape or type than wanted, or no finite numbers
 */
export async function openWeights(
  folder: string,
  source: string,
  wanted: WeightsWanted,
): Promise<Record<string, StoredTensor>> {
  const entries = matchWeights(folder, await readEntries(folder), wanted);
  requireFloats(folder, entries);
  const all = Object.values(entries);
  const inPlace = all.every(({ dtype, offset }) => dtype === "F32" && offset % 4 === 0) &&
    new Set(all.map(({ path }) => dirname(path))).size === 1;
  if (!inPlace) {
    const shapes = Object.fromEntries(Object.entries(entries).map(([name, { shape }]) => [name, shape]));
    const path = await derivedFile(
      "weights",
      createHash("sha256").update(`${source}\n${Object.keys(shapes).join("\n")}`).digest("hex"),
      "safetensors",
      (path) => writeInPieces(path, shapes, (name) => floats(name, entries[name])),
    );
    return pick(await readHeader(path));
  }
  for (const [name, entry] of Object.entries(entries)) {
    for await (const _ of floats(name, entry));
  }
  return pick(entries);
}

function pick(entries: Record<string, StoredEntry>): Record<string, StoredTensor> {
  return Object.fromEntries(
    Object.entries(entries).map(([name, { path, offset, shape }]) => [name, { path, offset, shape }]),
  );
}
