/**
 * The weights of a model folder: safetensors, in one file or in shards. Files of float32 are mapped where they are; others
 * are converted once.
 * @module
 */
import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { shorten, showValue } from "../../base/errors.ts";
import { readObject } from "../../base/files.ts";
import { FLOAT_TYPES, readFloats } from "../../engine/floats.ts";
import { readHeader, type StoredEntry, writeInPieces } from "../../engine/safetensors.ts";
import type { StoredTensor } from "../../engine/types.ts";
import { derivedFile } from "../cache.ts";
import { filesIn, type FileSource } from "../file-source.ts";

const SINGLE = "model.safetensors";
const INDEX = "model.safetensors.index.json";
/** Bytes of the longest index that is read. */
const LONGEST_INDEX = 1 << 24;
/** Most names in a message. */
const LISTED = 5;

/** The first names, and how many more there are. */
function list(names: readonly string[]): string {
  const first = names.slice(0, LISTED).map((name) => shorten(name, 80)).join(", ");
  return names.length > LISTED ? `${first} and ${names.length - LISTED} more` : first;
}

/**
 * Names of the files that hold a model's weights, the index of shards first if there is one.
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
        `Cannot read ${path}: shards must be safetensors files of the same folder, one is ${showValue(file)}`,
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
  // The cache of Hugging Face's programs holds links to files elsewhere, which the runtime would not follow.
  const read = async (name: string) => await readHeader(await Deno.realPath(`${folder}/${name}`));
  if (first === SINGLE) return await read(SINGLE);
  const index = await readIndex(source);
  const headers = Object.fromEntries(await Promise.all(shards.map(async (name) => [name, await read(name)] as const)));
  return Object.fromEntries(
    Object.entries(index).map(([tensor, shard]) => {
      const entry = Object.hasOwn(headers[shard], tensor) ? headers[shard][tensor] : undefined;
      if (entry) return [tensor, entry];
      throw new Error(`Cannot use ${folder}: the shard ${shard} must hold ${shorten(tensor)}, as the index says`);
    }),
  );
}

/** The names that a weight may have in files: with or without the model's prefix, and with older names of normalisations. */
function namesOf(name: string, prefix: string): string[] {
  const plain = name.startsWith(prefix) ? [name, name.slice(prefix.length)] : [name];
  const older = (name: string) =>
    name.replace(/LayerNorm\.weight$/, "LayerNorm.gamma").replace(/LayerNorm\.bias$/, "LayerNorm.beta");
  return [...plain, ...plain.map(older)];
}

/**
 * Tensors in files that no backbone uses: buffers of older versions, the pooler of models that classify without it, T5's
 * copies of the word embeddings and the position biases of its cross-attention.
 */
const UNUSED = new RegExp(
  "(^|\\.)(position_ids|masked_bias|attn\\.bias|rotary_emb\\.inv_freq|pooler\\.dense\\.(weight|bias)|" +
    "(encoder|decoder)\\.embed_tokens\\.weight|EncDecAttention\\.relative_attention_bias\\.weight)$",
);

/** The weights that a model needs. */
export interface WeightsWanted {
  /** The backbone's weights: name → shape. */
  shapes: Record<string, readonly number[]>;
  /** Those of them that may be absent, if all of these are; left out: none. */
  mayLack?: readonly string[];
  /** Weights that may be absent: name → shape. */
  optional: Record<string, readonly number[]>;
  /** Prefix of the names, which files may omit. */
  prefix: string;
  /** Weights that are left out where they equal the weight named: name → name. */
  tied?: Record<string, string>;
}

/**
 * Finds each weight by the name that it has in the files.
 * @param source folder or file, for messages
 * @param entries the tensors of the files by their names there
 * @throws {Error} if a weight is missing, unexpected or of another shape than needed
 */
export function matchWeights<T extends Pick<StoredEntry, "shape">>(
  source: string,
  entries: Record<string, T>,
  { shapes, mayLack = [], optional, prefix }: WeightsWanted,
): Record<string, T> {
  const matched: Record<string, T> = {};
  const missing: string[] = [];
  const used = new Set<string>();
  for (const [name, shape] of Object.entries({ ...shapes, ...optional })) {
    const stored = namesOf(name, prefix).find((candidate) => Object.hasOwn(entries, candidate));
    if (stored === undefined) {
      if (Object.hasOwn(shapes, name)) missing.push(name);
      continue;
    }
    used.add(stored);
    matched[name] = entries[stored];
    if (String(entries[stored].shape) !== String(shape)) {
      throw new Error(
        `Cannot use ${source}: ${stored} must be [${shape}], as its config says, ` +
          `current value is [${entries[stored].shape}]`,
      );
    }
  }
  if (missing.length > 0 && String(missing) !== String(mayLack)) {
    throw new Error(`Cannot use ${source}: it lacks the weights ${list(missing)}`);
  }
  // If the file's names have the prefix, names without it belong to a head, which is not part of the backbone.
  const prefixed = [...used].some((name) => prefix !== "" && name.startsWith(prefix));
  const unexpected = Object.keys(entries).filter((name) =>
    !used.has(name) && (!prefixed || name.startsWith(prefix)) && !UNUSED.test(name)
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
        `Cannot use ${folder}: weights must be ${FLOAT_TYPES.join(", ")}, ${shorten(name)} is ${dtype}`,
      );
    }
  }
}

/** SHA-256 over a tensor's shape and its values as float32. */
async function hashValues(name: string, entry: StoredEntry): Promise<string> {
  const hash = createHash("sha256").update(`${entry.shape}\n`);
  for await (const { buffer, byteOffset, byteLength } of readFloats(name, entry)) {
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest("hex");
}

/**
 * The weights without those that repeat the weight they are tied to.
 * @param entries all tensors of the folder
 * @throws {Error} if a tied tensor that is no weight of its own has other values
 */
async function withoutCopies(
  folder: string,
  entries: Record<string, StoredEntry>,
  matched: Record<string, StoredEntry>,
  tied: Record<string, string>,
): Promise<Record<string, StoredEntry>> {
  const kept = { ...matched };
  for (const [name, original] of Object.entries(tied)) {
    if (!Object.hasOwn(entries, name)) continue;
    requireFloats(folder, { [name]: entries[name] });
    if (await hashValues(name, entries[name]) === await hashValues(original, matched[original])) delete kept[name];
    else if (!Object.hasOwn(matched, name)) {
      throw new Error(`Cannot use ${folder}: ${name} must be equal to ${original}, to which it is tied, it is another`);
    }
  }
  return kept;
}

/** The tensors of a folder. */
export interface FoundWeights {
  /** All of them, by the names that they have in the files. */
  found: Record<string, StoredEntry>;
  /** Those that the model needs, by the names that it gives them. */
  matched: Record<string, StoredEntry>;
}

/**
 * Finds the weights that a model needs by the headers of the folder's files alone.
 * @throws {Error} if a file is cut short, or if a weight is missing, unexpected, or of another shape or type than needed
 */
export async function findWeights(folder: string, wanted: WeightsWanted): Promise<FoundWeights> {
  const found = await readEntries(folder);
  const matched = matchWeights(folder, found, wanted);
  requireFloats(folder, matched);
  return { found, matched };
}

/**
 * Where each weight lies as float32: in the folder itself if all weights of it are float32 and aligned, else in a file of
 * the cache folder that they are converted into.
 * @param source SHA-256 that identifies the folder's content
 * @throws {Error} if a weight is missing, unexpected, of another shape or type than needed, or has a value that is not finite
 */
export async function openWeights(
  folder: string,
  source: string,
  wanted: WeightsWanted,
): Promise<Record<string, StoredTensor>> {
  const { found, matched } = await findWeights(folder, wanted);
  const entries = await withoutCopies(folder, found, matched, wanted.tied ?? {});
  const all = Object.values(entries);
  const inPlace = all.every(({ dtype, offset }) => dtype === "F32" && offset % 4 === 0) &&
    new Set(all.map(({ path }) => dirname(path))).size === 1;
  if (!inPlace) {
    const shapes = Object.fromEntries(Object.entries(entries).map(([name, { shape }]) => [name, shape]));
    const path = await derivedFile(
      "weights",
      createHash("sha256").update(`${source}\n${Object.keys(shapes).join("\n")}`).digest("hex"),
      "safetensors",
      (path) => writeInPieces(path, shapes, (name) => readFloats(name, entries[name])),
    );
    return withoutType(await readHeader(path));
  }
  // Reads all values, which throws if one is not finite.
  for (const [name, entry] of Object.entries(entries)) {
    for await (const _ of readFloats(name, entry));
  }
  return withoutType(entries);
}

function withoutType(entries: Record<string, StoredEntry>): Record<string, StoredTensor> {
  return Object.fromEntries(
    Object.entries(entries).map(([name, { path, offset, shape }]) => [name, { path, offset, shape }]),
  );
}
